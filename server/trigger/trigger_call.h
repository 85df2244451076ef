#ifndef ENOS_SERVER_TRIGGER_TRIGGER_CALL_H_
#define ENOS_SERVER_TRIGGER_TRIGGER_CALL_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/base/backoff.h"
#include "server/base/random.h"
#include "server/base/scheduler.h"
#include "server/enos/api_version.h"
#include "server/enos/flow_answer.h"
#include "server/enos/flow_call.h"
#include "server/http/http_client.h"
#include "server/http/upstream_clock.h"
#include "server/http/upstream_events.h"
#include "server/token/token_provider.h"
#include "server/trigger/admission.h"
#include "server/trigger/call_record.h"
#include "server/trigger/caller_slots.h"
#include "server/trigger/circuit_breaker.h"
#include "server/trigger/retry_budget.h"

namespace enos::gateway {

struct TriggerOptions {
  ApiVersion api_version = ApiVersion::kV20;
  bool trust_503 = false;  // --trust_503
  int max_attempts =
      3;  // --max_attempts: sends of one call, the one with a fresh token not counted
  Backoff backoff;
};

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
};

using TriggerResult = std::variant<FlowStarted, CallError>;
using TriggerDone = absl::AnyInvocable<void(TriggerResult)>;

// What all calls share. The references must outlive the calls.
struct TriggerEnvironment {
  Scheduler& scheduler;
  HttpClient& http;
  UpstreamClock& clock;
  TokenProvider& tokens;
  RetryBudget& retry_budget;
  CircuitBreaker& breaker;
  RandomSource random;
  TriggerOptions options;
  // For metrics; may be empty.
  OnUpstreamRequest on_request;
  std::function<void(Reason why)> on_retry;  // the call will be sent again
};

// One call on its way to EnOS and back: token, signature, send, answer, and perhaps again. The rule
// above all others (docs/errors.md): the call is sent at most once, unless the earlier send
// was certainly not executed.
//
// It outlives its caller only where it has been sent: then the transfer runs on until end_by, and
// what came of it is logged. Loop thread only.
class TriggerCall {
 public:
  // `done` gets the result once, unless the caller is gone before. `on_end` is called once, when
  // nothing of the call runs any more: before `done` where that ends it. It destroys the call, and
  // so gives its slots back.
  TriggerCall(TriggerEnvironment& environment, TriggerJob job, TriggerDone done, Task on_end);
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
  void SendWithToken();
  void WaitForToken(const AccessToken& refused);
  void OnToken(TokenProvider::Result result);
  void Send();
  bool IsRefusedByBreaker();
  void TellClock(const HttpResult& result, const FlowAnswer& answer);
  void TellBreaker(const HttpResult& result, const FlowAnswer& answer);
  HttpRequest SignedRequest() const;
  void OnTransferred(const HttpResult& result);
  void ReportRequest(const HttpResult& result, const FlowAnswer& answer) const;
  void ReportNoAnswer() const;
  FlowAnswer Read(const HttpResult& result) const;
  void OnRefused(FlowRefused refused, const std::string& retry_after);
  bool RetryLater(CallError& error, std::chrono::milliseconds asked);
  void OnAnswerDue();
  CallError NothingSent();
  void StopWaiting();
  void CountTime();
  void LogLateResult(const FlowAnswer& answer) const;
  void Complete(TriggerResult result);

  TriggerEnvironment& env_;
  TriggerJob job_;
  TriggerDone done_;  // null: the caller has its answer or is gone
  Task on_end_;
  const std::string path_and_query_;
  const std::shared_ptr<const std::string> body_;

  AccessToken token_;           // the one of the last send
  bool token_renewed_ = false;  // the one resend with a fresh token is used up
  int attempts_ = 0;
  std::optional<CallError> last_error_;  // of the attempt before this one

  // What is waited for: one at most, token, transfer or timer.
  TokenProvider::WaitId token_wait_ = 0;
  TransferId transfer_ = 0;
  CircuitBreaker::Pass pass_ = 0;  // of the transfer
  SteadyTime sent_at_;             // of the last transfer
  SteadyTime counted_up_to_;       // what was spent before that is in the record
  TimerId retry_timer_ = 0;

  TimerId due_timer_ = 0;  // for answer_by; once the caller is gone, for end_by
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_TRIGGER_CALL_H_
