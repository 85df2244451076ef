#include "server/http/retry_after.h"

#include <algorithm>
#include <cstdint>

#include "server/base/text.h"
#include "server/http/http_date.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kMaxSeconds = 24 * 60 * 60;

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Any number of digits.
int64_t BoundedSeconds(std::string_view digits) {
  int64_t seconds = 0;
  for (const char c : digits) seconds = std::min(10 * seconds + (c - '0'), kMaxSeconds);
  return seconds;
}

}  // namespace

std::optional<milliseconds> ParseRetryAfter(std::string_view value,
                                            std::chrono::system_clock::time_point now) {
  value = Trimmed(value);  // RFC 9110, section 5.5: white space around it is not part of it
  if (IsNumber(value)) return milliseconds(1000 * BoundedSeconds(value));

  const std::optional<int64_t> at = ParseHttpDate(value);
  if (!at.has_value()) return std::nullopt;
  // Rounded up so that the wait does not end before the date.
  const int64_t now_ms = std::chrono::floor<milliseconds>(now).time_since_epoch().count();
  return milliseconds(std::clamp<int64_t>(1000 * *at - now_ms, 0, 1000 * kMaxSeconds));
}

}  // namespace enos::gateway
