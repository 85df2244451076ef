#ifndef ENOS_SERVER_UPSTREAM_SIGNED_CALL_H_
#define ENOS_SERVER_UPSTREAM_SIGNED_CALL_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/base/backoff.h"
#include "server/base/random.h"
#include "server/base/scheduler.h"
#include "server/contract/error_table.h"
#include "server/enos/enos_query.h"
#include "server/http/http_client.h"
#include "server/http/upstream_clock.h"
#include "server/http/upstream_events.h"
#include "server/token/token_provider.h"
#include "server/tracing/request_tracer.h"
#include "server/upstream/call_record.h"
#include "server/upstream/circuit_breaker.h"
#include "server/upstream/retry_budget.h"

namespace enos::gateway {

struct UpstreamOptions {
  int max_attempts =
      3;  // --max_attempts: sends of one call, the one with a fresh token not counted
  Backoff backoff;
};

// What all signed calls share. The references must outlive the calls.
struct UpstreamEnvironment {
  Scheduler& scheduler;
  HttpClient& http;
  UpstreamClock& clock;
  TokenProvider& tokens;
  RetryBudget& retry_budget;
  CircuitBreaker& breaker;
  RandomSource random;
  UpstreamOptions options;
  // For metrics; may be empty.
  OnUpstreamRequest on_request;
  std::function<void(Reason why)> on_retry;  // a call will be sent again
  const RequestTracer* tracer = nullptr;     // null: nothing is traced
};

// What a call asks of EnOS, signed anew for each send.
struct SignedRequest {
  UpstreamOperation operation = UpstreamOperation::kTrigger;
  std::string path_and_query;
  std::string signed_query;                 // as the signature takes it: see FlowCall
  std::shared_ptr<const std::string> body;  // null: GET
  // One attempt, and one more with a fresh token: who calls tries again by itself.
  bool once = false;
  // It serves several calls or none: its sends are traces of their own.
  bool has_own_trace = false;
  std::vector<std::string> headers;  // beside ours, "name: value": the caller's trace
};

// To `path`, which is without the query. A GET, unless it gets a body.
inline SignedRequest SignedRequestTo(UpstreamOperation operation, std::string_view path,
                                     EnosQuery query) {
  SignedRequest request;
  request.operation = operation;
  request.path_and_query = std::string(path).append("?").append(query.query);
  request.signed_query = std::move(query.signed_query);
  return request;
}

// One call to EnOS: token, signature, send, answer, and perhaps again. Whether it is sent again is
// decided by the remedy of what its reader makes of an answer, and by nothing else. Loop thread
// only.
class SignedCall {
 public:
  // Reads how a transfer ended: nothing where EnOS did what was asked for.
  using Reader = absl::AnyInvocable<std::optional<Refusal>(const HttpResult&)>;
  // The call ended: nothing where its reader found nothing wrong. May destroy the call.
  using Done = absl::AnyInvocable<void(std::optional<CallError>)>;

  // answer_by: nothing is sent after it. `record` is never null.
  SignedCall(UpstreamEnvironment& environment, SignedRequest request, SteadyTime answer_by,
             std::shared_ptr<CallRecord> record, Reader read, Done done);
  ~SignedCall() { Stop(); }
  SignedCall(const SignedCall&) = delete;
  SignedCall& operator=(const SignedCall&) = delete;

  // Once. May call `done` at once.
  void Start();

  // Whether a send is under way that EnOS may have seen.
  bool MaybeSent() const { return env_.http.MaybeSent(transfer_); }

  // The caller is gone while a send is under way: its answer ends the call, whatever it is. From
  // now on the record is the call's own: the RPC's goes on with the RPC, on whatever thread.
  void FinishAlone();

  // What a call is told that has not been sent (MaybeSent) when its time is over.
  CallError NotSentError();

  // Ends it without calling `done`.
  void Stop();

  const CallRecord& record() const { return *record_; }

 private:
  bool IsRefusedByBreaker();
  void SendWithToken();
  void WaitForToken(const AccessToken& refused);
  void OnToken(TokenProvider::Result result);
  void Send();
  HttpRequest Sign() const;
  void StartSpan(HttpRequest& request);
  void OnTransferred(const HttpResult& result);
  void TellClock(const HttpResult& result, const std::optional<Refusal>& refused);
  void TellBreaker(const HttpResult& result, const std::optional<Refusal>& refused);
  void ReportRequest(const HttpResult& result, const std::optional<Refusal>& refused);
  void ReportNoAnswer();
  void Report(const UpstreamRequest& request);
  void OnRefused(Refusal refused, const std::string& retry_after);
  bool RetryLater(CallError& error, std::chrono::milliseconds asked);
  void ReportRetry(Reason why, Duration wait) const;
  void CountTime();
  void Finish(std::optional<CallError> error);

  UpstreamEnvironment& env_;
  const SignedRequest request_;
  const SteadyTime answer_by_;
  std::shared_ptr<CallRecord> record_;
  Reader read_;
  Done done_;

  bool is_alone_ = false;
  AccessToken token_;           // the one of the last send
  bool token_renewed_ = false;  // the one resend with a fresh token is used up
  int attempts_ = 0;
  std::optional<CallError> last_error_;  // of the attempt before this one

  // What is waited for: one at most, token, transfer or timer.
  TokenProvider::WaitId token_wait_ = 0;
  TransferId transfer_ = 0;
  std::unique_ptr<Span> span_;     // of the transfer; null: not sampled
  CircuitBreaker::Pass pass_ = 0;  // of the transfer
  SteadyTime sent_at_;             // of the last transfer
  SteadyTime counted_up_to_;       // what was spent before that is in the record
  TimerId retry_timer_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_UPSTREAM_SIGNED_CALL_H_
