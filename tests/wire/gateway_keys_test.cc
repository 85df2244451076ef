// Calls with an idempotency key through the whole gateway, with a store in a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/fake_enos.h"
#include "tests/support/files.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

RpcOptions WithKey(const std::string& key = "key-1", int flow_id = 3377) {
  RpcOptions options;
  options.idempotency_key = key;
  options.flow_id = flow_id;
  return options;
}

class GatewayKeysTest : public ::testing::Test {
 protected:
  Settings SettingsWithStore() {
    Settings settings = SettingsFor(enos_.url());
    settings.idempotency_store = Secret("sqlite:" + folder_.path() + "/keys.db");
    return settings;
  }

  FakeEnos enos_;
  TempFolder folder_;
};

TEST_F(GatewayKeysTest, NoStore_RefusedAndNothingIsSent) {
  const GatewayRunner gateway(enos_.url());
  const RpcOutcome outcome = gateway.Call(WithKey());
  EXPECT_EQ(Summary(outcome), "FAILED_PRECONDITION IDEMPOTENCY_NOT_OFFERED NOT_EXECUTED");
  EXPECT_EQ(outcome.key_state, "");
  EXPECT_EQ(outcome.keys_are_kept, "");
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayKeysTest, Repeat_GetsTheFirstAnswer) {
  const GatewayRunner gateway(SettingsWithStore());
  const RpcOutcome first = gateway.Call(WithKey());
  EXPECT_EQ(Summary(first), "OK");
  EXPECT_FALSE(first.replayed);
  EXPECT_EQ(first.keys_are_kept, "1");
  const RpcOutcome repeat = gateway.Call(WithKey());
  EXPECT_EQ(Summary(repeat), "OK");
  EXPECT_EQ(repeat.instance_id, first.instance_id);
  EXPECT_TRUE(repeat.replayed);
  EXPECT_EQ(repeat.keys_are_kept, "1");
  EXPECT_THAT(enos_.calls_by_flow(), ElementsAre(Pair(3377, 1)));
}

TEST_F(GatewayKeysTest, RepeatAfterARestart_GetsTheFirstAnswer) {
  {
    EXPECT_EQ(Summary(GatewayRunner(SettingsWithStore()).Call(WithKey())), "OK");
  }
  const GatewayRunner gateway(SettingsWithStore());
  EXPECT_TRUE(gateway.Call(WithKey()).replayed);
  EXPECT_EQ(enos_.calls(), 1U);
}

TEST_F(GatewayKeysTest, HeadersComeBeforeEnossAnswer) {
  enos_.Hold();
  const GatewayRunner gateway(SettingsWithStore());
  Rpc rpc(gateway.channel(), WithKey());
  EXPECT_TRUE(rpc.WaitForHeaders());
  ASSERT_TRUE(enos_.WaitForHeld(1));
  EXPECT_FALSE(rpc.EndsWithin(milliseconds(0)));
  enos_.Release();
  EXPECT_EQ(Summary(rpc.Wait()), "OK");
}

TEST_F(GatewayKeysTest, WithoutEarlyHeaders_OnlyAnswersSayThatKeysAreKept) {
  Settings settings = SettingsWithStore();
  settings.early_headers = false;
  const GatewayRunner gateway(std::move(settings));
  EXPECT_EQ(gateway.Call(WithKey()).keys_are_kept, "1");
  enos_.AnswerWith(sandbox::Answer::Text(504, ""));
  EXPECT_EQ(gateway.Call(WithKey("key-2")).keys_are_kept, "");
}

TEST_F(GatewayKeysTest, RepeatWhileTheFirstIsUnderWay_GetsItsAnswer) {
  enos_.Hold();
  const GatewayRunner gateway(SettingsWithStore());
  Rpc first(gateway.channel(), WithKey());
  ASSERT_TRUE(enos_.WaitForHeld(1));
  std::vector<std::unique_ptr<Rpc>> repeats;
  for (int i = 0; i < 20; ++i)
    repeats.push_back(std::make_unique<Rpc>(gateway.channel(), WithKey()));
  enos_.Release();
  EXPECT_EQ(Summary(first.Wait()), "OK");
  for (const auto& repeat : repeats) {
    EXPECT_EQ(Summary(repeat->Wait()), "OK");
    EXPECT_TRUE(repeat->Wait().replayed);
  }
  EXPECT_EQ(enos_.calls(), 1U);
}

