// What a hostile connection to the front can do: none of it reaches the gateway, and others are
// served meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "enos/flow/error.h"
#include "tests/e2e/support/front.h"
#include "tests/support/sanitized.h"

namespace enos::e2e {
namespace {

using ::testing::HasSubstr;

// More than the calls of a test take by themselves; a flood of the kinds below takes many times
// that in an unprotected gateway.
constexpr long kMostGrowthKb = 6000;
constexpr int kConnections = 20;
// For nginx's connections with TLS; a flood that is buffered takes several times that.
constexpr long kMostFrontGrowthKb = 12'000;
// A watch that needs no caller and no run.
constexpr char kHealthWatch[] = "/grpc.health.v1.Health/Watch";
// The memory of 1,000 open calls of one address; a sanitizer doubles it.
constexpr long kThousandCallsKb = (kSanitized ? 96 : 40) * 1024L;

class HostileFrontTest : public FrontTest {
 protected:
  void StartAndWarmUp(const NginxProcess::Changes& changes = {}) {
    Start({}, changes);
    polite_ = Channel();
    for (int i = 0; i < 20; ++i) ASSERT_EQ(CallWith(polite_, Alice()), "OK") << nginx_->output();
    before_kb_ = gateway_->rss_kb();
  }

  // After a flood: the gateway has not seen it, and an existing connection is served.
  void ExpectPoliteServedAndMemoryUnmoved() {
    EXPECT_EQ(CallWith(polite_, Alice()), "OK") << nginx_->output();
    EXPECT_EQ(CallWith(Channel(), Alice()), "OK") << nginx_->output();
    EXPECT_LT(gateway_->peak_rss_kb() - before_kb_, kMostGrowthKb);
  }

  std::shared_ptr<grpc::Channel> polite_;
  long before_kb_ = 0;
};

// Neither value is too long, nor is any frame.
TEST_F(HostileFrontTest, HeadersOverTheLimitInSeveralFrames_EndTheConnection) {
  StartAndWarmUp();
  for (int i = 0; i < kConnections; ++i) {
    RawHttp2 client(address(), kTls);
    ASSERT_TRUE(client.SendPreface());
    client.Send(Frame::kHeaders, Frame::kEndStream, 1,
                CallHeaders(HeaderLiteral("x-a", std::string(9000, 'a'))));
    client.Send(Frame::kContinuation, Frame::kEndHeaders, 1,
                HeaderLiteral("x-b", std::string(9000, 'b')));
    auto answer = client.Read();
    while (answer && answer->type != Frame::kGoAway && answer->type != Frame::kHeaders)
      answer = client.Read();
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->type, Frame::kGoAway);
    EXPECT_EQ(answer->payload.at(7), 11) << "ENHANCE_YOUR_CALM";
  }
  ExpectPoliteServedAndMemoryUnmoved();
}

// The whole frame is one that no server with the usual SETTINGS accepts.
TEST_F(HostileFrontTest, MegabytesOfHeadersInOneFrame_EndTheConnection) {
  StartAndWarmUp();
  for (int i = 0; i < kConnections; ++i) {
    RawHttp2 client(address(), kTls);
    ASSERT_TRUE(client.SendPreface());
    client.Send(Frame::kHeaders, Frame::kEndHeaders, 1,
                CallHeaders(HeaderLiteral("x-a", std::string(4 << 20, 'a'))));
    EXPECT_FALSE(client.ReadUntil(Frame::kHeaders));
  }
  ExpectPoliteServedAndMemoryUnmoved();
}

// nginx closes the connection at 16 KiB. What still arrives is read and discarded.
TEST_F(HostileFrontTest, FloodOfContinuation_IsKeptNowhere) {
  StartAndWarmUp();
  const long nginx_before_kb = nginx_->peak_rss_kb();
  const std::string more = HeaderLiteral("x-more", std::string(1000, 'm'));
  std::vector<std::unique_ptr<RawHttp2>> clients;
  for (int i = 0; i < kConnections; ++i) {
    auto& client = *clients.emplace_back(std::make_unique<RawHttp2>(address(), kTls));
    ASSERT_TRUE(client.SendPreface());
    client.Send(Frame::kHeaders, 0, 1, CallHeaders());
    for (int sent = 0; sent < 5000; ++sent) client.Send(Frame::kContinuation, 0, 1, more);
  }
  EXPECT_LT(nginx_->peak_rss_kb() - nginx_before_kb, kMostFrontGrowthKb);
  ExpectPoliteServedAndMemoryUnmoved();
}

// The calls per address are not the limit here.
TEST_F(HostileFrontTest, ThousandsOfStreamsWithoutAnAcknowledgement_AreRefused) {
  StartAndWarmUp({{"limit_conn address 200", "limit_conn address 2000"}});
  constexpr uint32_t kStreams = 3000;
  const std::string block = CallHeaders(HeaderLiteral("authorization", "Bearer x"));
  auto client = std::make_unique<RawHttp2>(address(), kTls);
  ASSERT_TRUE(client->SendPreface());
  uint32_t sent = 0;
  while (sent < kStreams &&
         client->Send(Frame::kHeaders, Frame::kEndHeaders, 2 * sent + 1, block)) {
    ++sent;
  }
  // Others (NO_ERROR) end calls that were answered before their messages came.
  constexpr char kRefusedStream = 7;
  auto reset = client->ReadUntil(Frame::kRstStream);
  while (reset && reset->payload.back() != kRefusedStream)
    reset = client->ReadUntil(Frame::kRstStream);
  EXPECT_TRUE(reset) << "no REFUSED_STREAM";
  EXPECT_LT(gateway_->peak_rss_kb() - before_kb_, kThousandCallsKb);
  client.reset();
  EXPECT_EQ(CallWith(polite_, Alice()), "OK") << nginx_->output();
}

// nginx's answer then has the details of the gateway's own refusal.
TEST_F(FrontTest, MoreCallsThanAnAddressMayHave_AreToldThatNothingWasStarted) {
  Start({}, {{"limit_conn address 200", "limit_conn address 3"}});
  enos_.Hold();
  CallsAtOnce calls;
  const auto channel = Channel();
  for (int i = 0; i < 3; ++i) calls.Start(channel, RequestFor(1), true, TokenOf("alice"));
  ASSERT_TRUE(enos_.WaitForHeld(3));
  const grpc::Status status = Call(Channel(), RequestFor(1), TokenOf("alice")).status;
  const flow::FlowError error = flow::FlowErrorFromStatus(status);
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE) << status.error_message();
  EXPECT_EQ(error.reason, "GATEWAY_OVERLOADED");
  EXPECT_EQ(error.execution, flow::Execution::kNotExecuted);
  enos_.Release();
  for (const CallOutcome& outcome : calls.WaitForAll()) EXPECT_TRUE(outcome.status.ok());
}

