#ifndef ENOS_SERVER_TRIGGER_TRIGGER_CALL_H_
#define ENOS_SERVER_TRIGGER_TRIGGER_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/enos/api_version.h"
#include "server/enos/flow_answer.h"
#include "server/enos/flow_call.h"
#include "server/trigger/admission.h"
#include "server/trigger/caller_slots.h"
#include "server/upstream/signed_call.h"

namespace enos::gateway {

struct TriggerOptions {
  ApiVersion api_version = ApiVersion::kV20;
  bool trust_503 = false;                             // --trust_503
  ParametersAs parameters_as = ParametersAs::kArray;  // --parameters_as
};

using TriggerResult = std::variant<FlowStarted, CallError>;
using TriggerDone = absl::AnyInvocable<void(TriggerResult)>;

// What one RPC wants done.
struct TriggerJob {
  FlowCall call;
  // Headers of the request beside ours, "name: value": the caller's trace.
  std::vector<std::string> headers;
  // Never null; what becomes of the call is written here.
  std::shared_ptr<CallRecord> record = std::make_shared<CallRecord>();
  // When the caller must have its answer: the RPC's deadline less a margin, or end_by if that is
  // earlier.
  SteadyTime answer_by;
  // When the call ends in any case: --upstream_timeout after it arrived.
  SteadyTime end_by;
  // The gateway's slot, and the caller's own (--max_in_flight_per_caller).
  Slot slot;
  CallerSlot caller_slot;
  // Optional; is called once, with what the call came to, whether its caller still waits or not:
  // before `done` where that gets the same. Null: its caller went before anything was sent. Must
  // not call back into the call.
  absl::AnyInvocable<void(const TriggerResult*)> on_settled;
};

// Somebody may have to know: the run exists, or may exist, and its caller was told UNKNOWN or
// nothing.
void LogLateResult(const CallRecord& record, const TriggerResult& result);

// One call that starts a flow. The rule above all others (docs/errors.md): it is sent at most once,
// unless the earlier send was certainly not executed. SignedCall sends it again only on a remedy,
// and what may have been executed has none (contract/error_table.h, upstream/transfer_error.h).
//
// It outlives its caller only where it has been sent: then the transfer runs on until end_by, and
// what came of it is logged. Loop thread only.
class TriggerCall {
 public:
  // `done` gets the result once, unless the caller is gone before. `on_end` is called once, when
  // nothing of the call runs any more: before `done` where that ends it. It destroys the call, and
  // so gives its slots back.
  TriggerCall(UpstreamEnvironment& environment, const TriggerOptions& options, TriggerJob job,
              TriggerDone done, Task on_end);
  ~TriggerCall();
  TriggerCall(const TriggerCall&) = delete;
  TriggerCall& operator=(const TriggerCall&) = delete;

  // Once. May call `on_end` and `done` at once.
  void Start();

  // The caller cancelled, or its deadline passed: what has not been sent is never sent, and `done`
  // is never called.
  void CallerGone();

  // Answers at once with what is known and ends: for the end of the process.
  void EndNow();

 private:
  std::optional<Refusal> Read(const HttpResult& result);
  void OnEnded(std::optional<CallError> error);
  void RunDueTimer(SteadyTime when);
  void OnAnswerDue();
  void Settle(const TriggerResult* result);
  void Complete(TriggerResult result);
  void End();

  UpstreamEnvironment& env_;
  const TriggerOptions& options_;
  const SteadyTime answer_by_;
  const SteadyTime end_by_;
  const Slot slot_;
  const CallerSlot caller_slot_;
  absl::AnyInvocable<void(const TriggerResult*)> on_settled_;  // null: settled, or nobody asked
  TriggerDone done_;  // null: the caller has its answer or is gone
  Task on_end_;
  FlowStarted started_;    // where the call succeeded
  TimerId due_timer_ = 0;  // for answer_by; once the caller is gone, for end_by
  SignedCall call_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_TRIGGER_CALL_H_
