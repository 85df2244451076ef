#include "server/token/token_service_client.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/contract/upstream_text.h"
#include "server/enos/api_version.h"
#include "server/http/retry_after.h"

namespace enos::gateway {
namespace {

// How often one step is repeated with another timestamp after code 1001. Another replica can take
// the same millisecond, and the one after it; not many times in a row.
constexpr int kMaxRepeats = 5;
// How far another timestamp may jump ahead, to get out of step with other replicas.
constexpr double kMaxJumpMs = 50;

// Timestamps only grow, so that none is used twice; unless the wall clock was set back further than
// this, for then they would stay wrong until it has caught up. That one may come twice is the
// lesser evil: EnOS says so (1001).
constexpr int64_t kMaxAheadMs = 10'000;

constexpr int64_t kTokenExpired = 1203;

// How the token service words a refused timestamp is not documented: as the other services do
// (497), or as an `encryption` or a parameter that is not valid.
bool MayMeanTimestamp(std::optional<int64_t> enos_code) {
  return enos_code == 497 || enos_code == 1003 || enos_code == 1004;
}

CallError NoToken(const std::string& why) {
  CallError error;
  error.code = absl::StatusCode::kUnavailable;
  error.reason = Reason::ENOS_UNREACHABLE;
  error.execution = Execution::kNotExecuted;
  error.message = absl::StrCat("EnOS gives no access token (", why,
                               "). Try again later; if it lasts, check ENOS_API_URL and the "
                               "state of EnOS.");
  return error;
}

CallError KeysRefused(const std::string& why) {
  CallError error;
  error.code = absl::StatusCode::kUnauthenticated;
  error.reason = Reason::ENOS_CREDENTIALS_REFUSED;
  error.execution = Execution::kNotExecuted;
  error.message = absl::StrCat("EnOS refuses the gateway's keys (", why,
                               "). Check the access key and the secret key of the gateway.");
  return error;
}

}  // namespace

TokenServiceClient::TokenServiceClient(Scheduler& scheduler, HttpClient& http, UpstreamClock& clock,
                                       SharedCredentials credentials, RandomSource random,
                                       std::chrono::milliseconds request_timeout,
                                       OnUpstreamRequest on_request, const RequestTracer* tracer)
    : scheduler_(scheduler),
      http_(http),
      clock_(clock),
      credentials_(std::move(credentials)),
      random_(std::move(random)),
      request_timeout_(request_timeout),
      on_request_(std::move(on_request)),
      tracer_(tracer) {}

TokenServiceClient::~TokenServiceClient() { Cancel(); }

void TokenServiceClient::Cancel() {
  http_.Drop(std::exchange(transfer_, 0));
  span_.reset();
  scheduler_.Cancel(std::exchange(timeout_, 0));
  fallback_.reset();
  unwanted_ = nullptr;
  done_ = nullptr;
}

void TokenServiceClient::Fetch(Unwanted unwanted, Callback done) {
  unwanted_ = std::move(unwanted);
  done_ = std::move(done);
  fallback_.reset();
  repeated_ = 0;
  clock_corrected_ = false;
  Send(Step::kGet);
}

int64_t TokenServiceClient::NextTimestamp() {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Now().time_since_epoch());
  const int64_t jump = repeated_ == 0 ? 0 : static_cast<int64_t>(random_() * kMaxJumpMs);
  if (last_timestamp_ms_ > now.count() + kMaxAheadMs) last_timestamp_ms_ = 0;
  last_timestamp_ms_ = std::max<int64_t>(now.count(), last_timestamp_ms_ + 1) + jump;
  return last_timestamp_ms_;
}

void TokenServiceClient::Send(Step step) {
  step_ = step;
  asked_at_ = scheduler_.Now();
  // A refresh is of what `get` just answered.
  std::optional<std::string_view> to_refresh;
  if (step == Step::kRefresh && fallback_) to_refresh = fallback_->token;

  HttpRequest request;
  request.path_and_query = to_refresh ? kTokenRefreshPath : kTokenGetPath;
  request.headers = {"Content-Type: application/json;charset=UTF-8"};
  request.body = std::make_shared<const std::string>(
      EncodeTokenRequest(credentials_->access_key.Reveal(), credentials_->secret_key.Reveal(),
                         NextTimestamp(), to_refresh));
  if (tracer_ != nullptr) {
    const int resends = repeated_ + (clock_corrected_ ? 1 : 0);
    span_ = tracer_->Start(UpstreamOperation::kToken, request, nullptr, resends);
  }
  transfer_ =
      http_.Start(std::move(request), [this](const HttpResult& result) { OnAnswer(result); });
  timeout_ = scheduler_.RunAfter(request_timeout_, [this] { OnTimeout(); });
}

