// Many calls: slots.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

constexpr char kOverloaded[] = "UNAVAILABLE GATEWAY_OVERLOADED NOT_EXECUTED";

TEST(GatewayOverload, CallBeyondTheSlotsIsRefusedWithAWait) {
  FakeEnos enos;
  enos.Hold();
  const GatewayRunner gateway(SettingsWithSlots(enos.url(), 2));
  Rpc first(gateway.channel(), Flow(1));
  Rpc second(gateway.channel(), Flow(2));
  ASSERT_TRUE(enos.WaitForHeld(2));
  const RpcOutcome third = gateway.Call(Flow(3));
  EXPECT_EQ(Summary(third), kOverloaded);
  EXPECT_TRUE(third.error.retry_after.has_value());
  enos.AnswerHeld(FlowStartedAnswer());
  EXPECT_EQ(Summary(first.Wait()), "OK");
  EXPECT_EQ(Summary(second.Wait()), "OK");
  EXPECT_EQ(enos.calls(), 2U);
}

// The transfer still uses a connection and memory, although nobody waits for it.
TEST(GatewayOverload, CallWhoseCallerIsGoneKeepsItsSlotUntilItEnds) {
  FakeEnos enos;
  enos.Hold();
  const GatewayRunner gateway(SettingsWithSlots(enos.url(), 1));
  Rpc first(gateway.channel(), Flow(1));
  ASSERT_TRUE(enos.WaitForHeld(1));
  first.Cancel();
  first.Wait();
  EXPECT_EQ(Summary(gateway.Call(Flow(2))), kOverloaded);
  enos.Stop();
}

// A slot is free again before its answer is sent.
TEST(GatewayClosedLoop, AsManyCallersAsSlotsAreNeverRefused) {
  constexpr int kCallers = 8;
  constexpr int kCallsEach = 200;
  FakeEnos enos;
  const GatewayRunner gateway(SettingsWithSlots(enos.url(), kCallers));
  std::atomic<int> not_ok{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      for (int call = 0; call < kCallsEach; ++call) {
        if (Summary(gateway.Call()) != "OK") ++not_ok;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(not_ok, 0);
  EXPECT_EQ(enos.calls(), std::uint64_t{kCallers} * kCallsEach);
  EXPECT_LE(enos.server().counters().Get().connections_opened, std::uint64_t{kCallers} + 1);
}

}  // namespace
}  // namespace enos::gateway::testing
