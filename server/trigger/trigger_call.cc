#include "server/trigger/trigger_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/contract/gateway_errors.h"
#include "server/enos/signature.h"
#include "server/http/retry_after.h"
#include "server/log/log.h"
#include "server/trigger/transfer_error.h"

namespace enos::gateway {
namespace {

// A retry that would leave less than this for the send is not waited for.
constexpr std::chrono::milliseconds kTimeToSend{50};

}  // namespace

TriggerCall::TriggerCall(TriggerEnvironment& environment, TriggerJob job, TriggerDone done,
                         Task on_end)
    : env_(environment),
      job_(std::move(job)),
      done_(std::move(done)),
      on_end_(std::move(on_end)),
      path_and_query_(absl::StrCat(std::string(FlowsPath(environment.options.api_version)), "?",
                                   job_.call.query)),
      body_(std::make_shared<const std::string>(std::move(job_.call.body))) {}

TriggerCall::~TriggerCall() {
  StopWaiting();
  env_.scheduler.Cancel(due_timer_);
}

void TriggerCall::Start() {
  due_timer_ = env_.scheduler.RunAt(job_.answer_by, [this] {
    due_timer_ = 0;
    OnAnswerDue();
  });
  // Not counted as a call: else the budget would grow by what was never sent.
  if (IsRefusedByBreaker()) return;
  env_.retry_budget.CountCall(env_.scheduler.Now());
  SendWithToken();
}

// A call that failed before is told how, not that it was refused now.
bool TriggerCall::IsRefusedByBreaker() {
  const auto rest = env_.breaker.Rest(env_.scheduler.Now());
  if (!rest) return false;
  CallError error = last_error_ ? *std::move(last_error_) : EnosIsDown(*rest);
  error.retry_after = std::max(error.retry_after, rest);
  Complete(std::move(error));
  return true;
}

void TriggerCall::SendWithToken() {
  token_ = env_.tokens.Current();
  if (token_) {
    Send();
  } else {
    WaitForToken(nullptr);
  }
}

void TriggerCall::WaitForToken(const AccessToken& refused) {
  counted_up_to_ = env_.scheduler.Now();
  token_wait_ = env_.tokens.Wait(refused, [this](TokenProvider::Result result) {
    CountTime();
    token_wait_ = 0;
    OnToken(std::move(result));
  });
}

void TriggerCall::OnToken(TokenProvider::Result result) {
  if (auto* error = std::get_if<CallError>(&result)) {
    if (error->code == absl::StatusCode::kUnavailable && !error->retry_after)
      error->retry_after = kSuggestedWait;
    Complete(std::move(*error));
    return;
  }
  token_ = std::get<AccessToken>(std::move(result));
  Send();
}

void TriggerCall::Send() {
  if (env_.scheduler.Now() >= job_.answer_by) {  // its timer is late
    OnAnswerDue();
    return;
  }
  if (IsRefusedByBreaker()) return;
  pass_ = env_.breaker.Begin();
  sent_at_ = counted_up_to_ = env_.scheduler.Now();
  ++job_.record->attempts;
  transfer_ = env_.http.Start(SignedRequest(), [this](const HttpResult& result) {
    CountTime();
    transfer_ = 0;
    OnTransferred(result);
  });
}

// Signed at the last moment: the timestamp must be fresh, and the token the one of now.
HttpRequest TriggerCall::SignedRequest() const {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(env_.clock.Now().time_since_epoch())
          .count();
  HttpRequest request;
  request.path_and_query = path_and_query_;
  request.body = body_;
  request.headers = {
      "Content-Type: application/json;charset=UTF-8",
      absl::StrCat("apim-accesstoken: ", token_->text),
      absl::StrCat("apim-timestamp: ", now),
      absl::StrCat("apim-signature: ", SignCall(token_->text, job_.call.signed_query, *body_, now,
                                                token_->credentials->secret_key.Reveal())),
  };
  request.headers.insert(request.headers.end(), job_.headers.begin(), job_.headers.end());
  return request;
}

FlowAnswer TriggerCall::Read(const HttpResult& result) const {
  if (result.end != TransferEnd::kAnswered) return ErrorOfTransfer(result);
  return ReadFlowAnswer(result.status, result.body, {env_.options.trust_503}, KnownSecrets());
}

void TriggerCall::OnTransferred(const HttpResult& result) {
  FlowAnswer answer = Read(result);
  TellClock(result, answer);
  TellBreaker(result, answer);
  ReportRequest(result, answer);
  if (!done_) {
    LogLateResult(answer);
    std::exchange(on_end_, nullptr)();
    return;
  }
  if (auto* started = std::get_if<FlowStarted>(&answer)) {
    Complete(std::move(*started));
    return;
  }
  OnRefused(std::get<FlowRefused>(std::move(answer)), result.retry_after);
}

// Every refusal of token or signature: 497 is what a refused timestamp should be, 401 is seen too.
void TriggerCall::TellClock(const HttpResult& result, const FlowAnswer& answer) {
  const auto* refused = std::get_if<FlowRefused>(&answer);
  if (refused != nullptr && refused->remedy == Remedy::kFreshToken) {
    env_.clock.OnRefusal(result.date);
  } else {
    env_.clock.OnAnswer(result.date);
  }
}

void TriggerCall::TellBreaker(const HttpResult& result, const FlowAnswer& answer) {
  const CircuitBreaker::Pass pass = std::exchange(pass_, 0);
  const auto* refused = std::get_if<FlowRefused>(&answer);
  const bool is_503 = refused != nullptr && refused->error.reason == Reason::ENOS_UNAVAILABLE;
  if (result.end == TransferEnd::kAnswered && !is_503) {
    env_.breaker.Answered(pass);
  } else if (is_503 || !result.maybe_sent) {
    env_.breaker.Failed(pass, refused->error, env_.scheduler.Now());
  } else {
    env_.breaker.Lost(pass, refused->error, env_.scheduler.Now());
  }
}

void TriggerCall::ReportRequest(const HttpResult& result, const FlowAnswer& answer) const {
  const auto* refused = std::get_if<FlowRefused>(&answer);
  CallRecord& record = *job_.record;
  record.http_status = result.status;
  record.enos_code = refused == nullptr ? 0 : refused->error.enos_code;
  if (!env_.on_request) return;
  env_.on_request({UpstreamOperation::kTrigger, result.end, result.status, record.enos_code,
                   counted_up_to_ - sent_at_});
}

// A transfer that is about to be dropped.
void TriggerCall::ReportNoAnswer() const {
  if (!env_.on_request || !env_.http.MaybeSent(transfer_)) return;
  env_.on_request({UpstreamOperation::kTrigger, std::nullopt, 0, std::nullopt,
                   env_.scheduler.Now() - sent_at_});
}

void TriggerCall::OnRefused(FlowRefused refused, const std::string& retry_after) {
  CallError& error = refused.error;
  const auto asked = ParseRetryAfter(retry_after, env_.clock.Now());
  if (asked) error.retry_after = asked;
  switch (refused.remedy) {
    case Remedy::kFreshToken:
      if (!std::exchange(token_renewed_, true)) {
        if (env_.on_retry) env_.on_retry(error.reason);
        WaitForToken(token_);
        return;
      }
      break;
    case Remedy::kWait:
      if (!error.retry_after) error.retry_after = kSuggestedWait;
      if (RetryLater(error, asked.value_or(std::chrono::milliseconds::zero()))) return;
      break;
    case Remedy::kNone:
      break;
  }
  Complete(std::move(error));
}

// asked: what EnOS wants us to wait at least; not what we suggest to callers.
bool TriggerCall::RetryLater(CallError& error, std::chrono::milliseconds asked) {
  const SteadyTime now = env_.scheduler.Now();
  if (++attempts_ >= env_.options.max_attempts) return false;
  const auto wait = std::max(env_.options.backoff.Wait(attempts_, env_.random), asked);
  if (now + wait + kTimeToSend > job_.answer_by) return false;
  if (env_.breaker.Rest(now + wait)) {
    error.retry_after = std::max(error.retry_after, env_.breaker.Rest(now));
    return false;
  }
  if (!env_.retry_budget.TakeRetry(now)) return false;
  last_error_ = error;
  if (env_.on_retry) env_.on_retry(error.reason);
  retry_timer_ = env_.scheduler.RunAfter(wait, [this] {
    retry_timer_ = 0;
    if (!IsRefusedByBreaker()) SendWithToken();
  });
  return true;
}

void TriggerCall::OnAnswerDue() {
  if (!done_) {  // end_by: nobody waits, and EnOS did not answer
    LogLateResult(FlowRefused{NoAnswerInTime(), Remedy::kNone});
    StopWaiting();
    std::exchange(on_end_, nullptr)();
    return;
  }
  if (transfer_ == 0) {
    Complete(NothingSent());
  } else if (!env_.http.MaybeSent(transfer_)) {
    Complete(NotSentInTime("a connection to EnOS"));
  } else if (job_.end_by <= env_.scheduler.Now()) {
    Complete(NoAnswerInTime());
  } else {
    TriggerDone done = std::exchange(done_, nullptr);
    CallerGone();
    done(NoAnswerInTime());
  }
}

// What a call that waits, but not for a transfer, is answered when its time is over.
CallError TriggerCall::NothingSent() {
  if (last_error_ && token_wait_ == 0) return *std::move(last_error_);
  return NotSentInTime("an access token");
}

void TriggerCall::CallerGone() {
  CountTime();
  done_ = nullptr;
  if (!env_.http.MaybeSent(transfer_)) {
    StopWaiting();
    std::exchange(on_end_, nullptr)();
    return;
  }
  // The record of the RPC is the RPC's from now on, on whatever thread.
  job_.record = std::make_shared<CallRecord>(*job_.record);
  env_.scheduler.Cancel(due_timer_);
  due_timer_ = env_.scheduler.RunAt(job_.end_by, [this] {
    due_timer_ = 0;
    OnAnswerDue();
  });
}

void TriggerCall::EndNow() {
  const bool sent = env_.http.MaybeSent(transfer_);
  if (!done_) LogLateResult(FlowRefused{NoAnswerInTime(), Remedy::kNone});
  Complete(sent ? NoAnswerInTime() : GatewayShuttingDown());
}

// The time since it was counted last, to what is waited for.
void TriggerCall::CountTime() {
  const SteadyTime now = env_.scheduler.Now();
  if (token_wait_ != 0) job_.record->token += now - counted_up_to_;
  if (transfer_ != 0) job_.record->upstream += now - counted_up_to_;
  counted_up_to_ = now;
}

void TriggerCall::StopWaiting() {
  CountTime();
  env_.tokens.Forget(std::exchange(token_wait_, 0));
  ReportNoAnswer();
  env_.http.Drop(std::exchange(transfer_, 0));
  env_.breaker.GivenUp(std::exchange(pass_, 0));
  env_.scheduler.Cancel(std::exchange(retry_timer_, 0));
}

// Somebody may have to know: the run exists, or may exist, and its caller was told UNKNOWN or
// nothing.
void TriggerCall::LogLateResult(const FlowAnswer& answer) const {
  if (const auto* started = std::get_if<FlowStarted>(&answer)) {
    Log(LogLevel::kWarning, "flow started after its caller was gone",
        {{"flow_id", job_.record->flow_id},
         {"flow_instance_id", started->flow_instance_id},
         {"enos_request_id", started->enos_request_id},
         {"request_id", job_.record->request_id}});
    return;
  }
  const CallError& error = std::get<FlowRefused>(answer).error;
  Log(LogLevel::kWarning, "call ended after its caller was gone",
      {{"flow_id", job_.record->flow_id},
       {"reason", ErrorReason_Name(error.reason)},
       {"execution", ExecutionName(error.execution)},
       {"enos_request_id", error.enos_request_id},
       {"request_id", job_.record->request_id}});
}

// The slot first, then the answer: a caller that has its answer may call again at once.
void TriggerCall::Complete(TriggerResult result) {
  StopWaiting();
  TriggerDone done = std::exchange(done_, nullptr);
  std::exchange(on_end_, nullptr)();  // may destroy this call
  if (done) done(std::move(result));
}

}  // namespace enos::gateway
