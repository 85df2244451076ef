#ifndef ENOS_FLOW_ERROR_H_
#define ENOS_FLOW_ERROR_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "enos/dataflow/v1/flow_service.pb.h"

namespace enos::flow {

// Plain values, and stateless functions that may be called from any thread.

// Whether the flow may have been started. kNotExecuted is certain: the call may be repeated.
// kUnknown: it may be running; check in EnOS before calling again. kStartsNothing: the call was not
// one that starts flows, but one that reads, watches or cancels a run.
enum class Execution { kNotExecuted, kUnknown, kStartsNothing };

// "NOT_EXECUTED" or "UNKNOWN", as on the wire; "" for kStartsNothing, which is not sent.
const char* ExecutionName(Execution execution);

// The state of a call's `idempotency_key`, if the gateway looked it up; the proto explains each
// value at that field.
enum class KeyState { kNotTold, kNone, kReserved, kDoubt, kReused };

// "NONE" and so on, as on the wire; "" for kNotTold.
const char* KeyStateName(KeyState state);

// Why a call failed; the proto says what to do for each value.
using Reason = dataflow::v1::ErrorReason;

// The only reason that is never sent over the wire: this library found no usable token in the file,
// and sent nothing.
inline constexpr char kTokenFileUnusable[] = "TOKEN_FILE_UNUSABLE";

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

  // The wire name, for example "ENOS_RATE_LIMITED". Empty: the error came from a gRPC library or a
  // proxy on the way.
  std::string reason;
  // The same as an enum, for switch statements; ERROR_REASON_UNSPECIFIED for a name that this
  // version of the library does not know.
  Reason reason_kind = Reason::ERROR_REASON_UNSPECIFIED;
  Execution execution = Execution::kUnknown;

  std::optional<int64_t> enos_code;  // the result code of EnOS's answer, for example 62104
  std::string enos_message;          // what EnOS said; may be empty
  int http_status = 0;               // 100 to 599; 0: no HTTP answer
  std::string enos_request_id;       // may be empty
  // The id of the call in the gateway's log: from its answer, or else as the caller set it. Empty:
  // neither.
  std::string request_id;
  // With kUnknown: the id that the run most likely has if it was started. A guess; may be empty.
  std::string likely_flow_instance_id;

  KeyState key_state = KeyState::kNotTold;
  // The gateway is known to store the call's idempotency_key, because the most recent initial
  // metadata of such a call said so (FlowClient::KeepsKeys).
  bool key_kept = false;

  std::optional<std::chrono::milliseconds> retry_after;  // how long to wait before another call
  std::vector<FieldViolation> violations;

  // True if this call certainly did not start the flow, so that calling again cannot start it
  // twice. Whether calling again can help is another question: see IsWorthRepeating in repeat.h. Of
  // several calls with one key, this is about the last one only: see AttemptHistory there.
  bool SafeToRepeat() const { return execution != Execution::kUnknown; }

  // True if repeating the call with the same idempotency_key cannot start the flow twice, and may
  // give a better answer.
  bool SafeToRepeatWithSameKey() const {
    return SafeToRepeat() || (key_kept && key_state != KeyState::kDoubt);
  }
};

// "FAILED_PRECONDITION" and so on; "CODE_<number>" for a number that gRPC does not define.
std::string StatusCodeName(grpc::StatusCode code);

// Decodes a failed status. The result is kNotExecuted only if an ErrorInfo of the domain
// "enos-flow-gateway" has `execution` = NOT_EXECUTED in its metadata. Everything else, including
// damaged details, means kUnknown. `status` must not be OK.
FlowError FlowErrorFromStatus(const grpc::Status& status);

// The same for a call that starts nothing: kStartsNothing, whatever the status says.
FlowError InstanceErrorFromStatus(const grpc::Status& status);

}  // namespace enos::flow

#endif  // ENOS_FLOW_ERROR_H_
