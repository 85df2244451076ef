#include "sandbox/runs/time_zone.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace enos::sandbox {
namespace {

constexpr int kMostHours = 14;

bool ReadNumber(absl::string_view digits, int most, int& number) {
  return !digits.empty() && digits.size() <= 2 &&
         digits.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(digits, &number) && number <= most;
}

// In seconds; of "" as of "+8" or "-3:30".
std::optional<int> ReadOffset(absl::string_view text) {
  if (text.empty()) return 0;
  const int sign = text[0] == '-' ? -1 : 1;
  if (text[0] != '-' && text[0] != '+') return std::nullopt;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text.substr(1), absl::MaxSplits(':', 1));
  int hours = 0;
  int minutes = 0;
  if (!ReadNumber(parts.first, kMostHours, hours)) return std::nullopt;
  const bool whole = text.find(':') == absl::string_view::npos;
  if (!whole && !ReadNumber(parts.second, 59, minutes)) return std::nullopt;
  return sign * (hours * 60 + minutes) * 60;
}

}  // namespace

absl::StatusOr<NamedZone> ParseZone(std::string_view text) {
  NamedZone zone;
  zone.name = std::string(text);
  absl::string_view rest = zone.name;
  if (absl::ConsumePrefix(&rest, "GMT") || absl::ConsumePrefix(&rest, "UTC")) {
    if (const std::optional<int> offset = ReadOffset(rest)) {
      zone.zone = absl::FixedTimeZone(*offset);
      return zone;
    }
  } else if (absl::LoadTimeZone(zone.name, &zone.zone)) {
    return zone;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", zone.name, "\" is no time zone such as GMT+8, GMT-3:30 or Asia/Shanghai"));
}

}  // namespace enos::sandbox
