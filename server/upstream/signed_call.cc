#include "server/upstream/signed_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/text.h"
#include "server/contract/gateway_errors.h"
#include "server/enos/signature.h"
#include "server/http/retry_after.h"

namespace enos::gateway {
namespace {

// A retry that would leave less than this for the send is not waited for.
constexpr std::chrono::milliseconds kTimeToSend{50};

}  // namespace

SignedCall::SignedCall(UpstreamEnvironment& environment, SignedRequest request,
                       SteadyTime answer_by, std::shared_ptr<CallRecord> record, Reader read,
                       Done done)
    : env_(environment),
      request_(std::move(request)),
      answer_by_(answer_by),
      record_(std::move(record)),
      read_(std::move(read)),
      done_(std::move(done)) {}

void SignedCall::Start() {
  // Not counted as a call: else the budget would grow by what was never sent.
  if (IsRefusedByBreaker()) return;
  env_.retry_budget.CountCall(env_.scheduler.Now());
  SendWithToken();
}

// A call that failed before is told how, not that it was refused now.
bool SignedCall::IsRefusedByBreaker() {
  const auto rest = env_.breaker.Rest(env_.scheduler.Now());
  if (!rest) return false;
  CallError error = last_error_ ? *std::move(last_error_) : EnosIsDown(*rest);
  error.retry_after = std::max(error.retry_after, rest);
  Finish(std::move(error));
  return true;
}

void SignedCall::SendWithToken() {
  token_ = env_.tokens.Current();
  if (token_) {
    Send();
  } else {
    WaitForToken(nullptr);
  }
}

void SignedCall::WaitForToken(const AccessToken& refused) {
  counted_up_to_ = env_.scheduler.Now();
  record_->AddEvent("enos.token.wait");
  token_wait_ = env_.tokens.Wait(refused, [this](TokenProvider::Result result) {
    CountTime();
    token_wait_ = 0;
    OnToken(std::move(result));
  });
}

void SignedCall::OnToken(TokenProvider::Result result) {
  if (auto* error = std::get_if<CallError>(&result)) {
    if (error->code == absl::StatusCode::kUnavailable && !error->retry_after)
      error->retry_after = kSuggestedWait;
    Finish(std::move(*error));
    return;
  }
  token_ = std::get<AccessToken>(std::move(result));
  record_->AddEvent("enos.token.ready");
  Send();
}

void SignedCall::Send() {
  if (env_.scheduler.Now() >= answer_by_) {  // its owner's timer is late
    Finish(NotSentError());
    return;
  }
  if (IsRefusedByBreaker()) return;
  pass_ = env_.breaker.Begin();
  sent_at_ = counted_up_to_ = env_.scheduler.Now();
  HttpRequest request = Sign();
  StartSpan(request);
  ++record_->attempts;
  transfer_ = env_.http.Start(std::move(request), [this](const HttpResult& result) {
    CountTime();
    transfer_ = 0;
    OnTransferred(result);
  });
}

// At the last moment: the timestamp must be fresh, and the token the one of now.
HttpRequest SignedCall::Sign() const {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(env_.clock.Now().time_since_epoch())
          .count();
  const std::string_view body = request_.body == nullptr ? std::string_view() : *request_.body;
  HttpRequest request;
  request.path_and_query = request_.path_and_query;
  request.body = request_.body;
  request.headers = {
      "Content-Type: application/json;charset=UTF-8",
      absl::StrCat("apim-accesstoken: ", token_->text),
      absl::StrCat("apim-timestamp: ", now),
      absl::StrCat("apim-signature: ", SignCall(token_->text, request_.signed_query, body, now,
                                                token_->credentials->secret_key.Reveal())),
  };
  request.headers.insert(request.headers.end(), request_.headers.begin(), request_.headers.end());
  return request;
}

// With one the caller's trace, where it is passed on, has the send for a parent.
void SignedCall::StartSpan(HttpRequest& request) {
  if (env_.tracer == nullptr || (record_->span == nullptr && !request_.has_own_trace)) return;
  span_ = env_.tracer->Start(request_.operation, request, record_->span.get(), record_->attempts);
  if (span_ == nullptr) return;
  constexpr std::string_view kParent = "traceparent: ";
  for (std::string& header : request.headers) {
    if (StartsWith(header, kParent)) header = Concat(kParent, span_->traceparent());
  }
}

void SignedCall::OnTransferred(const HttpResult& result) {
  std::optional<Refusal> refused = read_(result);
  TellClock(result, refused);
  TellBreaker(result, refused);
  ReportRequest(result, refused);
  if (!refused) {
    Finish(std::nullopt);
  } else if (is_alone_) {
    Finish(std::move(refused->error));
  } else {
    OnRefused(*std::move(refused), result.retry_after);
  }
}

// Every refusal of token or signature: 497 is what a refused timestamp should be, 401 is seen too.
void SignedCall::TellClock(const HttpResult& result, const std::optional<Refusal>& refused) {
  if (refused && refused->remedy == Remedy::kFreshToken) {
    env_.clock.OnRefusal(result.date);
  } else {
    env_.clock.OnAnswer(result.date);
  }
}

void SignedCall::TellBreaker(const HttpResult& result, const std::optional<Refusal>& refused) {
  const CircuitBreaker::Pass pass = std::exchange(pass_, 0);
  const bool is_503 = refused && refused->error.reason == Reason::ENOS_UNAVAILABLE;
  if (is_503 && request_.operation != UpstreamOperation::kTrigger) {
    env_.breaker.GivenUp(pass);  // says nothing about starting flows
  } else if (result.end == TransferEnd::kAnswered && !is_503) {
    env_.breaker.Answered(pass);
  } else if (is_503 || !result.maybe_sent) {
    env_.breaker.Failed(pass, refused->error, env_.scheduler.Now());
  } else {
    env_.breaker.Lost(pass, refused->error, env_.scheduler.Now());
  }
}

void SignedCall::ReportRequest(const HttpResult& result, const std::optional<Refusal>& refused) {
  record_->http_status = result.status;
  record_->enos_code = refused ? refused->error.enos_code : 0;
  Report({request_.operation, result.end, result.status, record_->enos_code,
          counted_up_to_ - sent_at_});
}

// A transfer that is about to be dropped.
void SignedCall::ReportNoAnswer() {
  if (MaybeSent()) {
    Report({request_.operation, std::nullopt, 0, std::nullopt, env_.scheduler.Now() - sent_at_});
  }
  span_.reset();
}

void SignedCall::Report(const UpstreamRequest& request) {
  EndRequestSpan(std::move(span_), request);
  if (env_.on_request) env_.on_request(request);
}

void SignedCall::ReportRetry(Reason why, Duration wait) const {
  record_->AddEvent(
      "enos.retry",
      {{"error.type", ErrorReason_Name(why)},
       {"enos.wait_ms", std::chrono::duration_cast<std::chrono::milliseconds>(wait).count()}});
  if (env_.on_retry) env_.on_retry(why);
}

void SignedCall::OnRefused(Refusal refused, const std::string& retry_after) {
  CallError& error = refused.error;
  const auto asked = ParseRetryAfter(retry_after, env_.clock.Now());
  if (asked) error.retry_after = asked;
  switch (refused.remedy) {
    case Remedy::kFreshToken:
      if (!std::exchange(token_renewed_, true)) {
        ReportRetry(error.reason, Duration::zero());
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
  Finish(std::move(error));
}

// asked: what EnOS wants us to wait at least; not what we suggest to callers.
bool SignedCall::RetryLater(CallError& error, std::chrono::milliseconds asked) {
  const SteadyTime now = env_.scheduler.Now();
  if (request_.once || ++attempts_ >= env_.options.max_attempts) return false;
  const auto wait = std::max(env_.options.backoff.Wait(attempts_, env_.random), asked);
  if (now + wait + kTimeToSend > answer_by_) return false;
  if (env_.breaker.Rest(now + wait)) {
    error.retry_after = std::max(error.retry_after, env_.breaker.Rest(now));
    return false;
  }
  if (!env_.retry_budget.TakeRetry(now)) return false;
  last_error_ = error;
  ReportRetry(error.reason, wait);
  retry_timer_ = env_.scheduler.RunAfter(wait, [this] {
    retry_timer_ = 0;
    if (!IsRefusedByBreaker()) SendWithToken();
  });
  return true;
}

void SignedCall::FinishAlone() {
  CountTime();
  record_ = std::make_shared<CallRecord>(*record_);
  is_alone_ = true;
}

CallError SignedCall::NotSentError() {
  if (transfer_ != 0) return NotSentInTime("a connection to EnOS");
  if (last_error_ && token_wait_ == 0) return *std::move(last_error_);
  return NotSentInTime("an access token");
}

// The time since it was counted last, to what is waited for.
void SignedCall::CountTime() {
  const SteadyTime now = env_.scheduler.Now();
  if (token_wait_ != 0) record_->token += now - counted_up_to_;
  if (transfer_ != 0) record_->upstream += now - counted_up_to_;
  counted_up_to_ = now;
}

void SignedCall::Stop() {
  CountTime();
  env_.tokens.Forget(std::exchange(token_wait_, 0));
  ReportNoAnswer();
  env_.http.Drop(std::exchange(transfer_, 0));
  env_.breaker.GivenUp(std::exchange(pass_, 0));
  env_.scheduler.Cancel(std::exchange(retry_timer_, 0));
}

void SignedCall::Finish(std::optional<CallError> error) {
  std::exchange(done_, nullptr)(std::move(error));
}

}  // namespace enos::gateway
