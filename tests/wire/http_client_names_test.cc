// The upstream's host name: one look-up for all, and none by libcurl itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/process_counts.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using Addresses = std::vector<std::string>;

// A name that only this test's resolver can resolve: a look-up by libcurl would fail.
class NamedUpstreamTest : public ::testing::Test {
 protected:
  CurlHttpClientOptions Options() {
    CurlHttpClientOptions options;
    options.base_url = "http://upstream.invalid:" + std::to_string(upstream_.server().port());
    options.resolve = [this](const std::string& host, EventLoop::ResolveCallback done) {
      EXPECT_EQ(host, "upstream.invalid");
      lookups_.push_back(std::move(done));
    };
    return options;
  }

  // Both on the loop's thread.
  std::size_t lookups() const { return lookups_.size(); }
  void EndLookup(const Addresses& addresses, const std::string& error = {}) {
    auto done = std::move(lookups_.back());
    done(addresses, error);
  }

  Upstream upstream_;
  std::vector<EventLoop::ResolveCallback> lookups_;  // the loop's
};

TEST_F(NamedUpstreamTest, FiveHundredTransfersShareOneLookUpAndStartNoThread) {
  upstream_.Hold();
  ClientOnLoop client(Options());
  const std::size_t threads = Threads();
  auto transfers = client.StartMany(500, Post("/"));
  EXPECT_EQ(client.OnLoop([&] { return lookups(); }), 1U);
  client.OnLoop([&] { EndLookup({"127.0.0.1"}); });
  ASSERT_TRUE(upstream_.WaitForHeld(500));
  EXPECT_EQ(Threads(), threads);
  upstream_.AnswerHeld(sandbox::Answer::Json(200, "{}"));
  for (auto& transfer : transfers) EXPECT_EQ(Await(transfer.result).status, 200);
  EXPECT_EQ(client.OnLoop([&] { return lookups(); }), 1U);
}

TEST_F(NamedUpstreamTest, HostHeaderHasTheName) {
  ClientOnLoop client(Options());
  Transfer transfer = client.Start(Post("/"));
  client.OnLoop([&] { EndLookup({"127.0.0.1"}); });
  EXPECT_EQ(Await(transfer.result).status, 200);
  const auto requests = upstream_.requests();
  EXPECT_EQ(sandbox::FindHeader(requests.at(0).headers, "Host"),
            "upstream.invalid:" + std::to_string(upstream_.server().port()));
}

TEST_F(NamedUpstreamTest, AddressThatDoesNotAnswerIsFollowedByTheNext) {
  ClientOnLoop client(Options());
  Transfer transfer = client.Start(Post("/"));
  client.OnLoop([&] { EndLookup({"::1", "127.0.0.1"}); });  // the server is on 127.0.0.1 only
  EXPECT_EQ(Await(transfer.result).status, 200);
}

// The first of them is the one that would pass the addresses to libcurl.
TEST_F(NamedUpstreamTest, TransferDroppedBeforeItBeganLeavesTheOthersTheirAddresses) {
  ClientOnLoop client(Options());
  auto transfers = client.StartMany(3, Post("/"));
  client.OnLoop([&] {
    EndLookup({"127.0.0.1"});
    client.client().Drop(transfers[0].id);
  });
  EXPECT_EQ(Await(transfers[1].result).status, 200);
  EXPECT_EQ(Await(transfers[2].result).status, 200);
}

TEST_F(NamedUpstreamTest, FailedLookUpFailsAllThatWaitAndTheNextTransferAsksAgain) {
  ClientOnLoop client(Options());
  auto transfers = client.StartMany(5, Post("/"));
  client.OnLoop([&] { EndLookup({}, "Host not found"); });
  for (auto& transfer : transfers) {
    const HttpResult result = Await(transfer.result);
    EXPECT_EQ(result.end, TransferEnd::kNameNotResolved);
    EXPECT_FALSE(result.maybe_sent);
    EXPECT_EQ(result.detail, "cannot resolve upstream.invalid: Host not found");
  }
  Transfer again = client.Start(Post("/"));
  EXPECT_EQ(client.OnLoop([&] { return lookups(); }), 2U);
  client.OnLoop([&] { EndLookup({"127.0.0.1"}); });
  EXPECT_EQ(Await(again.result).status, 200);
}

TEST_F(NamedUpstreamTest, TransferDroppedWhileTheNameIsLookedUpIsNeverSent) {
  ClientOnLoop client(Options());
  auto transfers = client.StartMany(2, Post("/"));
  EXPECT_FALSE(client.MaybeSent(transfers[0].id));
  client.Drop(transfers[0].id);
  client.OnLoop([&] { EndLookup({"127.0.0.1"}); });
  EXPECT_EQ(Await(transfers[1].result).status, 200);
  EXPECT_EQ(upstream_.counters().Get().requests_received, 1U);
}

TEST_F(NamedUpstreamTest, CallbackOfAFailedLookUpMayDropAnotherThatWaits) {
  ClientOnLoop client(Options());
  int called = 0;
  client.OnLoop([&] {
    std::vector<TransferId> ids;
    ids.reserve(5);
    for (int i = 0; i < 5; ++i) {
      ids.push_back(client.client().Start(Post("/"), [&](const HttpResult&) {
        ++called;
        for (const TransferId id : ids) client.client().Drop(id);
      }));
    }
    EndLookup({}, "Host not found");
  });
  EXPECT_EQ(called, 1);
}

