// The time zone that EnOS names.
#ifndef ENOS_SANDBOX_RUNS_TIME_ZONE_H_
#define ENOS_SANDBOX_RUNS_TIME_ZONE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace enos::sandbox {

struct NamedZone {
  std::string name = "GMT+8";  // as getTimeZone tells it
  absl::TimeZone zone = absl::FixedTimeZone(8 * 3600);
};

// "GMT" or "UTC", with an offset such as "+8", "-3:30" or "+08:00" behind it, or the name of a
// region that this machine knows.
absl::StatusOr<NamedZone> ParseZone(std::string_view text);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_RUNS_TIME_ZONE_H_
