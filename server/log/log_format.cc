#include "server/log/log_format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace enos::gateway {
namespace {

// One character of the input: its code point and its length; one byte if it is not valid UTF-8.
struct Character {
  uint32_t code;
  size_t length;
  bool valid;
};

constexpr Character Invalid(unsigned char byte) { return {byte, 1, false}; }

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
Character NextCharacter(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  if (first < 0xc2 || first > 0xf4) return Invalid(first);
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length) return Invalid(first);
  uint32_t code = first & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return Invalid(first);
    code = (code << 6) | (byte(i) & 0x3fu);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kSmallest[length] || code > 0x10ffff || surrogate) return Invalid(first);
  return {code, length, true};
}

// Control characters, line and paragraph separators, and characters that change the direction of
// text or are invisible: a person who reads the log must see what is there.
bool IsInvisible(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0xad || code == 0x61c ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0xfffe || code == 0xffff;
}

void AppendEscaped(const Character& c, std::string* line) {
  char text[16];
  if (!c.valid) {
    std::snprintf(text, sizeof(text), "\\x%02x", static_cast<unsigned>(c.code));
  } else if (c.code == '\n' || c.code == '\r' || c.code == '\t') {
    std::snprintf(text, sizeof(text), "\\%c", c.code == '\n' ? 'n' : c.code == '\r' ? 'r' : 't');
  } else if (c.code == '"' || c.code == '\\') {
    std::snprintf(text, sizeof(text), "\\%c", static_cast<char>(c.code));
  } else {
    std::snprintf(text, sizeof(text), "\\u{%x}", static_cast<unsigned>(c.code));
  }
  line->append(text);
}

// Everything that needs an escape lies below U+10000, so one \u escape is enough.
void AppendJsonEscaped(const Character& c, std::string* line) {
  char text[16];
  if (!c.valid) {
    std::snprintf(text, sizeof(text), "\\\\x%02x", static_cast<unsigned>(c.code));
  } else if (c.code == '"' || c.code == '\\') {
    std::snprintf(text, sizeof(text), "\\%c", static_cast<char>(c.code));
  } else {
    std::snprintf(text, sizeof(text), "\\u%04x", static_cast<unsigned>(c.code));
  }
  line->append(text);
}

bool NeedsEscape(const Character& c) {
  return !c.valid || c.code == '"' || c.code == '\\' || IsInvisible(c.code);
}

// The leading characters that never need escaping: in practice nearly all.
size_t HarmlessLength(std::string_view text) {
  static constexpr std::array<bool, 256> kHarmless = [] {
    std::array<bool, 256> harmless{};
    for (size_t c = '!'; c <= '~'; ++c) harmless[c] = c != '"' && c != '\\' && c != '=';
    return harmless;
  }();
  size_t length = 0;
  while (length < text.size() && kHarmless[static_cast<unsigned char>(text[length])]) ++length;
  return length;
}

bool IsPlain(std::string_view value) {
  if (value.empty() || value.size() > kMaxLogValueBytes) return false;
  for (size_t at = HarmlessLength(value); at < value.size();) {
    const Character c = NextCharacter(value.substr(at));
    if (NeedsEscape(c) || c.code == ' ' || c.code == '=') return false;
    at += c.length;
  }
  return true;
}

template <typename MustEscape, typename Escape>
void AppendText(std::string_view text, const MustEscape& must_escape, const Escape& escape,
                std::string* line) {
  for (size_t at = 0; at < text.size();) {
    const size_t harmless = std::min(HarmlessLength(text.substr(at)), kMaxLogValueBytes - at);
    line->append(text.substr(at, harmless));
    at += harmless;
    if (at == text.size()) return;
    const Character c = NextCharacter(text.substr(at));
    if (at + c.length > kMaxLogValueBytes) {
      line->append("...");
      return;
    }
    if (must_escape(c)) {
      escape(c, line);
    } else {
      line->append(text.substr(at, c.length));
    }
    at += c.length;
  }
}

}  // namespace

void AppendLogValue(std::string_view value, std::string* line) {
  if (IsPlain(value)) {
    line->append(value);
    return;
  }
  line->push_back('"');
  AppendText(value, NeedsEscape, AppendEscaped, line);
  line->push_back('"');
}

void AppendLogJson(std::string_view value, std::string* line) {
  line->push_back('"');
  AppendText(value, NeedsEscape, AppendJsonEscaped, line);
  line->push_back('"');
}

void AppendLogEvent(std::string_view event, std::string* line) {
  AppendText(
      event, [](const Character& c) { return NeedsEscape(c) || c.code == '='; }, AppendEscaped,
      line);
}

void AppendLogKey(std::string_view key, std::string* line) {
  for (const char c : key) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool fits = letter || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    line->push_back(fits ? c : '_');
  }
}

}  // namespace enos::gateway
