// Small but expensive calls: metadata that refers to itself, and messages that decompress.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_enos.h"
#include "tests/support/gzip.h"
#include "tests/support/http2.h"
#include "tests/support/peak_memory.h"
#include "tests/support/raw_http2.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint8_t kWholeHeaders = Frame::kEndHeaders;

class GatewayHostileCallsTest : public ::testing::Test {
 protected:
  // The bytes of the answer's headers and trailers, which gRPC 1.51 writes without Huffman codes.
  static std::string ReadAnswer(RawHttp2& client) {
    std::string bytes;
    while (const auto frame = client.ReadUntil(Frame::kHeaders)) {
      bytes += frame->payload;
      if ((frame->flags & Frame::kEndStream) != 0) break;
    }
    return bytes;
  }

  std::string AnswerTo(std::string_view headers, std::string_view message) const {
    RawHttp2 client(gateway_.gateway().address());
    client.SendPreface();
    client.Send(Frame::kHeaders, kWholeHeaders, 1, CallHeaders(headers));
    if (!client.SendWithinWindow(1, message)) return "ended early";
    return ReadAnswer(client);
  }

  FakeEnos enos_;
  mutable GatewayRunner gateway_{enos_.url()};
};

// A valid call.
std::string FlowMessage() {
  dataflow::v1::UpdateAndTriggerFlowRequest request;
  request.set_user_id("user");
  request.set_org_id("organization");
  request.set_flow_id(3377);
  request.mutable_trigger_time()->set_seconds(1574385824);
  return request.SerializeAsString();
}

TEST_F(GatewayHostileCallsTest, SeveralRequestIds_AreTreatedAsNone) {
  const std::string one = AnswerTo(HeaderLiteral("x-request-id", "one"), GrpcMessage(""));
  EXPECT_THAT(one, HasSubstr("one"));
  const std::string answer = AnswerTo(
      HeaderLiteral("x-request-id", "one") + HeaderLiteral("x-request-id", "two"), GrpcMessage(""));
  EXPECT_THAT(answer, HasSubstr("x-request-id"));
  EXPECT_THAT(answer, Not(HasSubstr("one")));
  EXPECT_THAT(answer, Not(HasSubstr("two")));
}

// 46 KB on the wire: a value of 4 KB and 42,000 references to it, in frames that are each below
// what gRPC 1.51 allows before the client has acknowledged its settings.
TEST_F(GatewayHostileCallsTest, MetadataThatRefersToItself_CostsLittle) {
  RawHttp2 client(gateway_.gateway().address());
  client.SendPreface();
  const PeakMemory memory;
  client.Send(Frame::kHeaders, 0, 1,
              CallHeaders(HeaderLiteral("x-request-id", std::string(3900, 'r'), Indexed::kYes)));
  std::string references;
  for (int i = 0; i < 4200; ++i) references += HeaderReference(kNewestEntry);
  for (int i = 0; i < 10; ++i)
    client.Send(Frame::kContinuation, i == 9 ? kWholeHeaders : 0, 1, references);
  client.Send(Frame::kData, Frame::kEndStream, 1, GrpcMessage(""));
  EXPECT_THAT(ReadAnswer(client), HasSubstr("x-request-id"));
  EXPECT_LT(memory.GrowthInMiB(), 96);
  EXPECT_EQ(Summary(gateway_.Call()), "OK");
}

constexpr int kZlib = MAX_WBITS;

struct PackedCase {
  const char* name;
  const char* encoding;
  int window_bits;
  const char* told;  // part of the answer
};

class PackedCalls : public GatewayHostileCallsTest,
                    public ::testing::WithParamInterface<PackedCase> {};

TEST_P(PackedCalls, AreRefusedWithoutBeingUnpacked) {
  const std::string call = Packed(FlowMessage(), GetParam().window_bits);
  const std::string bomb = Packed(std::string(64 << 20, 'a'), GetParam().window_bits);
  const std::string encoding = HeaderLiteral("grpc-encoding", GetParam().encoding);
  const PeakMemory memory;
  EXPECT_THAT(AnswerTo(encoding, GrpcMessage(call, /*compressed=*/true)),
              HasSubstr(GetParam().told));
  const std::string answer = AnswerTo(encoding, GrpcMessage(bomb, /*compressed=*/true));
  if (answer != "ended early") {
    EXPECT_THAT(answer, HasSubstr(GetParam().told));
  }
  EXPECT_LT(memory.GrowthInMiB(), 32);
  EXPECT_EQ(enos_.calls(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Encodings, PackedCalls,
                         ::testing::Values(PackedCase{"Gzip", "gzip", kGzip, "12"},
                                           PackedCase{"Deflate", "deflate", kZlib, "12"},
                                           PackedCase{"Identity", "identity", kGzip, "13"},
                                           PackedCase{"Unknown", "zstd", kGzip, "1"}),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace enos::gateway::testing
