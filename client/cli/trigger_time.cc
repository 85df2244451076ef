#include "trigger_time.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace enos::flow::cli {
namespace {

// 9999-12-31T23:59:59.999Z, the last time that a protobuf Timestamp can hold.
constexpr int64_t kLastMillis = 253'402'300'799'999;
constexpr int64_t kFirstLikelySeconds = 1'000'000'000;  // September 2001
constexpr int64_t kLastLikelySeconds = 9'999'999'999;   // the year 2286

absl::Status Expected() {
  return absl::InvalidArgumentError(
      "expected now, now+60s, now-1h30m, an RFC 3339 time such as 2026-07-01T08:00:00Z, or Unix "
      "milliseconds");
}

bool AllOf(absl::string_view text, bool (*predicate)(unsigned char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return predicate(static_cast<unsigned char>(c));
  });
}

// absl::ParseTime also accepts surrounding spaces and words such as "infinite-future".
bool LooksLikeRfc3339(absl::string_view text) {
  return text.size() >= sizeof("2026-07-01T08:00:00Z") - 1 &&
         AllOf(text.substr(0, 4), absl::ascii_isdigit) && text[4] == '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
                  absl::string_view("TtZz:+-.").find(c) != absl::string_view::npos;
         });
}

absl::StatusOr<absl::Time> ParseMillis(absl::string_view text) {
  int64_t millis = 0;
  if (!absl::SimpleAtoi(text, &millis) || millis > kLastMillis) {
    return absl::InvalidArgumentError("expected Unix milliseconds of a year up to 9999");
  }
  if (millis >= kFirstLikelySeconds && millis <= kLastLikelySeconds) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this looks like seconds; expected Unix milliseconds, for example ", millis, "000"));
  }
  return absl::FromUnixMillis(millis);
}

absl::StatusOr<absl::Time> ParseRelative(absl::string_view offset, absl::Time now) {
  const bool back = offset[0] == '-';
  offset.remove_prefix(1);
  // A second sign, spaces and "inf" are not accepted.
  if (offset.empty() ||
      (!absl::ascii_isdigit(static_cast<unsigned char>(offset[0])) && offset[0] != '.')) {
    return Expected();
  }
  absl::Duration duration;
  if (!absl::ParseDuration(offset, &duration)) {
    return absl::InvalidArgumentError(
        "expected a duration with a unit after the sign, for example now+60s or now-1h30m");
  }
  return back ? now - duration : now + duration;
}

absl::StatusOr<absl::Time> Parse(absl::string_view text, absl::Time now) {
  if (text == "now") return now;
  if (AllOf(text, absl::ascii_isdigit)) return ParseMillis(text);
  absl::string_view offset = text;
  if (absl::ConsumePrefix(&offset, "now") && (offset[0] == '+' || offset[0] == '-')) {
    return ParseRelative(offset, now);
  }
  absl::Time time;
  std::string problem;
  if (!LooksLikeRfc3339(text) || !absl::ParseTime(absl::RFC3339_full, text, &time, &problem)) {
    return Expected();
  }
  return time;
}

}  // namespace

absl::StatusOr<absl::Time> ParseTriggerTime(absl::string_view text, absl::Time now) {
  absl::StatusOr<absl::Time> time = Parse(text, now);
  if (time.ok() && (*time < absl::UnixEpoch() || *time >= absl::FromUnixMillis(kLastMillis + 1))) {
    return absl::InvalidArgumentError("expected a time from 1970 to the year 9999");
  }
  return time;
}

}  // namespace enos::flow::cli
