// For one Start at most one request is ever written: all the ways in which libcurl, or HTTP, might
// send it again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using sandbox::Answer;
using sandbox::Ending;
using sandbox::HeadDecision;

struct LostCase {
  std::string name;
  std::size_t body_bytes;
  Ending ending;
};

class ReusedConnectionTest : public ::testing::TestWithParam<LostCase> {};

// libcurl by itself would resend such a request: the connection was used before and not a byte of
// an answer arrived, so it assumes that the connection had died while idle.
TEST_P(ReusedConnectionTest, RequestThatGotNoAnswerIsNotSentAgain) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  ASSERT_EQ(client.Do(Post("/")).status, 200);

  upstream.AnswerWith(Answer::Nothing(GetParam().ending));
  const HttpResult result = client.Do(Post("/", std::string(GetParam().body_bytes, 'x')));
  EXPECT_EQ(result.end, TransferEnd::kConnectionLost) << result.detail;
  EXPECT_TRUE(result.maybe_sent);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(upstream.counters().Get().request_heads_seen, 2U);
}

// A second connection could only be thrown away; opening it would cost the caller time.
TEST_P(ReusedConnectionTest, NoOtherConnectionIsMadeForIt) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  ASSERT_EQ(client.Do(Post("/")).status, 200);
  upstream.AnswerWith(Answer::Nothing(GetParam().ending));
  client.Do(Post("/", std::string(GetParam().body_bytes, 'x')));
  // The server accepts in order: an additional one would be counted by now.
  upstream.AnswerWith(Answer::Json(200, "{}"));
  ASSERT_EQ(client.Do(Post("/")).status, 200);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 2U);
}

// The other idle connection is what libcurl would use for it.
TEST_P(ReusedConnectionTest, NoOtherIdleConnectionIsUsedForIt) {
  Upstream upstream;
  upstream.Hold();
  ClientOnLoop client(upstream.url());
  auto both = client.StartMany(2, Post("/"));
  ASSERT_TRUE(upstream.WaitForHeld(2));
  upstream.AnswerHeld(Answer::Json(200, "{}"));
  for (auto& transfer : both) ASSERT_EQ(Await(transfer.result).status, 200);

  upstream.AnswerWith(Answer::Nothing(GetParam().ending));
  const HttpResult result = client.Do(Post("/", std::string(GetParam().body_bytes, 'x')));
  EXPECT_EQ(result.end, TransferEnd::kConnectionLost) << result.detail;
  EXPECT_TRUE(result.maybe_sent);
  EXPECT_EQ(upstream.counters().Get().request_heads_seen, 3U);
}

INSTANTIATE_TEST_SUITE_P(All, ReusedConnectionTest,
                         ::testing::Values(LostCase{"SmallClosed", 10, Ending::kClose},
                                           LostCase{"SmallReset", 10, Ending::kReset},
                                           LostCase{"LargeClosed", 1'500'000, Ending::kClose},
                                           LostCase{"LargeReset", 1'500'000, Ending::kReset}),
                         [](const auto& test) { return test.param.name; });

TEST(HttpClientOnce, ResetWhileALargeBodyIsSentOnAReusedConnectionIsNotSentAgain) {
  Upstream upstream;
  upstream.handler().on_head = [](const sandbox::RequestHead& head) {
    const bool second = head.ordinal == 2;
    return HeadDecision{second ? HeadDecision::Kind::kReset : HeadDecision::Kind::kReadOn, {}};
  };
  ClientOnLoop client(upstream.url());
  ASSERT_EQ(client.Do(Post("/")).status, 200);
  const HttpResult result = client.Do(Post("/", std::string(2'000'000, 'x')));
  EXPECT_EQ(result.end, TransferEnd::kConnectionLost) << result.detail;
  EXPECT_TRUE(result.maybe_sent);
  EXPECT_EQ(upstream.counters().Get().request_heads_seen, 2U);
}

TEST(HttpClientOnce, ServerThatIsGoneAfterTheRequestIsToldAsALostConnection) {
  auto upstream = std::make_unique<Upstream>();
  const std::uint16_t port = upstream->server().port();
  ClientOnLoop client(upstream->url());
  ASSERT_EQ(client.Do(Post("/")).status, 200);
  upstream->Hold();
  Transfer transfer = client.Start(Post("/"));
  ASSERT_TRUE(upstream->counters().WaitForRequests(2));
  upstream.reset();  // closes, and no longer listens
  const RefusingPort nobody_else(port);
  const HttpResult result = Await(transfer.result);
  EXPECT_EQ(result.end, TransferEnd::kConnectionLost) << result.detail;
  EXPECT_TRUE(result.maybe_sent);
}