TEST_F(GatewayKeysTest, DeadlineWhileTheFirstIsUnderWay_InProgress) {
  enos_.Hold();
  const GatewayRunner gateway(SettingsWithStore());
  Rpc first(gateway.channel(), WithKey());
  ASSERT_TRUE(enos_.WaitForHeld(1));
  RpcOptions impatient = WithKey();
  impatient.timeout = milliseconds(300);
  const RpcOutcome repeat = gateway.Call(impatient);
  EXPECT_EQ(Summary(repeat), "ABORTED IDEMPOTENCY_IN_PROGRESS UNKNOWN");
  EXPECT_EQ(repeat.key_state, "RESERVED");
  EXPECT_EQ(repeat.pushback, "1000");
  enos_.Release();
  EXPECT_EQ(Summary(first.Wait()), "OK");
}

TEST_F(GatewayKeysTest, CallerGoneAfterTheSend_RepeatGetsTheRun) {
  enos_.Hold();
  const GatewayRunner gateway(SettingsWithStore());
  {
    const Rpc first(gateway.channel(), WithKey());
    ASSERT_TRUE(enos_.WaitForHeld(1));
  }
  Rpc repeat(gateway.channel(), WithKey());
  enos_.Release();
  EXPECT_EQ(Summary(repeat.Wait()), "OK");
  EXPECT_TRUE(repeat.Wait().replayed);
  EXPECT_EQ(enos_.calls(), 1U);
}

TEST_F(GatewayKeysTest, Unknown_ToldAgainAndNeverSentAgain) {
  enos_.AnswerWith(sandbox::Answer::Json(200, R"({"code":62109,"msg":"oh","requestId":"r-1"})"));
  const GatewayRunner gateway(SettingsWithStore());
  const RpcOutcome first = gateway.Call(WithKey());
  enos_.AnswerWith(FlowStartedAnswer());
  const RpcOutcome repeat = gateway.Call(WithKey());
  for (const RpcOutcome& outcome : {first, repeat}) {
    EXPECT_EQ(Summary(outcome), "INTERNAL ENOS_INTERNAL UNKNOWN");
    EXPECT_EQ(outcome.key_state, "DOUBT");
    EXPECT_EQ(outcome.error.enos_code, 62109);
    EXPECT_EQ(outcome.error.enos_message, "oh");
    EXPECT_EQ(outcome.error.enos_request_id, "r-1");
    EXPECT_EQ(outcome.error.likely_flow_instance_id, "3377-20191122012300");
    EXPECT_EQ(outcome.pushback, "") << "a library may repeat it: it is told the same";
  }
  EXPECT_EQ(enos_.calls(), 1U);
}

TEST_F(GatewayKeysTest, Refused_RepeatIsExecuted) {
  enos_.AnswerInTurn(
      {sandbox::Answer::Json(200, R"({"code":62104,"msg":"no task"})"), FlowStartedAnswer()});
  const GatewayRunner gateway(SettingsWithStore());
  const RpcOutcome first = gateway.Call(WithKey());
  EXPECT_EQ(Summary(first), "FAILED_PRECONDITION FLOW_HAS_NO_TASK NOT_EXECUTED");
  EXPECT_EQ(first.key_state, "NONE");
  const RpcOutcome repeat = gateway.Call(WithKey());
  EXPECT_EQ(Summary(repeat), "OK");
  EXPECT_FALSE(repeat.replayed);
  EXPECT_EQ(enos_.calls(), 2U);
}

