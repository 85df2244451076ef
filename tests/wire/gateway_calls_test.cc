// One call through the whole gateway: early headers, deadlines, cancels, and what happens to a call
// whose caller is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/support/fake_enos.h"
#include "tests/wire/support/certificates.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/watched_log.h"

namespace enos::gateway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr std::chrono::milliseconds kShort{300};

RpcOptions WithTimeout(std::chrono::milliseconds timeout) {
  RpcOptions options;
  options.timeout = timeout;
  return options;
}

TEST(GatewayCall, SuccessHasTheInstanceIdAndTheRequestId) {
  FakeEnos enos;
  enos.AnswerWith(sandbox::Answer::Json(
      200, R"({"code":0,"msg":"OK","requestId":"req-7","data":{"flowInstanceId":"3377-1"}})"));
  const GatewayRunner gateway(enos.url());
  const RpcOutcome outcome = gateway.Call();
  EXPECT_EQ(Summary(outcome), "OK");
  EXPECT_EQ(outcome.instance_id, "3377-1");
  EXPECT_EQ(outcome.request_id, "req-7");
  EXPECT_THAT(enos.calls_by_flow(), ElementsAre(Pair(3377, 1)));
}

TEST(GatewayCall, ErrorHasEnossWordsAndTheRequestId) {
  FakeEnos enos;
  enos.AnswerWith(sandbox::Answer::Json(
      200, R"({"code":62104,"msg":"This workflow has no task","requestId":"req-8"})"));
  const GatewayRunner gateway(enos.url());
  const RpcOutcome outcome = gateway.Call();
  EXPECT_EQ(Summary(outcome), "FAILED_PRECONDITION FLOW_HAS_NO_TASK NOT_EXECUTED");
  EXPECT_EQ(outcome.request_id, "req-8");
  EXPECT_EQ(outcome.error.enos_code, 62104);
  EXPECT_EQ(outcome.error.enos_message, "This workflow has no task");
  EXPECT_EQ(outcome.error.http_status, 200);
}

// gRPC aborts the process on metadata that is not printable ASCII.
TEST(GatewayCall, RequestIdThatMetadataCannotCarryIsLeftOut) {
  FakeEnos enos;
  enos.AnswerWith(sandbox::Answer::Json(
      200,
      "{\"code\":0,\"requestId\":\"r\\u0000\\n\xc3\xbc\",\"data\":{\"flowInstanceId\":\"1\"}}"));
  const GatewayRunner gateway(enos.url());
  const RpcOutcome outcome = gateway.Call();
  EXPECT_EQ(Summary(outcome), "OK");
  EXPECT_EQ(outcome.request_id, "");
}

TEST(GatewayCall, RetriedCallIsSentAgainOnlyWhereItWasNotExecuted) {
  FakeEnos enos;
  enos.AnswerInTurn({sandbox::Answer::Text(429, ""), sandbox::Answer::Text(401, ""),
                     sandbox::Answer::Text(429, ""), FlowStartedAnswer()});
  const GatewayRunner gateway(enos.url());
  EXPECT_EQ(Summary(gateway.Call()), "OK");
  EXPECT_EQ(enos.calls(), 4U);
}

TEST(GatewayCall, Trusted503IsTriedAgain) {
  FakeEnos enos;
  enos.AnswerInTurn({sandbox::Answer::Text(503, ""), FlowStartedAnswer()});
  Settings settings = SettingsFor(enos.url());
  settings.trust_503 = true;
  const GatewayRunner gateway(std::move(settings));
  EXPECT_EQ(Summary(gateway.Call()), "OK");
  EXPECT_EQ(enos.calls(), 2U);

  enos.AnswerWith(sandbox::Answer::Text(503, ""));
  EXPECT_EQ(Summary(gateway.Call()), "UNAVAILABLE ENOS_UNAVAILABLE NOT_EXECUTED");
  EXPECT_EQ(enos.calls(), 5U);
}

TEST(GatewayCall, InvalidRequestIsNeverSent) {
  FakeEnos enos;
  const GatewayRunner gateway(enos.url());
  RpcOptions options;
  options.flow_id = 0;
  const RpcOutcome outcome = gateway.Call(options);
  EXPECT_EQ(Summary(outcome), "INVALID_ARGUMENT INVALID_REQUEST NOT_EXECUTED");
  EXPECT_EQ(outcome.error.violations.size(), 1U);
  EXPECT_EQ(enos.calls(), 0U);
}

TEST(GatewayEarlyHeaders, ReachTheCallerBeforeEnosAnswers) {
  FakeEnos enos;
  enos.Hold();
  const GatewayRunner gateway(enos.url());
  Rpc rpc(gateway.channel(), {});
  EXPECT_TRUE(rpc.WaitForHeaders());  // EnOS answers only below
  ASSERT_TRUE(enos.WaitForHeld(1));
  enos.AnswerHeld(FlowStartedAnswer());
  EXPECT_EQ(Summary(rpc.Wait()), "OK");
}