struct StatusCase {
  std::string name;
  int status;
  sandbox::HttpHeaders headers;
  std::string retry_after = {};
};

class StatusTest : public ::testing::TestWithParam<StatusCase> {};

// On a fresh connection and on a reused one.
TEST_P(StatusTest, IsReturnedAsDataAfterOneRequest) {
  Upstream upstream;
  Answer answer = Answer::Text(GetParam().status, "text");
  answer.headers.insert(answer.headers.end(), GetParam().headers.begin(), GetParam().headers.end());
  upstream.AnswerWith(answer);
  ClientOnLoop client(upstream.url());
  for (unsigned sent = 1; sent <= 2; ++sent) {
    const HttpResult result = client.Do(Post("/", std::string(100'000, 'x')));
    EXPECT_EQ(result.end, TransferEnd::kAnswered) << result.detail;
    EXPECT_TRUE(result.maybe_sent);
    EXPECT_EQ(result.status, GetParam().status);
    EXPECT_EQ(result.body, "text");
    EXPECT_EQ(result.retry_after, GetParam().retry_after);
    EXPECT_EQ(upstream.counters().Get().request_heads_seen, sent);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, StatusTest,
    ::testing::Values(
        StatusCase{"Basic401", 401, {{"WWW-Authenticate", "Basic realm=\"x\""}}},
        StatusCase{"Digest401", 401, {{"WWW-Authenticate", "Digest realm=\"x\", nonce=\"n\""}}},
        StatusCase{"Negotiate401", 401, {{"WWW-Authenticate", "Negotiate"}}},
        StatusCase{"Ntlm401", 401, {{"WWW-Authenticate", "NTLM"}}},
        StatusCase{"Proxy407", 407, {{"Proxy-Authenticate", "Basic realm=\"x\""}}},
        StatusCase{"Redirect301", 301, {{"Location", "/elsewhere"}}},
        StatusCase{"Redirect302", 302, {{"Location", "/elsewhere"}}},
        StatusCase{"Redirect303", 303, {{"Location", "/elsewhere"}}},
        StatusCase{"Redirect307", 307, {{"Location", "/elsewhere"}}},
        StatusCase{"Redirect308", 308, {{"Location", "/elsewhere"}}},
        StatusCase{"RequestTimeout408", 408, {}}, StatusCase{"ExpectationFailed417", 417, {}},
        StatusCase{"Misdirected421", 421, {{"Alt-Svc", "h2=\":443\""}}},
        StatusCase{"TooEarly425", 425, {}},
        StatusCase{"UpgradeRequired426", 426, {{"Upgrade", "h2c"}}},
        StatusCase{"TooMany429", 429, {{"Retry-After", "3"}}, "3"},
        StatusCase{"Unavailable503",
                   503,
                   {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}},
                   "Wed, 21 Oct 2026 07:28:00 GMT"}),
    [](const auto& test) { return test.param.name; });

struct InterimCase {
  std::string name;
  std::string interim;
};

class InterimAnswerTest : public ::testing::TestWithParam<InterimCase> {};

TEST_P(InterimAnswerTest, IsPassedOverAndNothingIsSentAgain) {
  Upstream upstream;
  upstream.AnswerWith(Answer::Raw(
      GetParam().interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Ending::kServeNext));
  ClientOnLoop client(upstream.url());
  const HttpResult result = client.Do(Post("/", std::string(100'000, 'x')));
  EXPECT_EQ(result.end, TransferEnd::kAnswered) << result.detail;
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body, "{}");
  EXPECT_EQ(upstream.counters().Get().requests_received, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, InterimAnswerTest,
    ::testing::Values(InterimCase{"Continue100", "HTTP/1.1 100 Continue\r\n\r\n"},
                      InterimCase{"TwoContinues100",
                                  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"},
                      InterimCase{"Processing102", "HTTP/1.1 102 Processing\r\n\r\n"},
                      InterimCase{"EarlyHints103",
                                  "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"}),
    [](const auto& test) { return test.param.name; });

TEST(HttpClientOnce, InterimAnswerAloneIsNoAnswer) {
  Upstream upstream;
  upstream.AnswerWith(Answer::Raw("HTTP/1.1 100 Continue\r\n\r\n", Ending::kClose));
  ClientOnLoop client(upstream.url());
  for (unsigned sent = 1; sent <= 2; ++sent) {
    const HttpResult result = client.Do(Post("/"));
    EXPECT_EQ(result.end, TransferEnd::kConnectionLost) << result.detail;
    EXPECT_TRUE(result.maybe_sent);
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(upstream.counters().Get().request_heads_seen, sent);
  }
}

}  // namespace
}  // namespace enos::gateway::testing
