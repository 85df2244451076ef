// Unsolicited responses on a kept-alive connection: a proxy's duplicate, a load balancer's 408
// before it closes. They must never be taken for the next request's answer.
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "tests/wire/support/certificates.h"
#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/proxy_variables.h"
#include "tests/wire/support/ticket_server.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using sandbox::Answer;
using sandbox::Ending;
using sandbox::HeadDecision;
using ::testing::Combine;
using ::testing::Values;

std::string Bytes(const Answer& answer) { return sandbox::AnswerBytes(answer, false, true); }

// A real answer says "own".
const std::string kOwn = R"({"own":1})";

sandbox::HttpServerOptions Server(bool tls) {
  auto options = tls ? TestAuthority::Instance().ServerOptions() : sandbox::HttpServerOptions();
  options.max_body_bytes = kMoreThanSystemsTake;
  return options;
}

CurlHttpClientOptions OptionsFor(const std::string& url) {
  CurlHttpClientOptions options;
  options.base_url = url;
  options.transfer.ca_file = TestAuthority::Instance().ca_file();
  return options;
}

struct Unasked {
  std::string name;
  std::string bytes;
  Ending then = Ending::kServeNext;
  std::size_t bytes_a_write = 0;  // 0: all in one
};

const auto kUnaskedName = [](const auto& test) {
  return std::get<0>(test.param).name + (std::get<1>(test.param) ? "Tls" : "");
};

class UnaskedTest : public ::testing::TestWithParam<std::tuple<Unasked, bool>> {};

TEST_P(UnaskedTest, BytesOnAnIdleConnectionMakeTheNextCallTakeAnother) {
  const auto& [unasked, tls] = GetParam();
  Upstream upstream(Server(tls));
  upstream.AnswerWith(Answer::Json(200, kOwn));
  ClientOnLoop client(OptionsFor(upstream.url()));
  ASSERT_EQ(client.Do(Post("/")).body, kOwn);
  ASSERT_TRUE(Await(upstream.server().SendUnasked(1, unasked.bytes, unasked.then)));

  const HttpResult result = client.Do(Post("/"));
  EXPECT_EQ(result.end, TransferEnd::kAnswered) << result.detail;
  EXPECT_EQ(result.body, kOwn);
  EXPECT_EQ(upstream.counters().Get().requests_received, 2U);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 2U);
}

INSTANTIATE_TEST_SUITE_P(
    All, UnaskedTest,
    Combine(Values(Unasked{"TooMany", Bytes(Answer::Json(429, "{}"))},
                   Unasked{"Unauthenticated", Bytes(Answer::Json(401, "{}"))},
                   Unasked{"Refused", Bytes(Answer::Json(200, R"({"status":62104})"))},
                   Unasked{"Started", Bytes(Answer::Json(200, R"({"status":0})"))},
                   Unasked{"TimeoutThenClose", Bytes(Answer::Json(408, "{}")), Ending::kClose},
                   Unasked{"UnavailableThenClose", Bytes(Answer::Text(503, "x")), Ending::kClose},
                   Unasked{"TimeoutThenReset", Bytes(Answer::Json(408, "{}")), Ending::kReset},
                   Unasked{"Continue", "HTTP/1.1 100 Continue\r\n\r\n"},
                   Unasked{"HalfAnAnswer", "HTTP/1.1 429 Too Ma"}, Unasked{"EmptyLine", "\r\n"},
                   Unasked{"OneByte", "H"}),
            ::testing::Bool()),
    kUnaskedName);

// Plaintext to this machine never goes through a proxy: its connections are kept alive, and
// checked.
TEST(HttpClientUnasked, ProxySpokenToByTlsThatIsNotUsedChangesNothing) {
  const ProxyVariables variables({{"https_proxy", std::string("https://127.0.0.1:1")}});
  Upstream upstream;
  upstream.AnswerWith(Answer::Json(200, kOwn));
  CurlHttpClientOptions options = OptionsFor(upstream.url());
  options.transfer.use_proxy = false;
  ClientOnLoop client(std::move(options));
  for (int i = 0; i < 2; ++i) ASSERT_EQ(client.Do(Post("/")).body, kOwn);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 1U);
  const std::string stale = Bytes(Answer::Json(429, "{}"));
  ASSERT_TRUE(Await(upstream.server().SendUnasked(1, stale, Ending::kServeNext)));

  EXPECT_EQ(client.Do(Post("/")).body, kOwn);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 2U);
}

