// What lets people trace one call: its request id, its log line, its trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/testing/log_capture.h"
#include "tests/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

using sandbox::FindHeader;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

RpcOptions WithMetadata(std::multimap<std::string, std::string> metadata) {
  RpcOptions options;
  options.metadata = std::move(metadata);
  return options;
}

// google.rpc.RequestInfo of an error.
std::string RequestInfoOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::RequestInfo info;
  for (const auto& detail : details.details()) {
    if (detail.Is<google::rpc::RequestInfo>()) {
      EXPECT_TRUE(detail.UnpackTo(&info));
    }
  }
  return info.request_id();
}

TEST(GatewayRequestId, OfTheCaller_ComesBack) {
  FakeEnos enos;
  const GatewayRunner gateway(enos.url());
  EXPECT_EQ(gateway.Call(WithMetadata({{"x-request-id", "caller 7!"}})).own_request_id,
            "caller 7!");
}

TEST(GatewayRequestId, NoneOrAnUnusableOne_IsReplacedByANewOneEachTime) {
  FakeEnos enos;
  const GatewayRunner gateway(enos.url());
  const std::string first = gateway.Call().own_request_id;
  EXPECT_THAT(first, MatchesRegex("[0-9a-f]{32}"));
  const std::string second =
      gateway.Call(WithMetadata({{"x-request-id", std::string(129, 'x')}})).own_request_id;
  EXPECT_THAT(second, MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(second, first);
}

TEST(GatewayRequestId, OfAFailedCall_IsInItsRequestInfoToo) {
  FakeEnos enos;
  enos.AnswerWith(sandbox::Answer::Text(500, ""));
  const GatewayRunner gateway(enos.url());
  const RpcOutcome failed = gateway.Call(WithMetadata({{"x-request-id", "caller-7"}}));
  EXPECT_EQ(failed.own_request_id, "caller-7");
  EXPECT_EQ(RequestInfoOf(failed.status), "caller-7");
}

TEST(GatewayRequestId, OfACallRefusedAtTheDoor_IsInItsRequestInfoToo) {
  FakeEnos enos;
  const GatewayRunner gateway(enos.url());
  RpcOptions invalid;
  invalid.flow_id = 0;
  const RpcOutcome refused = gateway.Call(invalid);
  EXPECT_THAT(refused.own_request_id, MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(RequestInfoOf(refused.status), refused.own_request_id);
}

TEST(GatewayAccessLog, CallThatSucceeds_HasOneLine) {
  FakeEnos enos;
  const GatewayRunner gateway(enos.url());
  const LogCapture log;
  EXPECT_EQ(Summary(gateway.Call(WithMetadata({{"x-request-id", "caller-7"}}))), "OK");
  EXPECT_THAT(
      log.Lines(),
      Contains(
          AllOf(StartsWith("info  flow started peer=ipv4:127.0.0.1:"),
                HasSubstr(" org_id=o-1 method=UpdateAndTriggerFlow flow_id=3377 flow_instance_id="),
                HasSubstr(" code=OK http_status=200 enos_code=0 "),
                HasSubstr(" attempts=1 token_ms="), HasSubstr(" request_id=caller-7"))));
  EXPECT_THAT(log.Lines(), Contains(HasSubstr("request_id=caller-7")).Times(1));
}

TEST(GatewayAccessLog, CallThatIsTriedAgain_HasOneLine) {
  FakeEnos enos;
  enos.AnswerInTurn({sandbox::Answer::Text(429, ""), sandbox::Answer::Text(401, ""),
                     sandbox::Answer::Text(500, "")});
  const GatewayRunner gateway(enos.url());
  const LogCapture log;
  EXPECT_EQ(Summary(gateway.Call(WithMetadata({{"x-request-id", "caller-7"}}))),
            "INTERNAL ENOS_INTERNAL UNKNOWN");
  EXPECT_THAT(log.Lines(),
              Contains(AllOf(StartsWith("warning call failed "), HasSubstr(" code=INTERNAL "),
                             HasSubstr(" reason=ENOS_INTERNAL execution=UNKNOWN http_status=500 "),
                             HasSubstr(" attempts=3 "))));
  EXPECT_THAT(log.Lines(), Contains(HasSubstr("request_id=caller-7")).Times(1));
}

TEST(GatewayAccessLog, CallRefusedAtTheDoor_HasOneLine) {
  FakeEnos enos;
  const GatewayRunner gateway(enos.url());
  const LogCapture log;
  RpcOptions invalid = WithMetadata({{"x-request-id", "caller-7"}});
  invalid.flow_id = 0;
  gateway.Call(invalid);
  EXPECT_THAT(log.Lines(),
              Contains(AllOf(StartsWith("info  call failed "), HasSubstr(" attempts=0 "),
                             HasSubstr(" reason=INVALID_REQUEST execution=NOT_EXECUTED "))));
}

constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";

// The headers of the single call that EnOS received.
sandbox::HttpHeaders HeadersAtEnos(const RpcOptions& options) {
  FakeEnos enos;
  const GatewayRunner gateway(enos.url());
  EXPECT_EQ(Summary(gateway.Call(options)), "OK");
  return enos.last_headers();
}

TEST(GatewayTrace, OfTheCaller_GoesOnToEnosWithANewSpan) {
  const auto headers = HeadersAtEnos(
      WithMetadata({{"traceparent", std::string("00-") + kTraceId + "-00f067aa0ba902b7-01"},
                    {"tracestate", "rojo=1,congo=2"}}));
  EXPECT_THAT(std::string(FindHeader(headers, "traceparent").value_or("")),
              AllOf(MatchesRegex(std::string("00-") + kTraceId + "-[0-9a-f]{16}-01"),
                    Not(HasSubstr("00f067aa0ba902b7"))));
  EXPECT_EQ(FindHeader(headers, "tracestate"), "rojo=1,congo=2");
}

TEST(GatewayTrace, NoneOrAnInvalidOne_AddsNothing) {
  for (const char* parent : {"", "00-xyz"}) {
    RpcOptions options;
    if (*parent != 0) options = WithMetadata({{"traceparent", parent}, {"tracestate", "a=1"}});
    const auto headers = HeadersAtEnos(options);
    EXPECT_EQ(FindHeader(headers, "traceparent"), std::nullopt);
    EXPECT_EQ(FindHeader(headers, "tracestate"), std::nullopt);
  }
}

TEST(GatewayTrace, OfTheCaller_IsInTheLog) {
  FakeEnos enos;
  const GatewayRunner gateway(enos.url());
  const LogCapture log;
  gateway.Call(
      WithMetadata({{"traceparent", std::string("00-") + kTraceId + "-00f067aa0ba902b7-00"}}));
  EXPECT_THAT(log.Lines(), Contains(HasSubstr(std::string(" trace_id=") + kTraceId)));
}

}  // namespace
}  // namespace enos::gateway::testing
