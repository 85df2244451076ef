// Slots, ends and logs.
#include "server/trigger/flow_trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/log_capture.h"
#include "server/testing/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TriggerRig::Options Slots(int64_t slots) {
  TriggerRig::Options options;
  options.slots = slots;
  return options;
}

TEST(FlowTrigger, SlotIsFreeBeforeTheAnswer_CallerMayCallAgainAtOnce) {
  TriggerRig rig(Slots(1));
  TriggerRig::Call& first = rig.Start();
  first.then = [&] { rig.Start(); };
  EXPECT_FALSE(rig.CallerSlotIsFree(first));
  rig.Succeed();
  EXPECT_TRUE(first.slot_was_free);
  EXPECT_TRUE(first.caller_slot_was_free);
  ASSERT_EQ(rig.calls.size(), 2U);
  rig.Succeed();
  EXPECT_EQ(rig.calls[1].instance_id(), "3377-19700101000000");
}

TEST(FlowTrigger, CallerOfAnEndedCallGoes_IsIgnored) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.Succeed();
  rig.Leave(call);
  rig.trigger->CallerGone(0);
  rig.trigger->CallerGone(77);
  EXPECT_EQ(call.times_done, 1);
  EXPECT_EQ(rig.admission.in_flight(), 0);
}

TEST(FlowTrigger, IdleFromTheStart_SaysSoAtOnce) {
  TriggerRig rig;
  bool idle = false;
  rig.trigger->WhenIdle([&] { idle = true; });
  EXPECT_TRUE(idle);
}

TEST(FlowTrigger, WhenIdle_ComesOnceAfterTheLastCall) {
  TriggerRig rig;
  rig.Start();
  rig.Start();
  int idle = 0;
  rig.trigger->WhenIdle([&] { ++idle; });
  rig.Succeed();
  EXPECT_EQ(idle, 0);
  rig.Succeed();
  EXPECT_EQ(idle, 1);
  rig.Start();
  rig.Succeed();
  EXPECT_EQ(idle, 1);
}

TEST(FlowTrigger, CallerGoneWhileItsCallRunsOn_HoldsItsCallersSlot) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.http.MarkSent(rig.FlowTransfer());
  rig.Leave(call);
  EXPECT_FALSE(rig.CallerSlotIsFree(call));
  rig.Succeed();
  EXPECT_TRUE(rig.CallerSlotIsFree(call));
}

TEST(FlowTrigger, EndAll_EndsEveryCall) {
  TriggerRig rig;
  for (int i = 0; i < 10; ++i) rig.Start();
  rig.trigger->EndAll();
  for (const TriggerRig::Call& call : rig.calls) {
    EXPECT_EQ(call.reason(), Reason::GATEWAY_SHUTTING_DOWN);
    EXPECT_EQ(call.times_done, 1);
  }
  EXPECT_EQ(rig.admission.in_flight(), 0);
  EXPECT_THAT(rig.http.Running(), IsEmpty());
}

TEST(FlowTrigger, EndAll_WhoeverComesLaterIsRefused) {
  TriggerRig::Options options = Slots(2);
  TriggerRig rig(options);
  rig.trigger->EndAll();
  rig.Start();
  for (const TriggerRig::Call& call : rig.calls) {
    EXPECT_EQ(call.reason(), Reason::GATEWAY_SHUTTING_DOWN) << call.number;
    EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
    EXPECT_EQ(call.times_done, 1);
    EXPECT_TRUE(call.slot_was_free);
    EXPECT_TRUE(call.caller_slot_was_free) << call.number;
  }
  EXPECT_EQ(rig.admission.in_flight(), 0);
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST(FlowTrigger, EndAll_CallerThatLeavesAnotherFromItsAnswer_IsFine) {
  TriggerRig rig;
  TriggerRig::Call& first = rig.Start();
  TriggerRig::Call& second = rig.Start();
  first.then = [&] { rig.Leave(second); };
  second.then = [&] { rig.Leave(first); };
  rig.trigger->EndAll();
  EXPECT_EQ(first.times_done + second.times_done, 1);
  EXPECT_EQ(rig.admission.in_flight(), 0);
}

}  // namespace
}  // namespace enos::gateway
