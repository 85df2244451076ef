// What gRPC holds for a client although no call ever arrives: the connection is cut, others
// continue.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/fake_enos.h"
#include "tests/support/http2.h"
#include "tests/support/raw_http2.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

constexpr uint32_t kMib = 1 << 20;
// More than any of them needs to be cut, so that a test ends.
constexpr size_t kEnough = size_t{1} << 30;

class GatewayFloodTest : public ::testing::Test {
 protected:
  GatewayFloodTest() { EXPECT_TRUE(client_.SendPreface()); }
  ~GatewayFloodTest() override { EXPECT_EQ(Summary(gateway_.Call()), "OK") << "others are served"; }

  // Sends `next()` until the connection is closed; false if it never is.
  template <typename Next>
  bool IsCutBy(Next next) {
    for (size_t sent = 0; sent < kEnough && client_.IsOpen();) sent += next();
    return !client_.IsOpen();
  }

  FakeEnos enos_;
  GatewayRunner gateway_{enos_.url()};
  RawHttp2 client_{gateway_.gateway().address()};
};

std::string Literals(size_t bytes) {
  std::string headers;
  for (int i = 0; headers.size() < bytes; ++i)
    headers += HeaderLiteral("x-" + std::to_string(i), std::string(100, 'v'));
  return headers;
}

TEST_F(GatewayFloodTest, UnfinishedMessages_EndTheConnection) {
  const std::string message = GrpcMessageAnnounced(kMib - 8, std::string(kMib - 9, 'x'));
  uint32_t stream = 1;
  EXPECT_TRUE(IsCutBy([&] {
    client_.Send(Frame::kHeaders, Frame::kEndHeaders, stream, CallHeaders());
    client_.SendWithinWindow(std::exchange(stream, stream + 2), message, /*whole=*/false);
    return message.size();
  }));
}

// gRPC ends each of these calls by itself, after the first window of its message.
TEST_F(GatewayFloodTest, MessagesAnnouncedAs4Gib_EndTheConnection) {
  const std::string message = GrpcMessageAnnounced(0xfffffff0, std::string(kMib, 'x'));
  uint32_t stream = 1;
  EXPECT_TRUE(IsCutBy([&] {
    client_.Send(Frame::kHeaders, Frame::kEndHeaders, stream, CallHeaders());
    client_.SendWithinWindow(std::exchange(stream, stream + 2), message, /*whole=*/false);
    return message.size();
  }));
}

TEST_F(GatewayFloodTest, HeadersWithoutEnd_EndTheConnection) {
  client_.Send(Frame::kHeaders, 0, 1, CallHeaders());
  const std::string more = Literals(16'000);
  EXPECT_TRUE(IsCutBy([&] {
    client_.Send(Frame::kContinuation, 0, 1, more);
    return more.size();
  }));
}

TEST_F(GatewayFloodTest, StreamsWithoutCalls_EndTheConnection) {
  const std::string headers = CallHeaders(HeaderLiteral("x-filler", std::string(8000, 'x')));
  uint32_t stream = 1;
  EXPECT_TRUE(IsCutBy([&] {
    client_.Send(Frame::kHeaders, Frame::kEndHeaders, std::exchange(stream, stream + 2), headers);
    return headers.size();
  }));
}

TEST_F(GatewayFloodTest, SettingsOnly_EndTheConnection) {
  std::string unknown;
  for (int i = 0; i < 2000; ++i) unknown += std::string("\xff\xff\0\0\0\0", 6);
  EXPECT_TRUE(IsCutBy([&] {
    client_.Send(Frame::kSettings, 0, 0, unknown);
    return unknown.size();
  }));
}

// A whole call with 8 KB of headers that no table compresses, as a proxy may send for many callers.
class RefusedCall : public GatewayFloodTest, public ::testing::WithParamInterface<const char*> {
 protected:
  bool IsAnswered(uint32_t stream) {
    client_.Send(Frame::kHeaders, Frame::kEndHeaders, stream,
                 CallHeaders(HeaderLiteral("x-filler", std::string(8000, 'x')), GetParam()));
    client_.Send(Frame::kData, Frame::kEndStream, stream, GrpcMessage(""));
    auto frame = client_.ReadUntil(Frame::kHeaders);
    while (frame && frame->stream != stream) frame = client_.ReadUntil(Frame::kHeaders);
    client_.Send(Frame::kRstStream, 0, stream, std::string(4, '\0'));  // a watch is endless
    return frame.has_value();
  }
};

TEST_P(RefusedCall, AThousandsTime_DoesNotEndTheConnection) {
  constexpr int kMoreThanUnaccounted = 3000;  // 24 MB
  client_.Send(Frame::kWindowUpdate, 0, 0, std::string("\x0f\0\0\0", 4));
  for (int i = 0; i < kMoreThanUnaccounted; ++i)
    ASSERT_TRUE(IsAnswered(static_cast<uint32_t>(2 * i + 1))) << i;
}

INSTANTIATE_TEST_SUITE_P(
    Methods, RefusedCall,
    ::testing::Values("", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
                      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                      "/enos.dataflow.v1.FlowService/Unknown"));

TEST_F(GatewayFloodTest, CallsBetweenLargeMessages_AreNotCut) {
  RpcOptions large;
  large.parameter_bytes = 900 << 10;
  for (int i = 0; i < 40; ++i) ASSERT_EQ(Summary(gateway_.Call(large)), "OK") << i;
}

}  // namespace
}  // namespace enos::gateway::testing
