#include "server/testing/upstream_rig.h"

#include <gtest/gtest.h>

namespace enos::gateway {

std::string FlowErrorJson(int64_t code) {
  return R"({"code":)" + std::to_string(code) + R"(,"msg":"no"})";
}

std::string NameOf(TransferEnd end) {
  switch (end) {
    case TransferEnd::kAnswered:
      return "Answered";
    case TransferEnd::kNameNotResolved:
      return "NameNotResolved";
    case TransferEnd::kConnectFailed:
      return "ConnectFailed";
    case TransferEnd::kConnectTimeout:
      return "ConnectTimeout";
    case TransferEnd::kTlsFailed:
      return "TlsFailed";
    case TransferEnd::kConnectionLost:
      return "ConnectionLost";
    case TransferEnd::kMalformed:
      return "Malformed";
    case TransferEnd::kTooLarge:
      return "TooLarge";
  }
  return "Unknown";
}

UpstreamRig::UpstreamRig(const Options& options)
    : token_service(
          scheduler, http, clock, credentials, [this] { return random(); }, std::chrono::seconds(5),
          nullptr, &request_tracer),
      tokens(
          scheduler, token_service, [this] { return random(); }, TokenProviderOptions(),
          TokenEvents()),
      breaker([this] { return random(); }, options.breaker,
              [this](CircuitBreaker::State state) {
                breaker_changes.push_back({state, scheduler.Now(), http.sent().size()});
              }),
      options_(options.upstream) {
  tokens.Start();
  if (options.with_token) GiveToken("T1");
}

UpstreamEnvironment UpstreamRig::Environment() {
  return {scheduler,
          http,
          clock,
          tokens,
          retry_budget,
          breaker,
          [this] { return random(); },
          options_,
          [this](const UpstreamRequest& request) { requests.push_back(request); },
          [this](Reason why) { retries.push_back(why); },
          &request_tracer};
}

void UpstreamRig::GiveToken(std::string_view token, int64_t seconds) {
  const auto running = http.Running(kTokenService);
  ASSERT_EQ(running.size(), 1U);
  http.Answer(running.front(), 200, TokenJson(token, seconds));
}

void UpstreamRig::BreakToken() {
  const auto running = http.Running(kTokenService);
  ASSERT_EQ(running.size(), 1U);
  http.Fail(running.front(), TransferEnd::kConnectFailed, false, "broken");
}

}  // namespace enos::gateway
