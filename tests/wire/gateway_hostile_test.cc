// Limits on a hostile caller's connection, frame by frame.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>

#include "tests/support/fake_enos.h"
#include "tests/support/http2.h"
#include "tests/support/raw_http2.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class GatewayHostileTest : public ::testing::Test {
 protected:
  Settings Impatient() const {
    Settings settings = SettingsFor(enos_.url());
    settings.handshake_timeout = milliseconds(100);
    settings.max_connection_idle = milliseconds(100);
    return settings;
  }

  FakeEnos enos_;
};

TEST_F(GatewayHostileTest, ClientThatSendsNothing_IsDisconnected) {
  GatewayRunner gateway(Impatient());
  RawHttp2 client(gateway.gateway().address());
  EXPECT_TRUE(client.ReadToEnd());
}

TEST_F(GatewayHostileTest, HalfAPreface_IsDisconnected) {
  GatewayRunner gateway(Impatient());
  RawHttp2 client(gateway.gateway().address());
  client.Send(Frame::kSettings, 0, 0, "");  // no preface: not HTTP/2 to the server
  EXPECT_TRUE(client.ReadToEnd());
}

TEST_F(GatewayHostileTest, IdleConnection_IsToldToGoAwayAndEnds) {
  GatewayRunner gateway(Impatient());
  RawHttp2 client(gateway.gateway().address());
  client.SendPreface();
  EXPECT_TRUE(client.ReadUntil(Frame::kGoAway));
}

TEST_F(GatewayHostileTest, PingFlood_EndsTheConnection) {
  GatewayRunner gateway(enos_.url());
  RawHttp2 client(gateway.gateway().address());
  client.SendPreface();
  for (int i = 0; i < 10; ++i) client.Send(Frame::kPing, 0, 0, "12345678");
  const auto frame = client.ReadUntil(Frame::kGoAway);
  ASSERT_TRUE(frame);
  EXPECT_THAT(frame->payload, HasSubstr("too_many_pings"));
  EXPECT_TRUE(client.ReadToEnd());
  EXPECT_EQ(Summary(gateway.Call()), "OK") << "others are served";
}

// The value of a setting in a SETTINGS frame: pairs of 16 bits of name and 32 of value.
int64_t SettingOf(const std::string& payload, uint16_t name) {
  for (size_t at = 0; at + 6 <= payload.size(); at += 6) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(payload[at + i]); };
    if ((byte(0) << 8 | byte(1)) != name) continue;
    return int64_t{byte(2)} << 24 | int64_t{byte(3)} << 16 | int64_t{byte(4)} << 8 | byte(5);
  }
  return -1;
}

TEST_F(GatewayHostileTest, Settings_LimitStreamsAndHeaders) {
  GatewayRunner gateway(enos_.url());
  RawHttp2 client(gateway.gateway().address());
  client.SendPreface();
  const auto frame = client.ReadUntil(Frame::kSettings);
  ASSERT_TRUE(frame);
  constexpr uint16_t kMaxConcurrentStreams = 3;
  constexpr uint16_t kMaxHeaderListSize = 6;
  EXPECT_EQ(SettingOf(frame->payload, kMaxConcurrentStreams), 1000);
  EXPECT_EQ(SettingOf(frame->payload, kMaxHeaderListSize), 16 << 10);
}

// gRPC 1.51 closes the connection that they arrived on: the others are on other connections.
TEST_F(GatewayHostileTest, HeadersOver16Kib_AreRefusedAndOthersServed) {
  GatewayRunner gateway(enos_.url());
  enos_.Hold();
  Rpc other(gateway.channel(), {});
  ASSERT_TRUE(enos_.WaitForHeld(1));
  RpcOptions options;
  options.metadata = {{"x-filler", std::string(17 << 10, 'x')}};
  const auto hostile = NewChannel(gateway.gateway().address());
  EXPECT_EQ(CallRpc(hostile, options).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(enos_.calls(), 1U);
  enos_.AnswerHeld(FlowStartedAnswer());
  EXPECT_EQ(Summary(other.Wait()), "OK");
}

// What nginx allows of a caller's headers, and the largest certificate that it may add.
TEST_F(GatewayHostileTest, HeadersOfTheFront_HaveRoomForACertificate) {
  Settings settings = SettingsFor(enos_.url());
  const std::string path = ::testing::TempDir() + "front-" + std::to_string(::getpid()) + ".sock";
  settings.front_socket = path;
  GatewayRunner gateway(std::move(settings));
  const auto front = NewChannel("unix:" + path);
  RpcOptions options;
  options.metadata = {{"x-filler", std::string(15 << 10, 'x')},
                      {"x-enos-client-cert", std::string(15 << 10, 'x')}};
  EXPECT_EQ(Summary(CallRpc(front, options)), "OK");
  options.metadata.emplace("x-more", std::string(3 << 10, 'x'));
  EXPECT_EQ(CallRpc(front, options).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// CVE-2023-1428: after one of these, headers beyond the limit crashed some gRPC versions.
TEST_F(GatewayHostileTest, HeadersThatEndedOtherVersionsOfGrpc_AreAnswered) {
  GatewayRunner gateway(enos_.url());
  for (const char* const unusual : {":scheme", "te", "grpclb_client_stats"}) {
    for (const size_t filler : {size_t{9} << 10, size_t{17} << 10, size_t{40} << 10}) {
      RawHttp2 client(gateway.gateway().address());
      client.SendPreface();
      ASSERT_TRUE(client.ReadUntil(Frame::kSettings));
      client.Send(Frame::kSettings, Frame::kAck, 0, "");  // limits apply from now on
      const std::string scheme = unusual == std::string(":scheme") ? "x" : "http";
      client.Send(Frame::kHeaders, Frame::kEndHeaders, 1,
                  HeaderLiteral(":method", "POST") + HeaderLiteral(":scheme", scheme) +
                      HeaderLiteral(":path", "/x") + HeaderLiteral(":authority", "x") +
                      (scheme == "x" ? "" : HeaderLiteral(unusual, "x")) +
                      HeaderLiteral("x-filler", std::string(filler, 'x')));
      EXPECT_TRUE(client.ReadUntil(Frame::kHeaders)) << unusual << " " << filler;
    }
  }
  EXPECT_EQ(Summary(gateway.Call()), "OK");
}

}  // namespace
}  // namespace enos::gateway::testing
