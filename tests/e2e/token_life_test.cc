// Access tokens come and go; no caller ever notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "sandbox/enos/json_value.h"
#include "sandbox/enos/sha256.h"
#include "sandbox/http/raw_client.h"
#include "sandbox/sandbox_server.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::HasSubstr;

sandbox::SandboxOptions WithLifetime(absl::Duration lifetime) {
  sandbox::SandboxOptions options;
  options.token_lifetime = lifetime;
  return options;
}

// A sandbox in this process, so that the test can inspect and remove tokens.
class TokenLife {
 public:
  explicit TokenLife(sandbox::SandboxOptions options) : sandbox_(std::move(options)) {
    const absl::Status started = sandbox_.Start();
    EXPECT_TRUE(started.ok()) << started;
  }
  sandbox::SandboxServer& sandbox() { return sandbox_; }
  std::string url() const { return sandbox_.url(); }

  // Another program of the same application requests its token, or a new one in its place.
  std::string AskFor(const std::string& action, const std::string& old_token) {
    const std::string timestamp = std::to_string(++last_ms_);
    const std::string body = "{\"appKey\":\"" + std::string(kAccessKey) +
                             "\",\"timestamp\":" + timestamp + ",\"encryption\":\"" +
                             sandbox::Sha256Hex(kAccessKey + timestamp + kSecretKey) +
                             "\",\"accessToken\":\"" + old_token + "\"}";
    sandbox::RawClient client(sandbox_.port());
    client.Send("POST /apim-token-service/v2.0/token/" + action +
                " HTTP/1.1\r\nHost: enos\r\nConnection: close\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    client.ReadToEnd();
    const auto answer = sandbox::ParseJson(client.received().substr(
        std::min(client.received().size(), client.received().find("\r\n\r\n") + 4)));
    const sandbox::JsonValue* const data = answer ? answer->Find("data") : nullptr;
    const sandbox::JsonValue* const token = data == nullptr ? nullptr : data->Find("accessToken");
    EXPECT_NE(token, nullptr) << client.received();
    return token == nullptr ? "" : token->text;
  }

 private:
  sandbox::SandboxServer sandbox_;
  // A (key, timestamp) pair may be used once: these are not the ones that the gateway uses.
  std::int64_t last_ms_ = absl::ToUnixMillis(absl::Now() - absl::Minutes(1));
};

// This many concurrent calls of the same flow; returns how many succeeded.
int CallAtOnce(const std::shared_ptr<grpc::Channel>& channel, int flow_id, int count) {
  CallsAtOnce calls;
  for (int i = 0; i < count; ++i) calls.Start(channel, RequestFor(flow_id));
  int ok = 0;
  for (const CallOutcome& outcome : calls.WaitForAll()) {
    if (outcome.status.ok()) ++ok;
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  }
  return ok;
}

TEST(TokenLife, ShortTokens_FailNoCall) {
  TokenLife life(WithLifetime(absl::Seconds(2)));
  GatewayProcess gateway(GatewayOptions(life.url()));
  const auto channel = OwnChannel(gateway.address());
  const absl::Time guard = absl::Now() + absl::FromChrono(kGuard);
  std::uint64_t called = 0;
  // The first token and its three replacements.
  while (life.sandbox().Tokens().gets + life.sandbox().Tokens().refreshes < 5) {
    ASSERT_LT(absl::Now(), guard) << "the token is not renewed";
    called += 4;
    ASSERT_EQ(CallAtOnce(channel, 7, 4), 4);
  }
  EXPECT_EQ(life.sandbox().Stats().executed, called) << "each exactly once";
  EXPECT_EQ(life.sandbox().Tokens().refused, 0U);
}

TEST(TokenLife, AnotherClientRefreshesTheToken_FailsNoCall) {
  TokenLife life(WithLifetime(absl::Hours(2)));
  GatewayProcess gateway(GatewayOptions(life.url()));
  const auto channel = OwnChannel(gateway.address());
  constexpr int kRounds = 5;
  constexpr int kCalls = 10;
  for (int round = 1; round <= kRounds; ++round) {
    ASSERT_EQ(CallAtOnce(channel, round, kCalls), kCalls);
    const std::string shared = life.AskFor("get", "");
    ASSERT_NE(life.AskFor("refresh", shared), shared);
  }
  ASSERT_EQ(CallAtOnce(channel, kRounds + 1, kCalls), kCalls);
  EXPECT_EQ(life.sandbox().Stats().executed, std::uint64_t{(kRounds + 1) * kCalls});
  EXPECT_EQ(life.sandbox().Tokens().refreshes, std::uint64_t{kRounds}) << "all by the other one";
  EXPECT_EQ(life.sandbox().Tokens().gets, std::uint64_t{2 * kRounds + 1})
      << "the gateway asks once at its start and once for each dead token";
}

// It is the gateway's clock that is off, as EnOS sees it.
class ClockSkewTest : public testing::TestWithParam<const char*> {};

TEST_P(ClockSkewTest, IsMeasuredOnceAndEveryCallRunsOnce) {
  const SandboxProcess sandbox({std::string("--clock_offset=") + GetParam()});
  GatewayProcess gateway(GatewayOptions(sandbox.url()));
  const auto channel = OwnChannel(gateway.address());
  ASSERT_EQ(CallAtOnce(channel, 1, 1), 1);
  EXPECT_TRUE(gateway.WaitForLine("this machine's clock differs from that of EnOS"));
  ASSERT_EQ(CallAtOnce(channel, 2, 50), 50);
  EXPECT_THAT(sandbox.View("/_sandbox/stats"), HasSubstr("\"executedByFlow\":{\"1\":1,\"2\":50}"));
  gateway.Signal(SIGTERM);
  gateway.Wait();
  const std::string log = gateway.all_output();
  const auto first = log.find("clock differs");
  EXPECT_EQ(log.find("clock differs", first + 1), std::string::npos) << log;
}

INSTANTIATE_TEST_SUITE_P(All, ClockSkewTest, testing::Values("1h", "-1h", "23h"));

class RevokedTokenTest : public testing::TestWithParam<sandbox::TokenRefusal> {};

TEST_P(RevokedTokenTest, HundredCallsAtOnce_CauseOneRenewalAndRunOnceEach) {
  sandbox::SandboxOptions options;
  options.flows.token_refusal = GetParam();
  TokenLife life(options);
  GatewayProcess gateway(GatewayOptions(life.url()));
  const auto channel = OwnChannel(gateway.address());
  ASSERT_EQ(CallAtOnce(channel, 1, 1), 1);
  const sandbox::TokenStats before = life.sandbox().Tokens();
  life.sandbox().RevokeTokens();
  ASSERT_EQ(CallAtOnce(channel, 2, 100), 100);
  EXPECT_EQ(life.sandbox().Tokens().gets, before.gets + 1);
  EXPECT_EQ(life.sandbox().Tokens().refreshes, before.refreshes);
  EXPECT_EQ(life.sandbox().Stats().executed_by_flow[2], 100U);
}

INSTANTIATE_TEST_SUITE_P(All, RevokedTokenTest,
                         testing::Values(sandbox::TokenRefusal::kHttp401,
                                         sandbox::TokenRefusal::kCode401,
                                         sandbox::TokenRefusal::kCode497,
                                         sandbox::TokenRefusal::kCode1203));

}  // namespace
}  // namespace enos::e2e
