#include "server/config/values.h"

#include <absl/time/time.h>

#include <algorithm>
#include <charconv>

#include "server/base/text.h"

namespace enos::gateway {
std::optional<std::chrono::milliseconds> ParseDurationBetween(std::string_view text,
                                                              std::chrono::milliseconds least,
                                                              std::chrono::milliseconds most) {
  absl::Duration duration;
  if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &duration))
    return std::nullopt;
  if (duration < absl::FromChrono(least) || duration > absl::FromChrono(most)) return std::nullopt;
  const auto milliseconds = absl::ToChronoMilliseconds(duration);
  if (absl::FromChrono(milliseconds) != duration) return std::nullopt;
  return milliseconds;
}

std::optional<int64_t> ParseIntegerBetween(std::string_view text, int64_t least, int64_t most) {
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < least || number > most) return std::nullopt;
  return number;
}

std::optional<bool> ParseSwitch(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::string_view WithoutLineBreak(std::string_view text) {
  for (const char end : {'\n', '\r'}) {
    if (!text.empty() && text.back() == end) text.remove_suffix(1);
  }
  return text;
}

bool IsKeyText(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool IsStoreText(std::string_view text) {
  constexpr std::string_view kFile = "sqlite:/";
  const bool file = StartsWith(text, kFile) && text.size() > kFile.size() && text.back() != '/';
  return IsKeyText(text) && (file || StartsWith(text, "postgresql://"));
}

}  // namespace enos::gateway