class DoubledTest : public ::testing::TestWithParam<std::tuple<Unasked, bool>> {};

// What arrives in one write is one TLS record: libcurl may have read all of it, and in some of
// these cases silently discards the excess, or OpenSSL may still have it.
TEST_P(DoubledTest, ConnectionThatBroughtMoreThanTheAnswerIsNotUsedAgain) {
  const auto& [doubled, tls] = GetParam();
  Upstream upstream(Server(tls));
  Answer answer = Answer::Raw(doubled.bytes, Ending::kServeNext);
  answer.trickle_bytes = doubled.bytes_a_write;
  answer.trickle_interval = std::chrono::milliseconds(1);
  upstream.AnswerWith(answer);
  ClientOnLoop client(OptionsFor(upstream.url()));
  ASSERT_EQ(client.Do(Post("/")).end, TransferEnd::kAnswered);

  upstream.AnswerWith(Answer::Json(200, kOwn));
  for (int i = 0; i < 2; ++i) {
    const HttpResult result = client.Do(Post("/"));
    EXPECT_EQ(result.end, TransferEnd::kAnswered) << result.detail;
    EXPECT_EQ(result.body, kOwn);
  }
  EXPECT_EQ(upstream.counters().Get().requests_received, 3U);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 2U);
}

const std::string kStale = Bytes(Answer::Json(429, "{}"));
const std::string kCounted = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
// The headers in one write, the rest in a second one.
const Unasked kBodyInItsOwnWrite{"BodyInItsOwnWrite", kCounted + "HTTP/1.1 429 x\r\n\r\n",
                                 Ending::kServeNext, kCounted.size() - 2};
const std::string kEmpty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
const std::string kChunkedWithLength =
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: "
    "chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
const std::string kEmptyInTwoDigits = "HTTP/1.1 200 OK\r\nContent-Length: 00\r\n\r\n";
const std::string kNoBody = "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(All, DoubledTest,
                         Combine(Values(Unasked{"Counted", kCounted + kStale}, kBodyInItsOwnWrite,
                                        Unasked{"Empty", kEmpty + kStale},
                                        Unasked{"Chunked", kChunked + kStale},
                                        Unasked{"CountedAndAByte", kCounted + "x"},
                                        Unasked{"EmptyAndAByte", kEmpty + "x"},
                                        Unasked{"ChunkedAndAByte", kChunked + "x"},
                                        Unasked{"ChunkedWithALength", kChunkedWithLength + kStale},
                                        Unasked{"EmptyInTwoDigits", kEmptyInTwoDigits + kStale},
                                        Unasked{"NoBodyWithALength", kNoBody + kStale}),
                                 ::testing::Bool()),
                         kUnaskedName);

class WellFormedTest : public ::testing::TestWithParam<std::tuple<Unasked, bool>> {};

// The check must not lead to a new connection every time.
TEST_P(WellFormedTest, ConnectionIsUsedAgain) {
  const auto& [answer, tls] = GetParam();
  Upstream upstream(Server(tls));
  upstream.AnswerWith(Answer::Raw(answer.bytes, Ending::kServeNext));
  ClientOnLoop client(OptionsFor(upstream.url()));
  for (int i = 0; i < 20; ++i) ASSERT_EQ(client.Do(Post("/")).status, 200);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 1U);
}

INSTANTIATE_TEST_SUITE_P(All, WellFormedTest,
                         Combine(Values(Unasked{"Counted", kCounted}, Unasked{"Empty", kEmpty},
                                        Unasked{"Chunked", kChunked}),
                                 ::testing::Bool()),
                         kUnaskedName);

// A session ticket is readable, too, but is not an answer. TLS 1.3.
TEST(HttpClientUnasked, SessionTicketOnAnIdleConnectionDoesNoHarm) {
  TicketServer server;
  ClientOnLoop client(OptionsFor(server.url()));
  for (int i = 1; i <= 5; ++i) {
    ASSERT_EQ(client.Do(Post("/")).status, 200);
    ASSERT_TRUE(server.WaitForTickets(i));
  }
  // libcurl 8 makes a new connection if anything is to be read from the old one.
  EXPECT_EQ(server.connections(),
            curl_version_info(CURLVERSION_NOW)->version_num < 0x080000 ? 1 : 5);
}

class EarlyAnswerTest : public ::testing::TestWithParam<std::tuple<int, bool>> {};

