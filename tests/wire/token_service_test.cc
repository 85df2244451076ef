// A failing token service, over real sockets: what callers are told meanwhile, and that the gateway
// starts anyway, says so, and becomes ready by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/log/log.h"
#include "server/testing/ops_client.h"
#include "tests/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/upstream.h"
#include "tests/wire/support/watched_log.h"

namespace enos::gateway::testing {
namespace {

using sandbox::Answer;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kUnreachable[] = "UNAVAILABLE ENOS_UNREACHABLE NOT_EXECUTED";
constexpr char kKeysRefused[] = "UNAUTHENTICATED ENOS_CREDENTIALS_REFUSED NOT_EXECUTED";

struct Trouble {
  std::string name;
  Answer answer;  // of every request for a token
  std::string told = kUnreachable;
  std::string logged = "";  // part of the log's line
};

Answer Code(int code) {
  return Answer::Json(200, "{\"status\":" + std::to_string(code) + ",\"msg\":\"no\"}");
}

Answer WithToken(const std::string& token) {
  return Answer::Json(200,
                      R"({"status":0,"data":{"accessToken":")" + token + R"(","expire":7200}})");
}

std::vector<Trouble> Troubles() {
  return {
      {"Code1001", Code(1001), kUnreachable, "code 1001"},
      {"Code1002", Code(1002), kKeysRefused, "code 1002"},
      {"Code1003", Code(1003), kKeysRefused, "code 1003"},
      {"Code1004", Code(1004), kUnreachable, "code 1004"},
      {"Code1005", Code(1005), kUnreachable, "code 1005"},
      {"Code1202", Code(1202), kUnreachable, "code 1202"},
      {"Code1203", Code(1203), kUnreachable, "code 1203"},
      {"Code1204", Code(1204), kUnreachable, "code 1204"},
      {"Code497", Code(497), kUnreachable, "code 497"},
      {"Http401", Answer::Text(401, ""), kUnreachable, "HTTP 401"},
      {"Http429", Answer::Text(429, ""), kUnreachable, "HTTP 429"},
      {"Http503", Answer::Text(503, ""), kUnreachable, "HTTP 503"},
      {"Html", Answer::Text(502, "<html>bad gateway</html>"), kUnreachable, "HTTP 502"},
      {"Redirect", Answer::Text(307, ""), kUnreachable, "HTTP 307"},
      {"Empty", Answer::Json(200, "")},
      {"NotJson", Answer::Json(200, "token=T1&expire=7200")},
      {"NoToken", Answer::Json(200, R"({"status":0,"data":{"expire":7200}})")},
      {"NoLife", Answer::Json(200, R"({"status":0,"data":{"accessToken":"T1"}})")},
      {"EmptyToken", WithToken("")},
      {"TokenWithLineBreak", WithToken("T1\\r\\nevil: yes")},
      {"TokenWithNul", WithToken("T\\u0000")},
      {"HugeToken", WithToken(std::string(5000, 'T'))},
      {"TooLarge", WithToken(std::string(2 << 20, 'T'))},
      {"Closed", Answer::Nothing(sandbox::Ending::kClose)},
      {"Reset", Answer::Nothing(sandbox::Ending::kReset)},
      {"HalfAnswer", Answer::Truncated(WithToken("T1"), 100, sandbox::Ending::kClose)},
      {"NoHttp", Answer::Raw("SSH-2.0-OpenSSH\r\n", sandbox::Ending::kClose)},
  };
}

class TokenService : public ::testing::Test {
 protected:
  void Start(const std::string& url) {
    Settings settings = SettingsFor(url);
    settings.metrics_listen = ListenAddress{"127.0.0.1", 0};
    gateway_ = std::make_unique<GatewayRunner>(std::move(settings));
  }
  void Start() { Start(enos_.url()); }

  int Ready() const { return OpsGet(gateway_->gateway().metrics_address(), "/readyz").status; }

  bool WaitForReady() const {
    const auto give_up = std::chrono::steady_clock::now() + kGuard;
    while (Ready() != 200) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::yield();
    }
    return true;
  }

  // And calls arrive, once each.
  void ExpectRecovered() {
    EXPECT_TRUE(WaitForReady());
    const std::uint64_t before = enos_.calls();
    EXPECT_EQ(Summary(gateway_->Call()), "OK");
    EXPECT_EQ(enos_.calls(), before + 1);
  }

