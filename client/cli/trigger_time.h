#ifndef ENOS_FLOW_CLI_TRIGGER_TIME_H_
#define ENOS_FLOW_CLI_TRIGGER_TIME_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace enos::flow::cli {

// Reads a trigger time, in one of these forms:
//   now                       the given `now`
//   now+60s, now-1h30m        `now` moved by a duration (units: h, m, s, ms, us, ns)
//   2026-07-01T08:00:00Z      RFC 3339, with a zone (Z or +08:00) and a fraction if need be
//   1574385824000             Unix time in milliseconds
// The result lies in the years 1970 to 9999. Ten digits that make sense as seconds and hardly as
// milliseconds (1574385824 would be 19 January 1970) are refused: they are a mistake, and an
// expensive one. Never throws, whatever the bytes; an error's message says what is expected.
absl::StatusOr<absl::Time> ParseTriggerTime(absl::string_view text, absl::Time now);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_TRIGGER_TIME_H_
