#ifndef ENOS_FLOW_ERROR_H_
#define ENOS_FLOW_ERROR_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace enos::flow {

// Plain values, and stateless functions that may be called from any thread.

// Whether the flow may have been started. kNotExecuted is certain: the call may be repeated.
// kUnknown: it may be running; check in EnOS before calling again.
enum class Execution { kNotExecuted, kUnknown };

// "NOT_EXECUTED" or "UNKNOWN", as on the wire.
const char* ExecutionName(Execution execution);

// Why a call failed: the `reason` of the gateway's error table.
enum class Reason {
  kNone,   // no reason: the error came from a gRPC library or a proxy on the way
  kOther,  // a reason that this version of the library does not know; see FlowError::reason
  // From this library, which sent nothing: no connection to the gateway; no token in the file.
  kGatewayUnreachable,
  kTokenFileUnusable,
  // From the gateway.
  kInvalidRequest,
  kCallerUnauthenticated,
  kCallerNotAllowed,
  kEnosInvalidArgument,
  kEnosPermissionDenied,
  kFlowHasNoTask,
  kEnosNotFound,
  kEnosUnimplemented,
  kEnosAlreadyExists,
  kEnosOutOfRange,
  kEnosCredentialsRefused,
  kEnosRateLimited,
  kEnosUnreachable,
  kEnosUnavailable,
  kGatewayOverloaded,
  kGatewayShuttingDown,
  kEnosInternal,
  kEnosTimeout,
  kEnosConnectionLost,
  kEnosError,
  kEnosMalformedResponse,
};

// The known reason with that wire name ("ENOS_TIMEOUT"); kNone for "", kOther for any other text.
Reason ReasonFromName(const std::string& name);

// One rule that the request violates.
struct FieldViolation {
  std::string field;        // the path in the proto, for example "parameters[3].key"
  std::string description;  // what is expected
};

// A failed call, as data. The texts are exactly as received from the gateway: sanitize them before
// showing them on a terminal.
struct FlowError {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;  // for people: what happened, to what, what to do

  Reason reason_kind = Reason::kNone;
  std::string reason;  // the wire name, for example "ENOS_RATE_LIMITED"; empty with kNone
  Execution execution = Execution::kUnknown;

  std::optional<int64_t> enos_code;  // the result code of EnOS's answer, for example 62104
  std::string enos_message;          // what EnOS said; may be empty
  int http_status = 0;               // 100 to 599; 0: no HTTP answer
  std::string enos_request_id;       // may be empty

  std::optional<std::chrono::milliseconds> retry_after;  // how long to wait before another call
  std::vector<FieldViolation> violations;

  // True if the flow was certainly not started, so that calling again cannot start it twice.
  // Whether calling again can help is another question: see IsWorthRepeating in repeat.h.
  bool SafeToRepeat() const { return execution == Execution::kNotExecuted; }
};

// "FAILED_PRECONDITION" and so on; "CODE_<number>" for a number that gRPC does not define.
std::string StatusCodeName(grpc::StatusCode code);

// Decodes a failed status. The result is kNotExecuted only if an ErrorInfo of the domain
// "enos-flow-gateway" has `execution` = NOT_EXECUTED in its metadata. Everything else, including
// damaged details, means kUnknown. `status` must not be OK.
FlowError FlowErrorFromStatus(const grpc::Status& status);

}  // namespace enos::flow

#endif  // ENOS_FLOW_ERROR_H_
