// Ending transfers early: what was not sent is never sent, and nothing leaks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "server/loop/fd_watch.h"
#include "tests/support/wait.h"
#include "tests/wire/support/certificates.h"
#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/process_counts.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using sandbox::AcceptAction;
using sandbox::Answer;

// The future of a transfer whose callback was destroyed without being called.
void ExpectNeverCalled(Transfer& transfer) {
  ASSERT_EQ(transfer.result.wait_for(kGuard), std::future_status::ready);
  EXPECT_THROW(transfer.result.get(), std::future_error);
}

// An upstream whose TLS handshakes never end, and a client that waits for one.
struct StuckConnection {
  StuckConnection() : upstream(TestAuthority::Instance().ServerOptions()) {
    upstream.handler().on_accept = [](std::uint64_t) { return AcceptAction::kNeverRead; };
  }
  Upstream upstream;
};

TEST(HttpClientDrop, WhileConnectingNothingIsSentAndTheCallbackIsGone) {
  StuckConnection stuck;
  ClientOnLoop client(stuck.upstream.url());
  Transfer transfer = client.Start(Post("/"));
  ASSERT_TRUE(stuck.upstream.counters().WaitForConnections(1));
  EXPECT_FALSE(client.MaybeSent(transfer.id));
  client.Drop(transfer.id);
  ExpectNeverCalled(transfer);
  EXPECT_EQ(stuck.upstream.counters().Get().request_heads_seen, 0U);
}

// libcurl 7.88 closes such a connection without notice. The next user of its number must keep the
// loop's events, even when the client's own state for it is destroyed.
TEST(HttpClientDrop, WhileConnectingLeavesTheDescriptorsNumberToOthers) {
  // A port whose accept queue is full, so that its kernel no longer answers.
  const RefusingPort port;
  ASSERT_EQ(::listen(port.socket(), 0), 0);
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ASSERT_EQ(::getsockname(port.socket(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int first = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(first, reinterpret_cast<const sockaddr*>(&address), size), 0);

  CurlHttpClientOptions options;
  options.base_url = "http://" + port.host_and_port();
  std::atomic<bool> opened{false};
  options.on_opened = [&opened] { opened = true; };
  ClientOnLoop client(std::move(options));
  Transfer transfer = client.Start(Post("/"));
  ASSERT_TRUE(WaitUntil([&] { return opened.load(); }));

  std::array<int, 8> ends{};
  std::vector<std::unique_ptr<FdWatch>> watches;
  std::atomic<int> readable{0};
  auto other = client.OnLoop([&] {
    client.client().Drop(transfer.id);
    // The lowest numbers that are free.
    for (size_t i = 0; i < ends.size(); i += 2)
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, &ends.at(i)), 0);
    for (const int end : ends) {
      watches.push_back(std::make_unique<FdWatch>(client.loop(), end, [&readable, end](bool, bool) {
        char byte = 0;
        if (::recv(end, &byte, 1, MSG_DONTWAIT) == 1) ++readable;
      }));
      watches.back()->Want(true, false);
    }
    return 0;
  });
  EXPECT_EQ(other, 0);
  client.OnLoop([&] { client.DestroyClient(); });
  for (const int end : ends) EXPECT_EQ(::send(end, "x", 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(WaitUntil([&] { return readable == static_cast<int>(ends.size()); })) << readable;
  client.OnLoop([&] { watches.clear(); });
  for (const int end : ends) ::close(end);
  ::close(first);
}

TEST(HttpClientDrop, BeforeTheLoopGotToItNothingIsSent) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  const HttpRequest request = Post("/dropped");
  client.OnLoop([&] {
    const TransferId id = client.client().Start(request, [](const HttpResult&) { FAIL(); });
    EXPECT_FALSE(client.client().MaybeSent(id));
    client.client().Drop(id);
  });
  client.Do(Post("/kept"));
  const auto requests = upstream.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].target, "/kept");
}

TEST(HttpClientDrop, AfterTheSendTheConnectionIsClosedAndTheCallbackIsGone) {
  Upstream upstream;
  upstream.Hold();
  ClientOnLoop client(upstream.url());
  Transfer transfer = client.Start(Post("/"));
  ASSERT_TRUE(upstream.WaitForHeld(1));
  EXPECT_TRUE(client.MaybeSent(transfer.id));
  client.Drop(transfer.id);
  ExpectNeverCalled(transfer);
  EXPECT_FALSE(client.MaybeSent(transfer.id));
  upstream.AnswerHeld(Answer::Json(200, "late"));
  upstream.AnswerWith(Answer::Json(200, "next"));
  EXPECT_EQ(client.Do(Post("/")).body, "next");
  EXPECT_EQ(upstream.counters().Get().connections_opened, 2U);
}

