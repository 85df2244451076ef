// CurlHttpClient against a well-behaved server: what is on the wire, and how connections are used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/process_counts.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using sandbox::Answer;
using sandbox::FindHeader;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::string HostAndPort(const Upstream& upstream) {
  return upstream.url().substr(std::string("http://").size());
}

TEST(HttpClient, PostArrivesExactlyAsGivenAndNothingElseDoes) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  HttpRequest request = Post("/a/../b%2F%C3%BC?x=%20&y=1", std::string("{\"\0\":1}", 7));
  request.headers.emplace_back("apim-accesstoken: t");
  const HttpResult result = client.Do(std::move(request));
  EXPECT_EQ(result.end, TransferEnd::kAnswered) << result.detail;

  const auto requests = upstream.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/a/../b%2F%C3%BC?x=%20&y=1");
  EXPECT_EQ(requests[0].body, std::string("{\"\0\":1}", 7));
  EXPECT_THAT(requests[0].headers,
              ElementsAre(Pair("Host", HostAndPort(upstream)), Pair("Accept", "*/*"),
                          Pair("Content-Type", "application/json;charset=UTF-8"),
                          Pair("apim-accesstoken", "t"), Pair("Content-Length", "7")));
}

TEST(HttpClient, RequestWithoutABodyIsAGetAlsoOnAHandleThatPosted) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  HttpRequest get;
  get.path_and_query = "/a?b=c";
  EXPECT_EQ(client.Do(get).end, TransferEnd::kAnswered);
  client.Do(Post("/", "body"));
  client.Do(get);

  const auto requests = upstream.requests();
  ASSERT_EQ(requests.size(), 3U);
  for (const size_t i : {0U, 2U}) {
    EXPECT_EQ(requests[i].method, "GET");
    EXPECT_EQ(requests[i].target, "/a?b=c");
    EXPECT_THAT(requests[i].headers,
                ElementsAre(Pair("Host", HostAndPort(upstream)), Pair("Accept", "*/*")));
  }
  EXPECT_EQ(requests[1].method, "POST");
  EXPECT_EQ(requests[1].body, "body");
  EXPECT_EQ(requests[0].connection, requests[2].connection);
}

TEST(HttpClient, AnswerArrivesWhole) {
  Upstream upstream;
  Answer answer = Answer::Json(503, std::string("\0\xff body", 7));
  answer.headers.emplace_back("Retry-After", "7");
  answer.headers.emplace_back("Date", "Tue, 14 Nov 2023 22:13:20 GMT");
  upstream.AnswerWith(answer);
  ClientOnLoop client(upstream.url());
  const HttpResult result = client.Do(Post("/"));
  EXPECT_EQ(result.end, TransferEnd::kAnswered);
  EXPECT_TRUE(result.maybe_sent);
  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(result.body, std::string("\0\xff body", 7));
  EXPECT_EQ(result.retry_after, "7");
  EXPECT_EQ(result.date, "Tue, 14 Nov 2023 22:13:20 GMT");
}

TEST(HttpClient, NothingOfOneAnswerIsLeftInTheNext) {
  Upstream upstream;
  Answer answer = Answer::Json(429, "first");
  answer.headers.emplace_back("Retry-After", "7");
  answer.headers.emplace_back("Date", "Tue, 14 Nov 2023 22:13:20 GMT");
  upstream.AnswerWith(answer);
  ClientOnLoop client(upstream.url());
  client.Do(Post("/"));
  upstream.AnswerWith(Answer::Json(404, ""));
  const HttpResult result = client.Do(Post("/"));
  EXPECT_EQ(result.status, 404);
  EXPECT_THAT(result.body, IsEmpty());
  EXPECT_THAT(result.retry_after, IsEmpty());
  EXPECT_THAT(result.date, IsEmpty());
}

TEST(HttpClient, EmptyBodyIsSentWithItsLength) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  EXPECT_EQ(client.Do(Post("/", "")).end, TransferEnd::kAnswered);
  const auto requests = upstream.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(FindHeader(requests[0].headers, "Content-Length"), "0");
}

TEST(HttpClient, LargeBodyIsSentAtOnceWithoutAskingFirst) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  const std::string body(2'000'000, 'x');
  EXPECT_EQ(client.Do(Post("/", body)).status, 200);
  const auto requests = upstream.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].body, body);
  EXPECT_EQ(FindHeader(requests[0].headers, "Expect"), std::nullopt);
}

TEST(HttpClient, SequentialRequestsUseOneConnection) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.Do(Post("/")).status, 200);
  const auto counts = upstream.counters().Get();
  EXPECT_EQ(counts.requests_received, 20U);
  EXPECT_EQ(counts.connections_opened, 1U);
}

