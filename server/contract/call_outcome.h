#ifndef ENOS_SERVER_CONTRACT_CALL_OUTCOME_H_
#define ENOS_SERVER_CONTRACT_CALL_OUTCOME_H_

#include <cstddef>

#include "absl/status/status.h"
#include "server/base/rpc_method.h"
#include "server/base/scheduler.h"
#include "server/contract/call_error.h"

namespace enos::gateway {

// What an RPC came to, for metrics and logs.
struct CallOutcome {
  RpcMethod method = RpcMethod::kUpdateAndTriggerFlow;
  absl::StatusCode code = absl::StatusCode::kOk;
  const CallError* error = nullptr;  // null: OK, or CANCELLED
  // Of one that was cancelled: whether it may have been executed.
  Execution execution = Execution::kNotExecuted;
  Duration took{};  // since it arrived
};

// What became of a call with an idempotency key, for metrics.
enum class KeyResult {
  kExecuted,
  kReplayed,
  kDoubt,    // it may have been executed, and that is noted
  kInDoubt,  // an earlier one may have been, and nobody noted its end
  kReused,
  kExpired,
  kInProgress,
  kStoreUnavailable,
  kRefused,  // certainly not executed, for any other reason
};
inline constexpr size_t kKeyResults = 9;

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONTRACT_CALL_OUTCOME_H_
