#include "server/enos/mend_json.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include "server/base/utf8.h"

namespace enos::gateway {
namespace {

constexpr size_t kUnicodeEscape = 6;  // \u12ab

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool StartsNumber(char c) { return c == '-' || IsDigit(c); }

bool IsPartOfNumber(char c) {
  return IsDigit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

bool Skip(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool SkipDigits(std::string_view& text) {
  const auto* const end = std::find_if_not(text.begin(), text.end(), IsDigit);
  const auto digits = static_cast<size_t>(end - text.begin());
  text.remove_prefix(digits);
  return digits > 0;
}

// RFC 8259, section 6.
bool IsNumber(std::string_view text) {
  Skip(text, "-");
  if (!Skip(text, "0") && !SkipDigits(text)) return false;
  if (Skip(text, ".") && !SkipDigits(text)) return false;
  if (Skip(text, "eE")) {
    Skip(text, "+-");
    if (!SkipDigits(text)) return false;
  }
  return text.empty();
}

// Asks the one who has to read it later.
bool IsNumberTooBig(std::string_view text) {
  if (!IsNumber(text)) return false;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::BaseReaderHandler<> ignored;
  rapidjson::Reader reader;
  return reader.Parse<rapidjson::kParseIterativeFlag>(bytes, ignored).IsError();
}

// The number of the \u escape that the text starts with.
std::optional<uint32_t> UnicodeEscapeOf(std::string_view text) {
  if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  uint32_t value = 0;
  const char* const end = text.data() + kUnicodeEscape;
  const auto [stop, error] = std::from_chars(text.data() + 2, end, value, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool IsHighSurrogate(uint32_t value) { return value >= 0xD800 && value <= 0xDBFF; }
bool IsLowSurrogate(uint32_t value) { return value >= 0xDC00 && value <= 0xDFFF; }

class Mender {
 public:
  explicit Mender(std::string_view json) : rest_(json) { out_.reserve(json.size()); }

  std::string Run() {
    while (!rest_.empty()) {
      if (rest_.front() == '"') {
        MendString();
      } else if (StartsNumber(rest_.front())) {
        MendNumber();
      } else {
        Keep(1);
      }
    }
    return std::move(out_);
  }

 private:
  void Keep(size_t size) { Replace(size, rest_.substr(0, size)); }

  void Replace(size_t size, std::string_view by) {
    out_.append(by);
    rest_.remove_prefix(size);
  }

  void MendNumber() {
    const auto* const end = std::find_if_not(rest_.begin(), rest_.end(), IsPartOfNumber);
    const auto size = static_cast<size_t>(end - rest_.begin());
    if (IsNumberTooBig(rest_.substr(0, size))) return Replace(size, "null");
    Keep(size);
  }

  void MendString() {
    Keep(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') {
        MendEscape();
      } else if (static_cast<unsigned char>(rest_.front()) < 0x20) {
        Replace(1, "\x7F");
      } else {
        Keep(1);
      }
    }
    if (!rest_.empty()) Keep(1);
  }

  void MendEscape() {
    constexpr std::string_view kShortEscapes = "\"\\/bfnrt";
    const std::optional<uint32_t> value = UnicodeEscapeOf(rest_);
    if (value.has_value()) return MendUnicodeEscape(*value);
    if (rest_.size() < 2) return Keep(1);  // cut here: stays broken
    if (kShortEscapes.find(rest_[1]) != std::string_view::npos) return Keep(2);
    Replace(1, kReplacementCharacter);
  }

  void MendUnicodeEscape(uint32_t value) {
    if (!IsHighSurrogate(value)) return Keep(kUnicodeEscape);
    const std::optional<uint32_t> next = UnicodeEscapeOf(rest_.substr(kUnicodeEscape));
    if (next.has_value() && IsLowSurrogate(*next)) return Keep(2 * kUnicodeEscape);
    Replace(kUnicodeEscape, kReplacementCharacter);
  }

  std::string_view rest_;
  std::string out_;
};

}  // namespace

std::string MendJson(std::string_view json) { return Mender(json).Run(); }

}  // namespace enos::gateway
