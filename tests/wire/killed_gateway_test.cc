// The caller's own gRPC library, with a retry policy, and a gateway that is killed in mid-call: the
// one path to a second run that the gateway cannot see. Response headers sent before the call goes
// upstream rule out every automatic retry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/fake_enos.h"
#include "tests/support/programs.h"
#include "tests/wire/support/rpc.h"

namespace enos::gateway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr char kRetries[] = R"({"methodConfig": [{
  "name": [{"service": "enos.dataflow.v1.FlowService"}],
  "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "0.1s",
                  "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]})";

class KilledGatewayTest : public ::testing::Test {
 protected:
  KilledGatewayTest() { enos_.Hold(); }

  FakeEnos enos_;
};

TEST_F(KilledGatewayTest, WithEarlyHeadersTheFlowRunsOnce) {
  GatewayProcess first(GatewayOptions(enos_.url()));
  const std::string address = first.address();
  Rpc rpc(NewChannel(address, kRetries), {});
  ASSERT_TRUE(enos_.WaitForHeld(1));
  first.Signal(SIGKILL);
  first.Wait();
  const GatewayProcess second(GatewayOptions(enos_.url(), {"--listen=" + address}));
  EXPECT_EQ(Summary(rpc.Wait()), "UNAVAILABLE (no reason) UNKNOWN");
  // The channel is usable again, so a retry would have arrived.
  RpcOptions other;
  other.flow_id = 2;
  Rpc next(NewChannel(address), other);
  ASSERT_TRUE(enos_.WaitForHeld(2));
  EXPECT_THAT(enos_.calls_by_flow(), ElementsAre(Pair(2, 1), Pair(3377, 1)));
}

// Shows that the test above can fail, and what --early_headers=false costs.
TEST_F(KilledGatewayTest, WithoutEarlyHeadersTheFlowRunsTwice) {
  GatewayProcess first(GatewayOptions(enos_.url(), {"--early_headers=false"}));
  const std::string address = first.address();
  Rpc rpc(NewChannel(address, kRetries), {});
  ASSERT_TRUE(enos_.WaitForHeld(1));
  first.Signal(SIGKILL);
  first.Wait();
  const GatewayProcess second(
      GatewayOptions(enos_.url(), {"--listen=" + address, "--early_headers=false"}));
  ASSERT_TRUE(enos_.WaitForHeld(2));
  enos_.AnswerHeld(FlowStartedAnswer());
  EXPECT_EQ(Summary(rpc.Wait()), "OK");
  EXPECT_THAT(enos_.calls_by_flow(), ElementsAre(Pair(3377, 2)));
}

}  // namespace
}  // namespace enos::gateway::testing