TEST(HttpClientDrop, OfATransferThatEndedOrNeverWasChangesNothing) {
  Upstream upstream;
  ClientOnLoop client(upstream.url());
  Transfer transfer = client.Start(Post("/"));
  EXPECT_EQ(Await(transfer.result).status, 200);
  EXPECT_FALSE(client.MaybeSent(transfer.id));
  client.Drop(transfer.id);
  client.Drop(0);
  client.Drop(12345);
  EXPECT_EQ(client.Do(Post("/")).status, 200);
  EXPECT_EQ(upstream.counters().Get().connections_opened, 1U);
}

TEST(HttpClientDrop, CallbackMayDropAnotherTransferThatEndedWithIt) {
  const RefusingPort port;
  ClientOnLoop client("http://" + port.host_and_port());
  std::promise<void> all_done;
  int called = 0;
  client.OnLoop([&] {
    auto ids = std::make_shared<std::vector<TransferId>>();
    for (int i = 0; i < 20; ++i) {
      ids->push_back(client.client().Start(Post("/"), [&, ids](const HttpResult&) {
        ++called;
        for (const TransferId id : *ids) client.client().Drop(id);
        client.loop().Post([&] { all_done.set_value(); });
      }));
    }
  });
  Await(all_done.get_future().share());
  EXPECT_EQ(client.OnLoop([&] { return called; }), 1);
}

TEST(HttpClientDrop, ReleasesTheRequestsBody) {
  Upstream upstream;
  upstream.Hold();
  ClientOnLoop client(upstream.url());
  HttpRequest request = Post("/");
  const std::weak_ptr<const std::string> body = request.body;
  const Transfer transfer = client.Start(std::move(request));
  ASSERT_TRUE(upstream.WaitForHeld(1));
  EXPECT_FALSE(body.expired());
  client.Drop(transfer.id);
  EXPECT_TRUE(body.expired());
}

enum class Moment { kConnecting, kHandshake, kSending, kWaiting };

class DestroyTest : public ::testing::TestWithParam<std::pair<std::string, Moment>> {};

// Under AddressSanitizer this also tests that nothing is used after it is freed, or leaked.
TEST_P(DestroyTest, ClientWithTransfersUnderWayLeavesNoDescriptorBehind) {
  const Moment moment = GetParam().second;
  const bool tls = moment == Moment::kHandshake;
  const auto& authority = TestAuthority::Instance();
  auto server_options = tls ? authority.ServerOptions() : sandbox::HttpServerOptions();
  server_options.receive_buffer_bytes = 4096;
  Upstream upstream(server_options);
  upstream.Hold();
  upstream.handler().on_accept = [tls](std::uint64_t) {
    return tls ? AcceptAction::kNeverRead : AcceptAction::kServe;
  };
  upstream.handler().on_head = [moment](const sandbox::RequestHead&) {
    using Kind = sandbox::HeadDecision::Kind;
    return sandbox::HeadDecision{moment == Moment::kSending ? Kind::kStopReading : Kind::kReadOn,
                                 {}};
  };
  ClientOnLoop{upstream.url()};  // what the process opens once, and keeps
  const std::size_t descriptors = OpenDescriptors();
  {
    constexpr int kTransfers = 20;
    ClientOnLoop client(upstream.url());
    // Larger than the socket buffers, for when not everything must be sent.
    const std::size_t bytes = moment == Moment::kSending ? 2'000'000 : 1;
    const auto transfers = client.StartMany(kTransfers, Post("/", std::string(bytes, 'x')));
    if (moment == Moment::kHandshake) {
      ASSERT_TRUE(upstream.counters().WaitForConnections(kTransfers));
    } else if (moment == Moment::kSending) {
      ASSERT_TRUE(upstream.counters().WaitForHeads(kTransfers));
    } else if (moment == Moment::kWaiting) {
      ASSERT_TRUE(upstream.WaitForHeld(kTransfers));
    }
  }
  upstream.server().Stop();
  EXPECT_LE(OpenDescriptors(), descriptors);
}

INSTANTIATE_TEST_SUITE_P(All, DestroyTest,
                         ::testing::Values(std::pair("Connecting", Moment::kConnecting),
                                           std::pair("Handshake", Moment::kHandshake),
                                           std::pair("Sending", Moment::kSending),
                                           std::pair("Waiting", Moment::kWaiting)),
                         [](const auto& test) { return test.param.first; });

}  // namespace
}  // namespace enos::gateway::testing