TEST(HttpClient, ParallelRequestsUseOneConnectionEachAndUseThemAgain) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  for (int round = 0; round < 3; ++round) {
    upstream.Hold();
    auto transfers = client.StartMany(10, Post("/"));
    ASSERT_TRUE(upstream.WaitForHeld(10));
    EXPECT_EQ(upstream.AnswerHeld(Answer::Json(200, "{}")), 10U);
    for (auto& transfer : transfers) EXPECT_EQ(Await(transfer.result).status, 200);
  }
  EXPECT_EQ(upstream.counters().Get().connections_opened, 10U);
}

TEST(HttpClient, TwoThousandHeldTransfersAreAllAnsweredWithoutAnotherThread) {
  constexpr int kTransfers = 2000;
  Upstream upstream;
  upstream.Hold();
  ClientOnLoop client(upstream.url());
  const std::size_t threads = Threads();
  auto transfers = client.StartMany(kTransfers, Post("/"));
  ASSERT_TRUE(upstream.WaitForHeld(kTransfers));
  EXPECT_EQ(upstream.counters().Get().connections_open, std::uint64_t{kTransfers});
  EXPECT_EQ(Threads(), threads);
  EXPECT_EQ(upstream.AnswerHeld(Answer::Json(200, "{}")), std::size_t{kTransfers});
  for (auto& transfer : transfers) EXPECT_EQ(Await(transfer.result).status, 200);
  EXPECT_EQ(upstream.counters().Get().requests_received, std::uint64_t{kTransfers});
}

TEST(HttpClient, WhatAPeakNeededIsClosedOnceItIsIdleForLong) {
  constexpr int kPeak = 3 * CurlMulti::kMaxTransfers / 2;
  Upstream upstream;
  CurlHttpClientOptions options;
  options.base_url = upstream.url();
  options.transfer.idle_timeout = std::chrono::seconds(1);
  ClientOnLoop client(std::move(options));
  upstream.Hold();
  auto transfers = client.StartMany(kPeak, Post("/"));
  ASSERT_TRUE(upstream.WaitForHeld(kPeak));
  EXPECT_EQ(upstream.AnswerHeld(Answer::Json(200, "{}")), std::size_t{kPeak});
  for (auto& transfer : transfers) EXPECT_EQ(Await(transfer.result).status, 200);
  EXPECT_TRUE(upstream.counters().WaitForOpenConnections(0));
  upstream.AnswerWith(Answer::Json(200, "{}"));
  EXPECT_EQ(client.Do(Post("/")).status, 200);
}

TEST(HttpClient, ConnectionThatTheServerClosedWhileIdleIsNotUsedAgain) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  EXPECT_EQ(client.Do(Post("/")).status, 200);
  ASSERT_TRUE(upstream.server().EndConnection(1, sandbox::Ending::kClose));
  ASSERT_TRUE(upstream.counters().WaitForOpenConnections(0));
  EXPECT_EQ(client.Do(Post("/")).status, 200);
  EXPECT_EQ(upstream.counters().Get().requests_received, 2U);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 2U);
}

TEST(HttpClient, AnswerThatAnnouncesCloseIsFollowedByAnotherConnection) {
  Upstream upstream;
  Answer answer = Answer::Json(200, "{}");
  answer.keep_alive = false;
  upstream.AnswerWith(answer);
  ClientOnLoop client(upstream.url());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Do(Post("/")).status, 200);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 3U);
}

TEST(HttpClient, CallbackMayStartTheNextTransfer) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  std::promise<HttpResult> second;
  client.OnLoop([&] {
    client.client().Start(Post("/1"), [&](const HttpResult&) {
      client.client().Start(Post("/2"),
                            [&](HttpResult result) { second.set_value(std::move(result)); });
    });
  });
  EXPECT_EQ(Await(second.get_future()).status, 200);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 1U);
}

TEST(HttpClient, ConnectionsAreReportedAsOpenedOrReused) {
  Upstream upstream;
  std::atomic<int> opened{0};
  std::atomic<int> reused{0};
  CurlHttpClientOptions options;
  options.base_url = upstream.url();
  options.on_opened = [&] { ++opened; };
  options.on_reused = [&] { ++reused; };
  ClientOnLoop client(options);
  client.Do(Post("/"));
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(reused, 0);
  client.Do(Post("/"));
  client.Do(Post("/"));
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(reused, 2);
}

}  // namespace
}  // namespace enos::gateway::testing
