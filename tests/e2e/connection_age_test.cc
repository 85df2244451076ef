// --max_connection_age: connections are closed, calls are not.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

TEST(ConnectionAge, CallInFlight_SurvivesTheEndOfItsConnection) {
  FakeEnos enos;
  GatewayProcess gateway(GatewayOptions(enos.url(), {"--max_connection_age=500ms"}));
  const auto channel = OwnChannel(gateway.address());
  enos.Hold();
  CallsAtOnce calls;
  calls.Start(channel, RequestFor(5));
  ASSERT_TRUE(enos.WaitForHeld(1));
  // The connection's GOAWAY: the channel no longer has a connection for new calls.
  const auto guard = std::chrono::system_clock::now() + kGuard;
  while (channel->GetState(false) == GRPC_CHANNEL_READY) {
    ASSERT_TRUE(channel->WaitForStateChange(GRPC_CHANNEL_READY, guard));
  }
  enos.Release();
  const CallOutcome outcome = calls.WaitForAll().front();
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.flow_instance_id, "5-20300101000000");
  EXPECT_TRUE(Call(channel, RequestFor(1)).status.ok());
}

}  // namespace
}  // namespace enos::e2e