  FakeEnos enos_;
  WatchedLog log_;
  std::unique_ptr<GatewayRunner> gateway_;
};

class TokenServiceTrouble : public TokenService, public ::testing::WithParamInterface<Trouble> {};

TEST_P(TokenServiceTrouble, AtStart_CallsAreToldAndItRecoversByItself) {
  enos_.AnswerTokens([](const auto&, const auto&) { return GetParam().answer; });
  Start();
  const RpcOutcome outcome = gateway_->Call();
  EXPECT_EQ(Summary(outcome), GetParam().told) << outcome.status.error_message();
  EXPECT_EQ(Ready(), 503);
  EXPECT_TRUE(log_.WaitFor("no access token")) << log_.Text();
  EXPECT_THAT(log_.Text(), HasSubstr(GetParam().logged));
  EXPECT_EQ(enos_.calls(), 0U);
  enos_.AnswerTokens(nullptr);
  ExpectRecovered();
}

// While the token is valid, the trouble harms only the call whose token was refused.
TEST_P(TokenServiceTrouble, WhenATokenIsRefused_OnlyThatCallIsTold) {
  Start();
  ASSERT_EQ(Summary(gateway_->Call()), "OK");
  enos_.AnswerTokens([](const auto&, const auto&) { return GetParam().answer; });
  enos_.AnswerInTurn({Answer::Text(401, ""), FlowStartedAnswer()});
  EXPECT_EQ(Summary(gateway_->Call()), GetParam().told);
  EXPECT_EQ(enos_.calls(), 2U);
  EXPECT_EQ(Summary(gateway_->Call()), "OK");
  EXPECT_EQ(Ready(), 200);
}

INSTANTIATE_TEST_SUITE_P(All, TokenServiceTrouble, ::testing::ValuesIn(Troubles()),
                         [](const auto& test) { return test.param.name; });

TEST_F(TokenService, DownAtStart_ItStartsSaysSoAndBecomesReadyByItself) {
  const std::string url = enos_.url();
  enos_.Stop();
  {
    const RefusingPort port(enos_.server().port());
    Start(url);
    EXPECT_TRUE(log_.WaitFor("no access token")) << log_.Text();
    EXPECT_EQ(Ready(), 503);
    EXPECT_EQ(Summary(gateway_->Call()), kUnreachable);
  }
  enos_.Restart({});
  EXPECT_TRUE(log_.WaitFor("access token obtained")) << log_.Text();
  ExpectRecovered();
}

// The shortest possible life: renewal is due before it ends, and fails.
TEST_F(TokenService, DownAtRenewal_CallsGoOnUntilTheTokenDiesAndAgainAfterwards) {
  enos_.AnswerTokens([](const auto&, const auto&) { return TokenAnswer("token-1", 1); });
  Start();
  ASSERT_TRUE(WaitForReady());
  enos_.AnswerTokens(
      [](const auto&, const auto&) { return Answer::Nothing(sandbox::Ending::kReset); });
  std::uint64_t ok = 0;
  std::string told;
  while ((told = Summary(gateway_->Call())) == "OK") ++ok;
  EXPECT_EQ(told, kUnreachable);
  EXPECT_EQ(enos_.calls(), ok);
  EXPECT_TRUE(log_.WaitFor("access token expired")) << log_.Text();
  EXPECT_EQ(Ready(), 503);
  enos_.AnswerTokens(nullptr);
  ExpectRecovered();
}

TEST_F(TokenService, Slow_CallsWaitForIt) {
  enos_.AnswerTokens([](const auto&, const auto&) {
    Answer answer = TokenAnswer("token-1");
    answer.delay = std::chrono::milliseconds(300);
    return answer;
  });
  Start();
  std::vector<std::unique_ptr<Rpc>> calls;
  for (int i = 0; i < 20; ++i)
    calls.push_back(std::make_unique<Rpc>(gateway_->channel(), RpcOptions()));
  for (const auto& call : calls) EXPECT_EQ(Summary(call->Wait()), "OK");
  EXPECT_EQ(enos_.calls(), 20U);
}

TEST_F(TokenService, SlowerThanTheDeadline_CallIsToldAndNeverSent) {
  enos_.AnswerTokens(
      [](const auto&, const auto&) { return Answer::Nothing(sandbox::Ending::kHold); });
  Start();
  RpcOptions options;
  options.timeout = std::chrono::seconds(1);
  EXPECT_EQ(Summary(gateway_->Call(options)), kUnreachable);
  EXPECT_EQ(enos_.calls(), 0U);
}

// Another program of the same application renews the shared token: the old one is refused, and
// `get` returns the new one. No call fails.
TEST_F(TokenService, TokenReplacedByAnother_NoCallFails) {
  Start();
  ASSERT_EQ(Summary(gateway_->Call()), "OK");
  enos_.AnswerTokens([](const auto& request, const auto&) {
    EXPECT_THAT(request.target, HasSubstr("/token/get")) << "`get` already gives another one";
    return TokenAnswer("token-77");
  });
  enos_.AnswerInTurn({Answer::Text(401, ""), FlowStartedAnswer()});
  EXPECT_EQ(Summary(gateway_->Call()), "OK");
}

TEST_F(TokenService, TokenRevoked_IsRefreshedWhereGetInsistsOnIt) {
  enos_.AnswerTokens([](const auto& request, const auto&) {
    const bool is_refresh = request.target.find("/token/refresh") != std::string::npos;
    return TokenAnswer(is_refresh ? "token-2" : "token-1");
  });
  Start();
  ASSERT_EQ(Summary(gateway_->Call()), "OK");
  enos_.AnswerInTurn({Answer::Json(200, R"({"code":1203,"msg":"expired"})"), FlowStartedAnswer()});
  EXPECT_EQ(Summary(gateway_->Call()), "OK");
  EXPECT_TRUE(enos_.WaitForTokens(3));
}

std::string HttpDate(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  EXPECT_GT(std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts), 0U);
  return text;
}

