#include "server/enos/enos_time.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "server/base/text.h"

namespace enos::gateway {
namespace {

constexpr int kMostHours = 18;  // as in Java's ZoneOffset
constexpr size_t kMaxZoneBytes = 64;

// "8", "08", "0800", "8:00" or "08:00", in seconds.
std::optional<int> ParseOffset(std::string_view text) {
  std::string digits;
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    if (colon == 0 || text.size() - colon != 3) return std::nullopt;
    digits = Concat(text.substr(0, colon), text.substr(colon + 1));
  } else {
    digits = text;
    if (digits.size() <= 2) digits += "00";
  }
  if (digits.size() < 3 || digits.size() > 4) return std::nullopt;
  int number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || rest != end || number < 0) return std::nullopt;
  const int hours = number / 100;
  const int minutes = number % 100;
  if (minutes >= 60 || hours * 60 + minutes > kMostHours * 60) return std::nullopt;
  return (hours * 60 + minutes) * 60;
}

// Of the file system only what is below the time zone database.
bool IsZoneName(std::string_view text) {
  return !text.empty() && text.front() != '/' && !Contains(text, "..") && text != "localtime" &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (LowerLetter(c) >= 'a' && LowerLetter(c) <= 'z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '/' || c == '+' || c == '-';
         });
}

}  // namespace

std::optional<absl::TimeZone> ParseEnosZone(std::string_view text) {
  if (text.size() > kMaxZoneBytes) return std::nullopt;
  std::string_view offset = text;
  for (const std::string_view name : {"GMT", "UTC", "UT", "Z"}) {
    if (!StartsWith(text, name)) continue;
    offset.remove_prefix(name.size());
    if (offset.empty()) return absl::UTCTimeZone();
    break;
  }
  if (!offset.empty() && (offset.front() == '+' || offset.front() == '-')) {
    const auto seconds = ParseOffset(offset.substr(1));
    if (!seconds) return std::nullopt;
    return absl::FixedTimeZone(offset.front() == '+' ? *seconds : -*seconds);
  }
  absl::TimeZone zone;
  if (!IsZoneName(text) || !absl::LoadTimeZone(absl::string_view(text.data(), text.size()), &zone))
    return std::nullopt;
  return zone;
}

std::optional<absl::Time> ParseEnosTime(std::string_view text, const absl::TimeZone& zone) {
  constexpr char kForm[] = "%Y-%m-%d %H:%M:%S";
  // First without a zone, to see that it is written so and that the day exists.
  const absl::TimeZone utc = absl::UTCTimeZone();
  absl::Time time;
  if (!absl::ParseTime(kForm, absl::string_view(text.data(), text.size()), &time, nullptr) ||
      absl::FormatTime(kForm, time, utc) != absl::string_view(text.data(), text.size()))
    return std::nullopt;
  time = absl::FromCivil(absl::ToCivilSecond(time, utc), zone);
  // The years 1 to 9999, which is all that a google.protobuf.Timestamp has.
  const int64_t seconds = absl::ToUnixSeconds(time);
  if (seconds < -62'135'596'800 || seconds > 253'402'300'799) return std::nullopt;
  return time;
}

std::string LikelyInstanceId(int32_t flow_id, int64_t trigger_time_ms) {
  return std::to_string(flow_id) + "-" +
         absl::FormatTime("%Y%m%d%H%M00", absl::FromUnixMillis(trigger_time_ms),
                          absl::UTCTimeZone());
}

}  // namespace enos::gateway
