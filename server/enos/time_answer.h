#ifndef ENOS_SERVER_ENOS_TIME_ANSWER_H_
#define ENOS_SERVER_ENOS_TIME_ANSWER_H_

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "server/base/scheduler.h"
#include "server/base/secret_mask.h"
#include "server/contract/error_table.h"

namespace enos::gateway {

// Read answers to time?action=getTimeZone and time?action=getCurrentTime: nothing where EnOS gave
// the zone or the time. `body` may be anything. Thread-safe.
std::optional<Refusal> ReadZoneAnswer(int http_status, std::string_view body,
                                      const SecretMask& secrets,
                                      std::optional<absl::TimeZone>* zone);
std::optional<Refusal> ReadCurrentTimeAnswer(int http_status, std::string_view body,
                                             const SecretMask& secrets,
                                             std::optional<WallTime>* time);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_TIME_ANSWER_H_
