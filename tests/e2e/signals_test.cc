// How the gateway shuts down: nothing that was accepted is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

class SignalTest : public testing::TestWithParam<int> {
 protected:
  FakeEnos enos_;
};

TEST_P(SignalTest, Idle_EndsWithStatusZero) {
  GatewayProcess gateway(GatewayOptions(enos_.url()));
  gateway.Signal(GetParam());
  EXPECT_THAT(gateway.Wait().status, Optional(0)) << gateway.all_output();
  EXPECT_THAT(gateway.all_output(), HasSubstr(" ended"));
}

TEST_P(SignalTest, BeforeATokenCame_EndsWithStatusZero) {
  FakeEnos silent(nullptr, [](const auto&, const auto&) {
    return FakeEnos::Answer::Nothing(sandbox::Ending::kHold);
  });
  GatewayProcess gateway(GatewayOptions(silent.url()));
  gateway.Signal(GetParam());
  EXPECT_THAT(gateway.Wait().status, Optional(0)) << gateway.all_output();
}

TEST_P(SignalTest, CallInFlight_IsAnsweredFirst) {
  GatewayProcess gateway(GatewayOptions(enos_.url()));
  enos_.Hold();
  CallsAtOnce calls;
  calls.Start(OwnChannel(gateway.address()), RequestFor(5));
  ASSERT_TRUE(enos_.WaitForHeld(1));
  gateway.Signal(GetParam());
  ASSERT_TRUE(gateway.WaitForLine("ending"));
  enos_.Release();
  const CallOutcome outcome = calls.WaitForAll().front();
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.flow_instance_id, "5-20300101000000");
  EXPECT_THAT(gateway.Wait().status, Optional(0)) << gateway.all_output();
}

TEST_P(SignalTest, DrainDelay_SaysNotServingAndServes) {
  GatewayProcess gateway(GatewayOptions(enos_.url(), {"--drain_delay=1h"}));
  const auto channel = OwnChannel(gateway.address());
  ASSERT_TRUE(WaitForHealth(channel, Health::kServing));
  gateway.Signal(GetParam());
  EXPECT_TRUE(WaitForHealth(channel, Health::kNotServing));
  EXPECT_TRUE(Call(channel, RequestFor(1)).status.ok());
  EXPECT_TRUE(Call(OwnChannel(gateway.address()), RequestFor(1)).status.ok());
}

TEST_P(SignalTest, SecondSignal_EndsAtOnce) {
  GatewayProcess gateway(GatewayOptions(enos_.url(), {"--drain_delay=1h"}));
  gateway.Signal(SIGTERM);
  ASSERT_TRUE(gateway.WaitForLine("ending"));
  gateway.Signal(GetParam());
  EXPECT_THAT(gateway.Wait().status, Optional(128 + GetParam())) << gateway.all_output();
}

TEST_P(SignalTest, HangUp_SwitchesTheLogToDebugAndBack) {
  GatewayProcess gateway(GatewayOptions(enos_.url()));
  gateway.Signal(SIGHUP);
  EXPECT_TRUE(gateway.WaitForLine("log level changed debug=true")) << gateway.all_output();
  gateway.Signal(SIGHUP);
  EXPECT_TRUE(gateway.WaitForLine("log level changed debug=false")) << gateway.all_output();
  gateway.Signal(GetParam());
  EXPECT_THAT(gateway.Wait().status, Optional(0)) << gateway.all_output();
}

INSTANTIATE_TEST_SUITE_P(All, SignalTest, testing::Values(SIGTERM, SIGINT));

}  // namespace
}  // namespace enos::e2e