// Another machine that gets the name, on the same port.
sandbox::HttpServerOptions OptionsOfSuccessor(const Upstream& first) {
  sandbox::HttpServerOptions options;
  options.address = "127.0.0.2";
  options.port = first.server().port();
  return options;
}

class MovedUpstreamTest : public NamedUpstreamTest {
 protected:
  // Looks the name up again for every transfer; known addresses are used meanwhile.
  CurlHttpClientOptions Options() {
    CurlHttpClientOptions options = NamedUpstreamTest::Options();
    options.refresh_addresses_after = std::chrono::milliseconds(0);
    return options;
  }

  Upstream successor_{OptionsOfSuccessor(upstream_)};
  ClientOnLoop client_{Options()};
};

TEST_F(MovedUpstreamTest, IdleConnectionsToTheOldAddressGoAtOnce) {
  Transfer first = client_.Start(Post("/"));
  client_.OnLoop([&] { EndLookup({"127.0.0.1"}); });
  ASSERT_EQ(Await(first.result).status, 200);
  ASSERT_EQ(client_.Do(Post("/")).status, 200);  // with the known address

  client_.OnLoop([&] { EndLookup({"127.0.0.2"}); });
  EXPECT_TRUE(upstream_.counters().WaitForOpenConnections(0));
  EXPECT_EQ(client_.Do(Post("/")).status, 200);
  EXPECT_EQ(upstream_.counters().Get().requests_received, 2U);
  EXPECT_EQ(successor_.counters().Get().requests_received, 1U);
}

TEST_F(MovedUpstreamTest, RequestUnderWayToTheOldAddressIsAnsweredAndItsConnectionEndsThen) {
  Transfer first = client_.Start(Post("/"));
  client_.OnLoop([&] { EndLookup({"127.0.0.1"}); });
  ASSERT_EQ(Await(first.result).status, 200);
  upstream_.Hold();
  Transfer under_way = client_.Start(Post("/"));
  ASSERT_TRUE(upstream_.WaitForHeld(1));

  client_.OnLoop([&] { EndLookup({"127.0.0.2"}); });
  upstream_.AnswerHeld(sandbox::Answer::Json(200, "{}"));
  EXPECT_EQ(Await(under_way.result).status, 200);
  EXPECT_TRUE(upstream_.counters().WaitForOpenConnections(0));
  EXPECT_EQ(client_.Do(Post("/")).status, 200);
  EXPECT_EQ(successor_.counters().Get().requests_received, 1U);
}

TEST_F(MovedUpstreamTest, ConnectionOpenedToTheOldAddressAfterwardsEndsWithItsRequest) {
  upstream_.Hold();
  Transfer first = client_.Start(Post("/"));
  client_.OnLoop([&] { EndLookup({"127.0.0.1"}); });
  ASSERT_TRUE(upstream_.WaitForHeld(1));
  // Started with the old address when the look-up ends, and connects then.
  std::promise<HttpResult> result;
  client_.OnLoop([&] {
    client_.client().Start(Post("/"), [&](HttpResult r) { result.set_value(std::move(r)); });
    EndLookup({"127.0.0.2"});
  });
  ASSERT_TRUE(upstream_.WaitForHeld(2));
  upstream_.AnswerHeld(sandbox::Answer::Json(200, "{}"));
  EXPECT_EQ(result.get_future().get().status, 200);
  EXPECT_EQ(Await(first.result).status, 200);
  EXPECT_TRUE(upstream_.counters().WaitForOpenConnections(0));
}

TEST_F(MovedUpstreamTest, ConnectionsToAnAddressThatStaysAreKept) {
  Transfer first = client_.Start(Post("/"));
  client_.OnLoop([&] { EndLookup({"127.0.0.1"}); });
  ASSERT_EQ(Await(first.result).status, 200);
  ASSERT_EQ(client_.Do(Post("/")).status, 200);
  client_.OnLoop([&] { EndLookup({"127.0.0.2", "127.0.0.1"}); });
  ASSERT_EQ(client_.Do(Post("/")).status, 200);
  EXPECT_EQ(upstream_.counters().Get().connections_opened, 1U);
}

TEST_F(NamedUpstreamTest, LookUpThatHangsCountsAsConnecting) {
  CurlHttpClientOptions options = Options();
  options.transfer.connect_timeout = std::chrono::milliseconds(20);
  ClientOnLoop client(options);
  const HttpResult result = client.Do(Post("/"));
  EXPECT_EQ(result.end, TransferEnd::kConnectTimeout) << result.detail;
  EXPECT_FALSE(result.maybe_sent);
}

TEST_F(NamedUpstreamTest, ClientMayBeDestroyedWhileTheNameIsLookedUp) {
  std::vector<Transfer> transfers;
  {
    ClientOnLoop client(Options());
    transfers = client.StartMany(5, Post("/"));
  }
  EndLookup({"127.0.0.1"});
  EXPECT_EQ(upstream_.counters().Get().connections_opened, 0U);
}

}  // namespace
}  // namespace enos::gateway::testing