TEST_F(GatewayKeysTest, SameKeyForAnotherFlow_Reused) {
  const GatewayRunner gateway(SettingsWithStore());
  EXPECT_EQ(Summary(gateway.Call(WithKey())), "OK");
  const RpcOutcome other = gateway.Call(WithKey("key-1", 3378));
  EXPECT_EQ(Summary(other), "INVALID_ARGUMENT IDEMPOTENCY_KEY_REUSED NOT_EXECUTED");
  EXPECT_EQ(other.key_state, "REUSED");
  EXPECT_EQ(other.keys_are_kept, "") << "so that a library may repeat it";
  EXPECT_EQ(enos_.calls(), 1U);
}

TEST_F(GatewayKeysTest, UuidOfLongAgo_ExpiredAndNeverSent) {
  const GatewayRunner gateway(SettingsWithStore());
  const RpcOutcome outcome = gateway.Call(WithKey("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
  EXPECT_EQ(Summary(outcome), "INVALID_ARGUMENT IDEMPOTENCY_KEY_EXPIRED NOT_EXECUTED");
  EXPECT_EQ(outcome.key_state, "") << "what is forgotten may have been executed";
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayKeysTest, InvalidKey_RefusedAtTheDoor) {
  const GatewayRunner gateway(SettingsWithStore());
  const RpcOutcome outcome = gateway.Call(WithKey("a b"));
  EXPECT_EQ(Summary(outcome), "INVALID_ARGUMENT INVALID_REQUEST NOT_EXECUTED");
  EXPECT_EQ(outcome.key_state, "");
  EXPECT_THAT(outcome.status.error_message(), HasSubstr("This call did not start the flow"))
      << "an earlier one with the key may have";
}

TEST_F(GatewayKeysTest, CallsWithoutAKey_AsBefore) {
  const GatewayRunner gateway(SettingsWithStore());
  EXPECT_EQ(gateway.Call().keys_are_kept, "");
  enos_.AnswerWith(sandbox::Answer::Text(504, ""));
  EXPECT_EQ(gateway.Call().pushback, "-1");
}

TEST_F(GatewayKeysTest, Drain_WhoWaitsIsToldAtOnceAndTheOwnerGetsItsAnswer) {
  enos_.Hold();
  std::optional<GatewayRunner> gateway(std::in_place, SettingsWithStore());
  Rpc first(gateway->channel(), WithKey());
  ASSERT_TRUE(enos_.WaitForHeld(1));
  Rpc waits(gateway->channel(), WithKey());
  Rpc other(gateway->channel(), WithKey("key-2"));
  ASSERT_TRUE(enos_.WaitForHeld(2));  // so the one before it is there, too
  std::thread drain([&gateway] { gateway->gateway().Drain(); });
  EXPECT_EQ(Summary(waits.Wait()), "ABORTED IDEMPOTENCY_IN_PROGRESS UNKNOWN");
  enos_.Release();
  EXPECT_EQ(Summary(first.Wait()), "OK");
  EXPECT_EQ(Summary(other.Wait()), "OK");
  drain.join();
  gateway.reset();  // the file is its own until then
  const GatewayRunner next(SettingsWithStore());
  EXPECT_TRUE(next.Call(WithKey()).replayed);
}

TEST_F(GatewayKeysTest, EndOfTheDrain_DoubtIsNoted) {
  enos_.Hold();
  Settings settings = SettingsWithStore();
  settings.drain_timeout = milliseconds(100);
  std::optional<GatewayRunner> gateway(std::in_place, std::move(settings));
  Rpc first(gateway->channel(), WithKey());
  ASSERT_TRUE(enos_.WaitForHeld(1));
  gateway->gateway().Drain();
  const RpcOutcome& outcome = first.Wait();
  EXPECT_EQ(Summary(outcome), "DEADLINE_EXCEEDED ENOS_TIMEOUT UNKNOWN");
  enos_.Release();
  gateway.reset();
  const GatewayRunner next(SettingsWithStore());
  const RpcOutcome repeat = next.Call(WithKey());
  EXPECT_EQ(Summary(repeat), "DEADLINE_EXCEEDED ENOS_TIMEOUT UNKNOWN");
  EXPECT_EQ(repeat.key_state, "DOUBT");
}

}  // namespace
}  // namespace enos::gateway::testing
