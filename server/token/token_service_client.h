#ifndef ENOS_SERVER_TOKEN_TOKEN_SERVICE_CLIENT_H_
#define ENOS_SERVER_TOKEN_TOKEN_SERVICE_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "server/base/random.h"
#include "server/base/scheduler.h"
#include "server/contract/call_error.h"
#include "server/enos/token_service.h"
#include "server/http/http_client.h"
#include "server/http/upstream_clock.h"
#include "server/http/upstream_events.h"
#include "server/token/credentials.h"
#include "server/tracing/request_tracer.h"

namespace enos::gateway {

struct FetchedToken {
  std::string token;
  SteadyTime expires_at;  // counted from before the request was sent
};

// Why no token came. `error` is what a call that needed one is told: ENOS_CREDENTIALS_REFUSED when
// EnOS does not take the keys (1002, 1003: trying again is no use), else ENOS_UNREACHABLE; always
// NOT_EXECUTED.
struct FetchFailure {
  CallError error;
  bool credentials_refused = false;
};

// Talks with EnOS's token service: one fetch at a time. Source of the rules: docs/enos-api.md,
// "Tokens".
//
// Loop thread only.
class TokenServiceClient {
 public:
  using Unwanted = std::function<bool(const std::string& token)>;
  using Callback = absl::AnyInvocable<void(std::variant<FetchedToken, FetchFailure>)>;

  // The references must outlive the client. request_timeout: the longest one request may take.
  // on_request: for metrics. tracer: null: nothing is traced.
  TokenServiceClient(Scheduler& scheduler, HttpClient& http, UpstreamClock& clock,
                     SharedCredentials credentials, RandomSource random,
                     std::chrono::milliseconds request_timeout,
                     OnUpstreamRequest on_request = nullptr, const RequestTracer* tracer = nullptr);
  ~TokenServiceClient();
  TokenServiceClient(const TokenServiceClient&) = delete;
  TokenServiceClient& operator=(const TokenServiceClient&) = delete;

  // Asks `get`; if that answers a token that is `unwanted` (refused, or about to expire), asks
  // `refresh` once. A refresh that fails leaves what `get` answered: EnOS insists on it; but where
  // it says that the token expired in between (1203), `get` is asked for another. A refusal that
  // shows that the clock is off (UpstreamClock) is answered by the same request with the right
  // time, once. `done` is called once, never from within. Not while another fetch runs.
  void Fetch(Unwanted unwanted, Callback done);

  // Ends the fetch that runs, if one does; its `done` is never called.
  void Cancel();

  // The keys to ask with from the next fetch on; not while one runs.
  void Use(SharedCredentials credentials) { credentials_ = std::move(credentials); }
  const SharedCredentials& credentials() const { return credentials_; }

  bool fetching() const { return done_ != nullptr; }

 private:
  enum class Step { kGet, kRefresh, kGetAgain };

  void Send(Step step);
  void OnAnswer(const HttpResult& result);
  void OnToken(TokenAnswer answer);
  void OnRefusal(const HttpResult& result, const TokenAnswer& answer);
  bool IsClockCorrected(const HttpResult& result, const TokenAnswer& answer);
  void OnTimeout();
  void Report(std::optional<TransferEnd> end, int http_status, std::optional<int64_t> code);
  void Fail(FetchFailure failure);
  void Finish(std::variant<FetchedToken, FetchFailure> result);
  int64_t NextTimestamp();

  Scheduler& scheduler_;
  HttpClient& http_;
  UpstreamClock& clock_;
  SharedCredentials credentials_;
  const RandomSource random_;
  const std::chrono::milliseconds request_timeout_;
  const OnUpstreamRequest on_request_;
  const RequestTracer* const tracer_;

  int64_t last_timestamp_ms_ = 0;
  Unwanted unwanted_;
  Callback done_;  // null: no fetch runs
  Step step_ = Step::kGet;
  SteadyTime asked_at_;
  int repeated_ = 0;                      // answers with code 1001 in this step
  bool clock_corrected_ = false;          // in this fetch
  std::optional<FetchedToken> fallback_;  // what `get` answered, while a refresh is tried
  TransferId transfer_ = 0;
  std::unique_ptr<Span> span_;  // of the transfer; null: not sampled
  TimerId timeout_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TOKEN_TOKEN_SERVICE_CLIENT_H_
