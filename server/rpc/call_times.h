#ifndef ENOS_SERVER_RPC_CALL_TIMES_H_
#define ENOS_SERVER_RPC_CALL_TIMES_H_

#include <grpc/support/time.h>

#include <optional>

#include "server/base/scheduler.h"

namespace enos::gateway {

// What an RPC's deadline leaves, read once on arrival; nullopt for "none", which arrives as
// infinite. Capped at about 100 years.
std::optional<Duration> TimeLeft(gpr_timespec deadline);

struct CallTimes {
  SteadyTime answer_by;  // the caller must have its answer
  SteadyTime end_by;     // the call ends in any case
};

// The gateway's own limits for a call: the deadline less a margin (5 %, at least 20, at most 200
// ms), so that the answer arrives before the caller's library gives up, and at most
// upstream_timeout. nullopt: nothing is left after the margin.
std::optional<CallTimes> TimesOfCall(SteadyTime now, std::optional<Duration> time_left,
                                     Duration upstream_timeout);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_CALL_TIMES_H_