TEST(GatewayDeadline, AnswerWithOurDetailsComesBeforeTheCallersLibraryGivesUp) {
  FakeEnos enos;
  enos.Hold();
  const GatewayRunner gateway(enos.url());
  // 200 ms before it. A machine that stalls for that long gets another chance.
  std::string told;
  std::uint64_t tries = 0;
  while (tries < 3 && told != "DEADLINE_EXCEEDED ENOS_TIMEOUT UNKNOWN") {
    told = Summary(gateway.Call(WithTimeout(std::chrono::seconds(4))));
    ++tries;
  }
  EXPECT_EQ(told, "DEADLINE_EXCEEDED ENOS_TIMEOUT UNKNOWN");
  EXPECT_EQ(enos.calls(), tries);
  enos.Stop();
}

TEST(GatewayDeadline, UpstreamTimeoutEndsACallWithoutADeadline) {
  FakeEnos enos;
  enos.Hold();
  Settings settings = SettingsFor(enos.url());
  settings.upstream_timeout = kShort;
  const GatewayRunner gateway(std::move(settings));
  EXPECT_EQ(Summary(gateway.Call()), "DEADLINE_EXCEEDED ENOS_TIMEOUT UNKNOWN");
  EXPECT_EQ(enos.calls(), 1U);
}

TEST(GatewayDeadline, TransferRunsOnAndItsResultIsLogged) {
  const WatchedLog log;
  FakeEnos enos;
  enos.Hold();
  const GatewayRunner gateway(enos.url());
  EXPECT_EQ(gateway.Call(WithTimeout(kShort)).status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  ASSERT_EQ(enos.AnswerHeld(FlowStartedAnswer("3377-late")), 1U);
  EXPECT_TRUE(log.WaitFor("flow started after its caller was gone")) << log.Text();
  EXPECT_THAT(log.Text(), HasSubstr("flow_id=3377 flow_instance_id=3377-late"));
  EXPECT_EQ(enos.calls(), 1U);
}

TEST(GatewayDeadline, TransferThatRunsOnEndsAtTheUpstreamTimeout) {
  const WatchedLog log;
  FakeEnos enos;
  enos.Hold();
  Settings settings = SettingsFor(enos.url());
  settings.upstream_timeout = std::chrono::seconds(2);
  const GatewayRunner gateway(std::move(settings));
  EXPECT_EQ(gateway.Call(WithTimeout(kShort)).status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(log.WaitFor("call ended after its caller was gone")) << log.Text();
  EXPECT_THAT(log.Text(), HasSubstr("reason=ENOS_TIMEOUT execution=UNKNOWN"));
}

TEST(GatewayCancel, OfACallThatWasSentLetsItRunOnAndLogsItsResult) {
  const WatchedLog log;
  FakeEnos enos;
  enos.Hold();
  const GatewayRunner gateway(enos.url());
  Rpc rpc(gateway.channel(), {});
  ASSERT_TRUE(enos.WaitForHeld(1));
  rpc.Cancel();
  EXPECT_EQ(Summary(rpc.Wait()), "CANCELLED (no reason) UNKNOWN");
  EXPECT_TRUE(log.WaitFor("call cancelled")) << log.Text();
  EXPECT_THAT(log.Text(), HasSubstr(" code=CANCELLED execution=UNKNOWN "));
  ASSERT_EQ(enos.AnswerHeld(FlowStartedAnswer("3377-cancelled")), 1U);
  EXPECT_TRUE(log.WaitFor("3377-cancelled")) << log.Text();
  EXPECT_EQ(enos.calls(), 1U);
}

TEST(GatewayCancel, OfACallThatWaitsForAConnectionMeansItIsNeverSent) {
  const WatchedLog log;
  FakeEnos enos(TestAuthority::Instance().ServerOptions());
  Settings settings = SettingsWithSlots(enos.url(), 1);
  settings.enos_ca_file = TestAuthority::Instance().ca_file();
  const GatewayRunner gateway(std::move(settings));
  ASSERT_TRUE(enos.WaitForTokens(1));
  enos.AcceptWith(sandbox::AcceptAction::kNeverRead);
  Rpc rpc(gateway.channel(), {});
  ASSERT_TRUE(enos.WaitForAccepted(1));
  rpc.Cancel();
  EXPECT_EQ(Summary(rpc.Wait()), "CANCELLED (no reason) UNKNOWN");  // as the library sees it
  EXPECT_TRUE(log.WaitFor("call cancelled")) << log.Text();
  EXPECT_THAT(log.Text(), HasSubstr(" code=CANCELLED execution=NOT_EXECUTED "));
  // The only slot is free again, so the gateway has released it.
  enos.AcceptWith(sandbox::AcceptAction::kServe);
  EXPECT_EQ(Summary(gateway.Call(Flow(2))), "OK");
  EXPECT_THAT(enos.calls_by_flow(), ElementsAre(Pair(2, 1)));
}

}  // namespace
}  // namespace enos::gateway::testing
