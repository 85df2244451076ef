#include "server/contract/gateway_errors.h"

#include <string>
#include <utility>

namespace enos::gateway {
namespace {

CallError Make(absl::StatusCode code, Reason reason, Execution execution, std::string message) {
  CallError error;
  error.code = code;
  error.reason = reason;
  error.execution = execution;
  error.message = std::move(message);
  return error;
}

CallError Unavailable(Reason reason, std::string message) {
  CallError error =
      Make(absl::StatusCode::kUnavailable, reason, Execution::kNotExecuted, std::move(message));
  error.retry_after = kSuggestedWait;
  return error;
}

}  // namespace

CallError DeadlinePastOnArrival() {
  return Make(absl::StatusCode::kDeadlineExceeded, Reason::ENOS_TIMEOUT, Execution::kNotExecuted,
              "The call's deadline had passed when the gateway received it. Give the call a "
              "longer deadline.");
}

CallError NoAnswerInTime() {
  return Make(absl::StatusCode::kDeadlineExceeded, Reason::ENOS_TIMEOUT, Execution::kUnknown,
              "The call was sent, but EnOS did not answer in time.");
}

CallError NotSentInTime(std::string_view waited_for) {
  return Unavailable(Reason::ENOS_UNREACHABLE,
                     "Time ran out while the gateway waited for " + std::string(waited_for) +
                         ". Call again, with a longer deadline if this lasts.");
}

CallError CallerUnauthenticated(std::string_view what) {
  return Make(absl::StatusCode::kUnauthenticated, Reason::CALLER_UNAUTHENTICATED,
              Execution::kNotExecuted, "The gateway does not know who calls. " + std::string(what));
}

CallError CallerNotAllowed() {
  return Make(
      absl::StatusCode::kPermissionDenied, Reason::CALLER_NOT_ALLOWED, Execution::kNotExecuted,
      "The gateway's policy does not let this caller do this with this flow for this user and "
      "organization. Check the ids, or ask the gateway's "
      "operator for access.");
}

CallError CallerOverloaded() {
  return Unavailable(Reason::GATEWAY_OVERLOADED,
                     "This caller has as many calls in flight at the gateway as one caller may "
                     "have. Call again after a moment, with fewer at once.");
}

CallError GatewayOverloaded() {
  return Unavailable(Reason::GATEWAY_OVERLOADED,
                     "The gateway has as many calls in flight as it may have. Call again "
                     "after a moment.");
}

CallError WatchesOverloaded() {
  return Unavailable(Reason::GATEWAY_OVERLOADED,
                     "The gateway watches as many runs as it may. Watch again after a moment.");
}

CallError WatchTimeout() {
  return Make(absl::StatusCode::kDeadlineExceeded, Reason::WATCH_TIMEOUT, Execution::kNone,
              "The run had not ended by the call's deadline. Watch again.");
}

CallError GatewayShuttingDown() {
  return Unavailable(Reason::GATEWAY_SHUTTING_DOWN,
                     "This gateway is shutting down. Call again: another one will take it.");
}

CallError KeysNotOffered() {
  return Make(
      absl::StatusCode::kFailedPrecondition, Reason::IDEMPOTENCY_NOT_OFFERED,
      Execution::kNotExecuted,
      "This gateway has no store of idempotency keys. Call without idempotency_key, or have "
      "a store configured.");
}

CallError KeyReused() {
  CallError error = Make(absl::StatusCode::kInvalidArgument, Reason::IDEMPOTENCY_KEY_REUSED,
                         Execution::kNotExecuted,
                         "The idempotency key belongs to a call with other fields. Use one key for "
                         "each start that you intend.");
  error.key_held = KeyHeld::kReused;
  return error;
}

CallError KeyExpired(std::string_view why) {
  return Make(absl::StatusCode::kInvalidArgument, Reason::IDEMPOTENCY_KEY_EXPIRED,
              Execution::kNotExecuted,
              "The time in the idempotency key is out of the window in which the gateway remembers "
              "keys: " +
                  std::string(why) + ". Look for the run before you call with a new key.");
}

CallError KeyStoreUnavailable(std::string_view why) {
  return Unavailable(Reason::IDEMPOTENCY_STORE_UNAVAILABLE,
                     "The gateway's store of idempotency keys cannot be used: " + std::string(why) +
                         ". Call again with the same key.");
}

CallError KeyInProgress() {
  CallError error =
      Make(absl::StatusCode::kAborted, Reason::IDEMPOTENCY_IN_PROGRESS, Execution::kUnknown,
           "Another call with this idempotency key is under way.");
  error.key_held = KeyHeld::kReserved;
  error.retry_after = kSuggestedWait;
  return error;
}

CallError KeyInDoubt() {
  CallError error =
      Make(absl::StatusCode::kUnknown, Reason::IDEMPOTENCY_IN_DOUBT, Execution::kUnknown,
           "An earlier call with this idempotency key began, and its gateway did not live to note "
           "what became of it.");
  error.key_held = KeyHeld::kDoubt;
  return error;
}

CallError EnosIsDown(std::chrono::milliseconds next_try) {
  CallError error = Unavailable(
      Reason::ENOS_UNREACHABLE,
      "EnOS was down for the last calls, one after the other, and is given a rest; this call was "
      "not sent. Call again after a moment; if it lasts, check EnOS "
      "and the gateway's network.");
  error.retry_after = next_try;
  return error;
}

}  // namespace enos::gateway