class TokenServiceClock : public TokenService, public ::testing::WithParamInterface<int> {};

// An hour ahead, and behind: it accepts only timestamps of its own time.
TEST_P(TokenServiceClock, IsOff_TimestampsAreCorrected) {
  enos_.AnswerTokens([](const sandbox::HttpRequest& request, const auto&) {
    const std::time_t now = std::time(nullptr) + GetParam();
    const std::string name = "\"timestamp\":";
    const auto sent = std::stoll(request.body.substr(request.body.find(name) + name.size())) / 1000;
    Answer answer = std::abs(sent - now) < 300 ? TokenAnswer("token-1") : Code(497);
    answer.headers.emplace_back("Date", HttpDate(now));
    return answer;
  });
  Start();
  EXPECT_EQ(Summary(gateway_->Call()), "OK");
  EXPECT_TRUE(log_.WaitFor("clock differs from that of EnOS"));
  EXPECT_EQ(log_.Text().find("no access token"), std::string::npos) << log_.Text();
}

INSTANTIATE_TEST_SUITE_P(All, TokenServiceClock, ::testing::Values(3600, -3600));

// The token service knows every token that it issued.
TEST_F(TokenService, RefusalThatNamesTheToken_ShowsCallersNothingOfIt) {
  std::atomic<bool> refuse{false};
  const std::string padding(230, '.');  // the token crosses the end of what is shown
  enos_.AnswerTokens([&](const auto&, const auto&) -> std::optional<Answer> {
    if (!refuse) return WithToken("a-token-that-callers-must-not-see");
    return Answer::Json(200, R"({"status":1005,"msg":"a-token-that-callers-must-not-see lives )" +
                                 padding + R"(a-token-that-callers-must-not-see"})");
  });
  Start();
  ASSERT_EQ(Summary(gateway_->Call()), "OK");
  refuse = true;
  enos_.AnswerWith(Answer::Json(401, "{}"));
  const RpcOutcome outcome = gateway_->Call();
  EXPECT_EQ(Summary(outcome), kUnreachable);
  EXPECT_THAT(outcome.error.enos_message, HasSubstr("*** lives"));
  const std::string seen = outcome.status.error_message() + outcome.status.error_details();
  for (const char* const part : {"a-token", "must-not"}) {
    EXPECT_THAT(seen, Not(HasSubstr(part)));
  }
}

TEST_F(TokenService, Token_IsMaskedInTheLog) {
  const std::string token = "token-that-no-other-test-has";  // the mask is the process's
  enos_.AnswerTokens([token](const auto&, const auto&) { return WithToken(token); });
  Start();
  ASSERT_EQ(Summary(gateway_->Call()), "OK");
  Log(LogLevel::kWarning, "an answer of EnOS", {{"text", "refused: " + token}});
  EXPECT_THAT(log_.Text(), HasSubstr("text=\"refused: ***\""));
}

}  // namespace
}  // namespace enos::gateway::testing
