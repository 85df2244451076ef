#include "server/enos/mended_json.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace enos::gateway {
namespace {

constexpr std::string_view kReplacement = "\\uFFFD";
constexpr size_t kUnicodeEscape = 6;  // \uXXXX

// The code unit of a \uXXXX escape at the start of the text.
std::optional<uint16_t> CodeUnit(std::string_view text) {
  if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  uint16_t unit = 0;
  const char* const end = text.data() + kUnicodeEscape;
  const auto [stop, error] = std::from_chars(text.data() + 2, end, unit, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return unit;
}

bool IsHigh(uint16_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLow(uint16_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

class Mender {
 public:
  explicit Mender(std::string_view json) : rest_(json) { out_.reserve(json.size() + 16); }

  std::string Mend() {
    while (!rest_.empty()) {
      const char next = rest_.front();
      if (next == '"') {
        Take(1);
        String();
      } else if (next == '-' || (next >= '0' && next <= '9')) {
        Number();
      } else {
        Take(1);
      }
    }
    return std::move(out_);
  }

 private:
  void Take(size_t size) {
    out_.append(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  void Replace(size_t size, std::string_view by) {
    out_.append(by);
    rest_.remove_prefix(size);
  }

  // Up to and with the closing quote, or the end of the text.
  void String() {
    while (!rest_.empty()) {
      const auto next = static_cast<unsigned char>(rest_.front());
      if (next == '\\') {
        Escape();
      } else if (next < 0x20) {
        Replace(1, " ");
      } else {
        Take(1);
        if (next == '"') return;
      }
    }
  }

  void Escape() {
    if (rest_.size() < 2) return Take(rest_.size());
    if (rest_[1] == 'u') return UnicodeEscape();
    constexpr std::string_view kKnown = "\"\\/bfnrt";
    if (kKnown.find(rest_[1]) != std::string_view::npos) return Take(2);
    Replace(1, "\\\\");
  }

  void UnicodeEscape() {
    const auto unit = CodeUnit(rest_);
    if (!unit) return Replace(1, "\\\\");
    if (IsLow(*unit)) return Replace(kUnicodeEscape, kReplacement);
    if (!IsHigh(*unit)) return Take(kUnicodeEscape);
    const auto low = CodeUnit(rest_.substr(kUnicodeEscape));
    if (low && IsLow(*low)) return Take(2 * kUnicodeEscape);
    Replace(kUnicodeEscape, kReplacement);
  }

  void Number() {
    const size_t size = std::min(rest_.find_first_not_of("+-.0123456789Ee"), rest_.size());
    double value = 0;
    const char* const end = rest_.data() + size;
    const auto [stop, error] = std::from_chars(rest_.data(), end, value);
    const bool too_large = error == std::errc::result_out_of_range && stop == end;
    too_large ? Replace(size, "null") : Take(size);
  }

  std::string_view rest_;
  std::string out_;
};

}  // namespace

std::string MendedJson(std::string_view json) { return Mender(json).Mend(); }

}  // namespace enos::gateway
