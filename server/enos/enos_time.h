#ifndef ENOS_SERVER_ENOS_ENOS_TIME_H_
#define ENOS_SERVER_ENOS_ENOS_TIME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace enos::gateway {

// The zone that EnOS names (time?action=getTimeZone): "GMT+8", "UTC", "GMT-03:30", "+08:00", "Z",
// or a name of the time zone database, where this machine has it; offsets up to 18 hours. nullopt
// for anything else. Thread-safe.
std::optional<absl::TimeZone> ParseEnosZone(std::string_view text);

// A time as EnOS writes it, "yyyy-MM-dd HH:mm:ss", in that zone; nullopt for anything else. An hour
// that a change of clocks leaves out or has twice is one of the two.
std::optional<absl::Time> ParseEnosTime(std::string_view text, const absl::TimeZone& zone);

// The id that a run of this flow would have, as far as the documents of EnOS show: every run in
// them has the flow's id and the trigger time in UTC, cut to the minute. A guess.
std::string LikelyInstanceId(int32_t flow_id, int64_t trigger_time_ms);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_ENOS_TIME_H_
