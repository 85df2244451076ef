#include "text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace enos::flow::cli {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";  // U+FFFD
constexpr size_t kExcerptBytes = 80;

struct Character {
  uint32_t code_point = 0;
  size_t bytes = 0;  // 0: the text does not start with well-formed UTF-8
};

// The first character of `text`, which is not empty.
Character FirstCharacter(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  uint32_t code_point = lead & (0x7FU >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code_point = (code_point << 6U) | (byte(i) & 0x3FU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallest[bytes] || code_point > 0x10FFFF || surrogate) return {};
  return {code_point, bytes};
}

bool IsHarmful(uint32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
  const bool separator = c == 0x2028 || c == 0x2029;
  const bool direction = c == 0x061C || c == 0x200E || c == 0x200F ||
                         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return control || separator || direction;
}

template <typename Keep>
std::string Filter(absl::string_view text, Keep keep) {
  std::string filtered;
  filtered.reserve(text.size());
  while (!text.empty()) {
    const Character first = FirstCharacter(text);
    if (first.bytes == 0) {
      filtered += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    if (keep(first.code_point)) {
      filtered.append(text.data(), first.bytes);
    } else {
      filtered += kReplacement;
    }
    text.remove_prefix(first.bytes);
  }
  return filtered;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t bytes = FirstCharacter(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string ToUtf8(absl::string_view text) {
  return Filter(text, [](uint32_t) { return true; });
}

std::string ForTerminal(absl::string_view text) {
  return Filter(text, [](uint32_t c) { return !IsHarmful(c); });
}

std::string Excerpt(absl::string_view text) {
  std::string clean = ForTerminal(text);
  if (clean.size() <= kExcerptBytes) return clean;
  size_t end = kExcerptBytes;
  while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0U) == 0x80) --end;
  return clean.substr(0, end) + "...";
}

std::string ForShell(const std::string& text) {
  const std::string shown = ForTerminal(text);
  const bool plain = !shown.empty() && std::all_of(shown.begin(), shown.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("_@%+=:,./-", absl::string_view(&c, 1));
  });
  return plain ? shown : absl::StrCat("'", absl::StrReplaceAll(shown, {{"'", "'\\''"}}), "'");
}

}  // namespace enos::flow::cli
