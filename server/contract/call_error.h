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
// call.
enum class Execution { kNotExecuted, kUnknown };

// "NOT_EXECUTED" or "UNKNOWN".
std::string_view ExecutionName(Execution execution);

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
  std::string message;  // for people: what happened, to what, what to do

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