void TokenServiceClient::OnTimeout() {
  timeout_ = 0;
  Report(std::nullopt, 0, std::nullopt);
  http_.Drop(std::exchange(transfer_, 0));
  Fail({NoToken("the token service did not answer in time")});
}

void TokenServiceClient::Report(std::optional<TransferEnd> end, int http_status,
                                std::optional<int64_t> code) {
  const UpstreamRequest request{UpstreamOperation::kToken, end, http_status, code,
                                scheduler_.Now() - asked_at_};
  EndRequestSpan(std::move(span_), request);
  if (on_request_) on_request_(request);
}

void TokenServiceClient::OnAnswer(const HttpResult& result) {
  transfer_ = 0;
  scheduler_.Cancel(std::exchange(timeout_, 0));
  if (result.end != TransferEnd::kAnswered) {
    Report(result.end, 0, std::nullopt);
    Fail({NoToken(CleanUpstreamText(result.detail, KnownSecrets()))});
    return;
  }
  TokenAnswer answer = DecodeTokenAnswer(result.status, result.body);
  Report(result.end, result.status, answer.enos_code);
  if (answer.verdict == TokenVerdict::kToken) {
    clock_.OnAnswer(result.date);
    OnToken(std::move(answer));
  } else {
    OnRefusal(result, answer);
  }
}

void TokenServiceClient::OnToken(TokenAnswer answer) {
  FetchedToken fetched{std::move(answer.token), asked_at_ + answer.lifetime};
  if (step_ == Step::kGet && unwanted_(fetched.token)) {
    fallback_ = std::move(fetched);
    repeated_ = 0;
    Send(Step::kRefresh);
    return;
  }
  Finish(std::move(fetched));
}

void TokenServiceClient::OnRefusal(const HttpResult& result, const TokenAnswer& answer) {
  if (answer.verdict == TokenVerdict::kRepeatedRequest && ++repeated_ <= kMaxRepeats) {
    Send(step_);
    return;
  }
  if (step_ == Step::kRefresh && answer.enos_code == kTokenExpired) {
    // It died between the two requests: now `get` has to make a new one.
    fallback_.reset();
    repeated_ = 0;
    Send(Step::kGetAgain);
    return;
  }
  if (IsClockCorrected(result, answer)) {
    Send(step_);
    return;
  }
  std::string message = CleanUpstreamText(answer.enos_message, KnownSecrets());
  const std::string why =
      answer.enos_code
          ? absl::StrCat("code ", *answer.enos_code, message.empty() ? "" : ": ", message)
          : absl::StrCat("HTTP ", result.status, " without a token");
  FetchFailure failure;
  failure.credentials_refused = answer.verdict == TokenVerdict::kCredentialsRefused;
  failure.error = failure.credentials_refused ? KeysRefused(why) : NoToken(why);
  failure.error.enos_code = answer.enos_code;
  failure.error.enos_message = std::move(message);
  failure.error.http_status = result.status;
  failure.error.retry_after = ParseRetryAfter(result.retry_after, clock_.Now());
  Fail(std::move(failure));
}

// Whether the refusal was perhaps one of the timestamp, and that will be another one now.
bool TokenServiceClient::IsClockCorrected(const HttpResult& result, const TokenAnswer& answer) {
  if (!MayMeanTimestamp(answer.enos_code) || !clock_.OnRefusal(result.date)) return false;
  return !std::exchange(clock_corrected_, true);
}

void TokenServiceClient::Fail(FetchFailure failure) {
  if (fallback_) {
    Finish(std::move(*fallback_));
  } else {
    Finish(std::move(failure));
  }
}

void TokenServiceClient::Finish(std::variant<FetchedToken, FetchFailure> result) {
  fallback_.reset();
  unwanted_ = nullptr;
  Callback done = std::exchange(done_, nullptr);
  done(std::move(result));
}

}  // namespace enos::gateway