// It started before the last byte of the request was written, on a kept-alive connection: whatever
// it says, it may be a proxy's response to an earlier request.
TEST_P(EarlyAnswerTest, IsNotTakenForTheRequestsOwn) {
  const auto& [status, tls] = GetParam();
  Upstream upstream(Server(tls));
  upstream.AnswerWith(Answer::Json(200, kOwn));
  upstream.handler().on_head = [early = status](const sandbox::RequestHead& head) {
    const bool is_second = head.connection == 1 && head.ordinal == 2;
    return HeadDecision{is_second ? HeadDecision::Kind::kAnswerNow : HeadDecision::Kind::kReadOn,
                        Answer::Json(early, "{}")};
  };
  ClientOnLoop client(OptionsFor(upstream.url()));
  ASSERT_EQ(client.Do(Post("/")).status, 200);

  const HttpResult result = client.Do(Post("/", std::string(kMoreThanSystemsTake, 'x')));
  EXPECT_EQ(result.end, TransferEnd::kMalformed) << result.detail;
  EXPECT_TRUE(result.maybe_sent);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(upstream.counters().Get().request_heads_seen, 2U);
  EXPECT_EQ(client.Do(Post("/")).body, kOwn);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 2U);
}

INSTANTIATE_TEST_SUITE_P(All, EarlyAnswerTest,
                         Combine(Values(200, 400, 401, 429, 503), ::testing::Bool()),
                         [](const auto& test) {
                           return std::to_string(std::get<0>(test.param)) +
                                  (std::get<1>(test.param) ? "Tls" : "");
                         });

class UnreadRequestTest : public ::testing::TestWithParam<bool> {};

