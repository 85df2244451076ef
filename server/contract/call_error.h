#ifndef ENOS_SERVER_CONTRACT_CALL_ERROR_H_
#define ENOS_SERVER_CONTRACT_CALL_ERROR_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "enos/dataflow/v1/flow_service.pb.h"

namespace enos::gateway {

// Its names are what goes over the wire.
using Reason = dataflow::v1::ErrorReason;

// Whether the flow may have been started. kNotExecuted is a promise: the caller may repeat the
// call. kNone: the call was to start nothing (Get, Watch, Cancel).
enum class Execution { kNotExecuted, kUnknown, kNone };

// "NOT_EXECUTED", "UNKNOWN" or "".
std::string_view ExecutionName(Execution execution);

// What is known of the idempotency key of a call that failed. kNotLookedUp: nothing, or it has
// none.
enum class KeyHeld { kNotLookedUp, kNone, kReserved, kDoubt, kReused };

// "NONE", "RESERVED", "DOUBT", "REUSED" or "".
std::string_view KeyHeldName(KeyHeld held);

// One rule that a request breaks.
struct FieldViolation {
  std::string field;        // the proto path, for example "parameters[3].key"
  std::string description;  // what is expected, and what came where that is safe to repeat
};

// One failed call, as data; ToGrpcStatus makes the rich gRPC status of it. Texts from EnOS in here
// are already clean (CleanUpstreamText).
struct CallError {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  Reason reason = Reason::ENOS_ERROR;
  Execution execution = Execution::kUnknown;
  // For people: what happened, to what, what to do. Whether the flow was started is not said here:
  // ToGrpcStatus adds it.
  std::string message;
  // Where the flow may have been started: the id that its run would have, as far as the documents
  // of EnOS show. A guess.
  std::string likely_flow_instance_id;
  // With an idempotency key the call may be repeated, unless its key is in doubt.
  bool has_key = false;
  KeyHeld key_held = KeyHeld::kNotLookedUp;

  std::optional<int64_t> enos_code;  // the result code of EnOS's answer
  std::string enos_message;          // its `msg` (and `submsg`); may be empty
  int http_status = 0;               // 0: no HTTP answer
  std::string enos_request_id;       // 1 to 128 printable ASCII characters, or empty

  std::optional<std::chrono::milliseconds>
      retry_after;                         // google.rpc.RetryInfo, where waiting makes sense
  std::vector<FieldViolation> violations;  // google.rpc.BadRequest; all of them
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONTRACT_CALL_ERROR_H_