// As the gateway counts them.
TEST_F(FrontTest, WatchesAndCallsOfAnAddress_AreCountedSeparately) {
  Start({}, {{"limit_conn address 200", "limit_conn address 1"}});
  const auto channel = Channel();
  std::vector<std::unique_ptr<RawCall>> watches;
  const auto watch = [&] {
    watches.push_back(std::make_unique<RawCall>(channel, kHealthWatch, ""));
    return watches.back()->Read().has_value();
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(watch()) << nginx_->output();
  enos_.Hold();
  CallsAtOnce calls;
  calls.Start(channel, RequestFor(1), true, TokenOf("alice"));
  ASSERT_TRUE(enos_.WaitForHeld(1)) << "the watches took the call's place";
  EXPECT_TRUE(watch()) << "the call took a watch's place";
  enos_.Release();
  EXPECT_TRUE(calls.WaitForAll().at(0).status.ok());
}

TEST_F(FrontTest, MoreWatchesThanAnAddressMayHave_AreRefused) {
  Start({}, {{"limit_conn watches_of_address 200", "limit_conn watches_of_address 3"}});
  const auto channel = Channel();
  std::vector<std::unique_ptr<RawCall>> watches;
  bool accepted = true;
  for (int i = 0; i < 4 && accepted; ++i) {
    watches.push_back(std::make_unique<RawCall>(channel, kHealthWatch, ""));
    accepted = watches.back()->Read().has_value();
  }
  ASSERT_FALSE(accepted);
  const flow::FlowError error = flow::FlowErrorFromStatus(watches.back()->Finish());
  EXPECT_EQ(error.reason, "GATEWAY_OVERLOADED") << error.message;
  EXPECT_EQ(CallWith(channel, Alice()), "OK");
}

// So that the many that may be open cost little memory.
TEST_F(FrontTest, WatchWithALargeMessage_IsRefused) {
  Start();
  RawCall small(Channel(), kHealthWatch, std::string("\x0a\0", 2));
  EXPECT_TRUE(small.Read());
  RawCall large(Channel(), kHealthWatch, std::string(20'000, '\0'));
  EXPECT_FALSE(large.Read());
  EXPECT_EQ(large.Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
}

// HPACK: one long header in the connection's table, and thousands of one-byte references to it.
TEST_F(HostileFrontTest, HeadersThatGrowWhenTheyAreDecompressed_AreRefused) {
  StartAndWarmUp();
  std::string block =
      CallHeaders(HeaderLiteral("x-request-id", std::string(3000, 'a'), Indexed::kYes));
  for (int i = 0; i < 12'000; ++i) block += HeaderReference(kNewestEntry);
  for (int i = 0; i < kConnections; ++i) {
    RawHttp2 client(address(), kTls);
    ASSERT_TRUE(client.SendPreface());
    client.Send(Frame::kHeaders, Frame::kEndHeaders | Frame::kEndStream, 1, block);
    const auto answer = client.ReadUntil(Frame::kHeaders);
    if (answer) {
      EXPECT_TRUE(answer->flags & Frame::kEndStream);
    }
  }
  EXPECT_EQ(gateway_->all_output().find("request_id=aaa"), std::string::npos);
  ExpectPoliteServedAndMemoryUnmoved();
}

// gRPC 1.51 closes the connection for it, with all calls on it. Here each call has its own.
TEST_F(HostileFrontTest, BinaryHeaderThatIsNoBase64_HurtsItsOwnCallOnly) {
  StartAndWarmUp();
  enos_.Hold();
  CallsAtOnce calls;
  for (int i = 0; i < 5; ++i) calls.Start(polite_, RequestFor(1), true, TokenOf("alice"));
  ASSERT_TRUE(enos_.WaitForHeld(5));
  RawHttp2 client(address(), kTls);
  ASSERT_TRUE(client.SendPreface());
  client.Send(Frame::kHeaders, Frame::kEndHeaders | Frame::kEndStream, 1,
              CallHeaders(HeaderLiteral("x-bin", "no base64!")));
  const auto answer = client.ReadUntil(Frame::kHeaders);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->flags & Frame::kEndStream);
  enos_.Release();
  for (const CallOutcome& outcome : calls.WaitForAll())
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  ExpectPoliteServedAndMemoryUnmoved();
}

}  // namespace
}  // namespace enos::e2e