// The kernel has all of it, but most cannot have reached the server, whose kernel accepts no more:
// what arrives then answers something else.
TEST_P(UnreadRequestTest, AnswerBeforeTheRequestHasArrivedIsNotItsOwn) {
  auto server = Server(GetParam());
  server.receive_buffer_bytes = 4096;
  Upstream upstream(server);
  upstream.handler().on_head = [](const sandbox::RequestHead&) {
    return HeadDecision{HeadDecision::Kind::kStopReading, {}};
  };
  ClientOnLoop client(OptionsFor(upstream.url()));
  Transfer transfer = client.Start(Post("/", std::string(60'000, 'x')));
  ASSERT_TRUE(upstream.counters().WaitForHeads(1));
  ASSERT_TRUE(Await(upstream.server().SendUnasked(1, Bytes(Answer::Json(429, "{}")))));
  const HttpResult result = Await(transfer.result);
  EXPECT_EQ(result.end, TransferEnd::kMalformed) << result.detail;
  EXPECT_TRUE(result.maybe_sent);
  EXPECT_EQ(result.status, 0);
}

INSTANTIATE_TEST_SUITE_P(All, UnreadRequestTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Tls" : "Plain"; });

class AnyMomentTest : public ::testing::TestWithParam<bool> {};

// A load balancer gives up at the very moment that the connection is reused. If its 408 crosses the
// request, it cannot be told from an answer: then it is one that leaves the execution open.
// Otherwise the request gets its own answer, and none is ever sent twice.
TEST_P(AnyMomentTest, TimeoutThenCloseLeavesEveryRequestWithOneSend) {
  Upstream upstream(Server(GetParam()));
  upstream.AnswerWith(Answer::Json(200, kOwn));
  ClientOnLoop client(OptionsFor(upstream.url()));
  int own = 0;
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(client.Do(Post("/first")).body, kOwn);
    const std::uint64_t connection = upstream.requests().back().connection;
    auto arrived = upstream.server().SendUnasked(connection, Bytes(Answer::Json(408, "timeout")),
                                                 Ending::kClose);
    const HttpResult result = client.Do(Post("/" + std::to_string(i)));
    Await(arrived);
    if (result.body == kOwn) ++own;
    if (result.body == kOwn) continue;
    EXPECT_TRUE(result.maybe_sent) << i;
    EXPECT_TRUE(result.status == 408 || result.end == TransferEnd::kMalformed ||
                result.end == TransferEnd::kConnectionLost)
        << i;
  }
  EXPECT_GT(own, 0);
  std::multiset<std::string> seen;
  for (const auto& request : upstream.requests()) seen.insert(request.target);
  for (int i = 0; i < 300; ++i) EXPECT_LE(seen.count("/" + std::to_string(i)), 1U) << i;
}

INSTANTIATE_TEST_SUITE_P(All, AnyMomentTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Tls" : "Plain"; });

class LoadTest : public ::testing::TestWithParam<bool> {};

// Every seventh answer is duplicated, with an answer that is not the next request's.
TEST_P(LoadTest, EveryRequestHasItsOwnAnswerAndOnlyDoubledOnesCostAConnection) {
  constexpr int kRounds = 40;
  constexpr int kAtOnce = 32;
  Upstream upstream(Server(GetParam()));
  std::atomic<int> doubled{0};
  upstream.handler().on_request = [&](sandbox::HttpRequest request,
                                      const sandbox::Responder& responder) {
    const std::string own = Bytes(Answer::Json(200, request.body));
    const bool twice = std::hash<std::string>()(request.body) % 7 == 0;
    if (twice) ++doubled;
    responder.Send(Answer::Raw(twice ? own + kStale : own, Ending::kServeNext));
  };
  ClientOnLoop client(OptionsFor(upstream.url()));
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::pair<std::string, Transfer>> transfers;
    for (int i = 0; i < kAtOnce; ++i) {
      std::string body = std::to_string(round) + "-" + std::to_string(i);
      transfers.emplace_back(body, client.Start(Post("/", body)));
    }
    for (auto& [body, transfer] : transfers) EXPECT_EQ(Await(transfer.result).body, body);
  }
  EXPECT_EQ(upstream.counters().Get().requests_received, std::uint64_t{kRounds * kAtOnce});
  EXPECT_GT(doubled, 0);
  EXPECT_LE(upstream.counters().Get().connections_opened,
            static_cast<std::uint64_t>(kAtOnce + doubled));
}

INSTANTIATE_TEST_SUITE_P(All, LoadTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Tls" : "Plain"; });

// -- Kept-alive connections that have probably failed.

// Two idle connections; then one request that gets no answer in time, and is dropped.
class SilentPathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    upstream_.Hold();
    auto both = client_.StartMany(2, Post("/"));
    ASSERT_TRUE(upstream_.WaitForHeld(2));
    upstream_.AnswerHeld(Answer::Json(200, kOwn));
    for (auto& transfer : both) ASSERT_EQ(Await(transfer.result).status, 200);
    upstream_.Hold();
    silent_ = client_.Start(Post("/"));
    ASSERT_TRUE(upstream_.WaitForHeld(1));
  }

  Upstream upstream_;
  ClientOnLoop client_{upstream_.url()};
  Transfer silent_;
};

TEST_F(SilentPathTest, OtherIdleConnectionsAreNotTriedAfterIt) {
  client_.Drop(silent_.id);
  EXPECT_TRUE(upstream_.counters().WaitForOpenConnections(1));  // that of what is held
  upstream_.AnswerWith(Answer::Json(200, kOwn));
  EXPECT_EQ(client_.Do(Post("/")).body, kOwn);
  EXPECT_EQ(upstream_.counters().Get().connections_opened, 3U);
}

TEST_F(SilentPathTest, ConnectionOnWhichSomethingCameMeanwhileIsKept) {
  Transfer answered = client_.Start(Post("/"));  // on the other connection
  ASSERT_TRUE(upstream_.WaitForHeld(2));
  // Everything that is held, in order of arrival, except the first.
  upstream_.AnswerHeldButFirst(Answer::Json(200, kOwn));
  EXPECT_EQ(Await(answered.result).body, kOwn);
  client_.Drop(silent_.id);
  upstream_.AnswerWith(Answer::Json(200, kOwn));
  EXPECT_EQ(client_.Do(Post("/")).body, kOwn);
  EXPECT_EQ(upstream_.counters().Get().connections_opened, 2U);
}

// libcurl counts in whole seconds.
TEST(HttpClientUnasked, ConnectionThatIsOldIsNotUsedAgain) {
  Upstream upstream;
  CurlHttpClientOptions options = OptionsFor(upstream.url());
  options.transfer.max_connection_age = std::chrono::seconds(1);
  ClientOnLoop client(options);
  const auto guard = std::chrono::steady_clock::now() + kGuard;
  while (upstream.counters().Get().connections_opened < 2) {
    ASSERT_LT(std::chrono::steady_clock::now(), guard);
    ASSERT_EQ(client.Do(Post("/")).status, 200);
  }
}

}  // namespace
}  // namespace enos::gateway::testing
