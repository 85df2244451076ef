#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "server/trigger/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

// One slot, taken by the first call; queued calls wait for at most a second.
class FlowQueue : public ::testing::Test {
 protected:
  static TriggerRig::Options OneSlot() {
    TriggerRig::Options options;
    options.slots = 1;
    options.places = 5;
    return options;
  }

  void TearDown() override {
    rig_.scheduler.Advance(seconds(120));
    if (rig_.trigger == nullptr) return;
    EXPECT_EQ(rig_.admission.in_flight(), 0);
    EXPECT_EQ(rig_.admission.queued(), 0);
  }

  // Answers the transfer that runs, and lets the call that gets its slot begin.
  void PassSlotTo(TriggerRig::Call& next) {
    rig_.Succeed();
    rig_.Announce(next, true);
  }

  TriggerRig rig_{OneSlot()};
};

TEST_F(FlowQueue, SlotIsFree_OldestIsAnnouncedThenStarted) {
  rig_.Start();
  TriggerRig::Call& second = rig_.Enqueue();
  TriggerRig::Call& third = rig_.Enqueue();
  EXPECT_EQ(rig_.admission.queued(), 2);
  EXPECT_FALSE(second.announce);
  rig_.Succeed();
  ASSERT_TRUE(second.announce);
  EXPECT_FALSE(third.announce);
  EXPECT_EQ(rig_.admission.queued(), 1);
  EXPECT_EQ(rig_.Sends(), 1U) << "nothing is sent before the caller is ready";
  rig_.Announce(second, true);
  EXPECT_EQ(rig_.SendsOf(second).size(), 1U);
  PassSlotTo(third);
  rig_.Succeed();
  EXPECT_NE(second.instance_id(), "");
  EXPECT_NE(third.instance_id(), "");
}

TEST_F(FlowQueue, ManyWait_AreServedInOrder) {
  rig_.Start();
  std::vector<size_t> order;
  for (int i = 0; i < 5; ++i) {
    TriggerRig::Call& call = rig_.Enqueue();
    call.then = [&order, &call] { order.push_back(call.number); };
  }
  for (size_t i = 1; i <= 5; ++i) PassSlotTo(rig_.calls[i]);
  rig_.Succeed();
  EXPECT_THAT(order, ElementsAre(2, 3, 4, 5, 6));
}

TEST_F(FlowQueue, SlotIsHandedOver_NewcomersDoNotGetIt) {
  TriggerRig::Call& first = rig_.Start();
  TriggerRig::Call& second = rig_.Enqueue();
  rig_.Succeed();
  EXPECT_FALSE(first.slot_was_free) << "it belongs to the one that waited";
  EXPECT_FALSE(rig_.admission.TryEnter());
  rig_.Announce(second, true);
  rig_.Succeed();
}

TEST_F(FlowQueue, Places_AreBounded) {
  rig_.Start();
  for (int i = 0; i < 5; ++i) rig_.Enqueue();
  EXPECT_FALSE(rig_.admission.TryQueue());
  rig_.Leave(rig_.calls[3]);
  EXPECT_TRUE(rig_.admission.TryQueue());
  rig_.admission.LeaveQueue();
}

TEST_F(FlowQueue, SlotCameFreeMeanwhile_IsAnnouncedAtOnce) {
  TriggerRig::Call& call = rig_.Enqueue();
  ASSERT_TRUE(call.announce);
  EXPECT_EQ(rig_.admission.queued(), 0);
  rig_.Announce(call, true);
  rig_.Succeed();
  EXPECT_NE(call.instance_id(), "");
}

TEST_F(FlowQueue, WaitsTooLong_IsOverloaded) {
  rig_.Start();
  TriggerRig::Call& call = rig_.Enqueue();
  rig_.scheduler.Advance(milliseconds(999));
  EXPECT_FALSE(call.is_done());
  rig_.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(call.reason(), Reason::kGatewayOverloaded);
  EXPECT_EQ(call.error().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.error().retry_after, milliseconds(1000));
  EXPECT_EQ(rig_.admission.queued(), 0);
  rig_.Succeed();
  EXPECT_EQ(rig_.Sends(), 1U);
}

TEST_F(FlowQueue, DeadlineComesWhileItWaits_IsOverloaded) {
  rig_.Start();
  TriggerRig::Call& call = rig_.Enqueue(milliseconds(300));
  rig_.scheduler.Advance(milliseconds(300));
  EXPECT_EQ(call.reason(), Reason::kGatewayOverloaded);
}

TEST_F(FlowQueue, WaitEndsWithTheSlot_LongAnnouncementIsNotOverloaded) {
  rig_.Start();
  TriggerRig::Call& call = rig_.Enqueue();
  rig_.Succeed();
  rig_.scheduler.Advance(seconds(5));
  EXPECT_FALSE(call.is_done());
  rig_.Announce(call, true);
  rig_.Succeed();
  EXPECT_NE(call.instance_id(), "");
}

TEST_F(FlowQueue, AnnouncementOutlastsTheDeadline_IsToldInTimeAndNotSent) {
  rig_.Start();
  TriggerRig::Call& call = rig_.Enqueue(milliseconds(500));
  rig_.Succeed();
  rig_.scheduler.Advance(milliseconds(499));
  EXPECT_FALSE(call.is_done());
  rig_.scheduler.Advance(milliseconds(1));
  ASSERT_TRUE(call.is_done());
  EXPECT_EQ(call.reason(), Reason::kEnosUnreachable);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_TRUE(call.slot_was_free);
  rig_.Announce(call, true);
  EXPECT_EQ(rig_.SendsOf(call).size(), 0U);
  EXPECT_EQ(call.times_done, 1);
}

TEST_F(FlowQueue, CallerGoesWhileItWaits_GivesItsPlaceUp) {
  rig_.Start();
  TriggerRig::Call& second = rig_.Enqueue();
  TriggerRig::Call& third = rig_.Enqueue();
  rig_.Leave(second);
  EXPECT_EQ(rig_.admission.queued(), 1);
  PassSlotTo(third);
  rig_.Succeed();
  rig_.scheduler.Advance(seconds(2));
  EXPECT_FALSE(second.is_done());
  EXPECT_FALSE(second.announce);
}

TEST_F(FlowQueue, CallerGoesWhileItIsAnnounced_GivesItsSlotUp) {
  rig_.Start();
  TriggerRig::Call& second = rig_.Enqueue();
  TriggerRig::Call& third = rig_.Enqueue();
  rig_.Succeed();
  rig_.Leave(second);
  ASSERT_TRUE(third.announce);
  rig_.Announce(second, true);  // too late
  EXPECT_EQ(rig_.SendsOf(second).size(), 0U);
  EXPECT_EQ(rig_.admission.in_flight(), 1);
  rig_.Announce(third, true);
  rig_.Succeed();
  EXPECT_FALSE(second.is_done());
}

TEST_F(FlowQueue, AnnouncementFindsTheCallerGone_SlotGoesOn) {
  rig_.Start();
  TriggerRig::Call& second = rig_.Enqueue();
  TriggerRig::Call& third = rig_.Enqueue();
  rig_.Succeed();
  rig_.Announce(second, false);
  ASSERT_TRUE(third.announce);
  rig_.Announce(third, false);
  EXPECT_EQ(rig_.admission.in_flight(), 0);
  rig_.Leave(second);
  EXPECT_FALSE(second.is_done());
}

TEST_F(FlowQueue, SlotOfACallThatIsNotReady_GoesToTheQueue) {
  TriggerRig::Call& gone = rig_.StartWhenReady();
  TriggerRig::Call& call = rig_.Enqueue();
  rig_.Announce(gone, false);
  ASSERT_TRUE(call.announce);
  rig_.Announce(call, true);
  rig_.Succeed();
}

TEST_F(FlowQueue, Idle_NotWhileOneIsQueuedOrAnnounced) {
  rig_.Start();
  TriggerRig::Call& second = rig_.Enqueue();
  TriggerRig::Call& third = rig_.Enqueue();
  int idle = 0;
  rig_.trigger->WhenIdle([&] { ++idle; });
  rig_.Succeed();
  rig_.Leave(second);
  EXPECT_EQ(idle, 0);
  rig_.Leave(third);
  EXPECT_EQ(idle, 1);
}

TEST_F(FlowQueue, LastOneWaitsTooLong_ThenItIsIdle) {
  TriggerRig::Call& first = rig_.Start(seconds(10), seconds(10));
  TriggerRig::Call& second = rig_.Enqueue();
  bool idle = false;
  rig_.trigger->WhenIdle([&] { idle = true; });
  rig_.Leave(first);
  EXPECT_FALSE(idle);
  rig_.Leave(second);
  EXPECT_TRUE(idle);
}

TEST_F(FlowQueue, AllEnd_QueuedAndAnnouncedAreAnsweredToo) {
  rig_.Start();
  TriggerRig::Call& announced = rig_.Enqueue();
  TriggerRig::Call& queued = rig_.Enqueue();
  rig_.Succeed();
  bool idle = false;
  rig_.trigger->WhenIdle([&] { idle = true; });
  rig_.trigger->EndAll();
  EXPECT_EQ(queued.reason(), Reason::kGatewayShuttingDown);
  EXPECT_TRUE(queued.caller_slot_was_free);
  ASSERT_TRUE(announced.is_done());
  EXPECT_EQ(announced.reason(), Reason::kGatewayShuttingDown);
  EXPECT_TRUE(announced.slot_was_free);
  EXPECT_TRUE(idle);
  rig_.Announce(announced, true);  // too late
  EXPECT_EQ(rig_.Sends(), 1U);
  EXPECT_EQ(announced.times_done, 1);
}

TEST_F(FlowQueue, AllEnd_LeavesNoTimerOfTheQueue) {
  rig_.Start();
  TriggerRig::Call& queued = rig_.Enqueue();
  rig_.trigger->EndAll();
  rig_.scheduler.Advance(seconds(2));
  EXPECT_EQ(queued.times_done, 1);
}

TEST_F(FlowQueue, Destroyed_LeavesNoTimer) {
  rig_.Start();
  rig_.Enqueue();
  rig_.Enqueue();
  rig_.Succeed();
  rig_.trigger.reset();
  EXPECT_EQ(rig_.scheduler.pending(), 2U) << "the token's timers only";
}

TEST_F(FlowQueue, CallerThatAsksAgainFromItsAnswer_WaitsBehindTheOthers) {
  TriggerRig::Call& first = rig_.Start();
  TriggerRig::Call& second = rig_.Enqueue();
  first.then = [&] { rig_.Enqueue(); };
  rig_.Succeed();
  ASSERT_TRUE(second.announce);
  EXPECT_FALSE(rig_.calls[2].announce);
  rig_.Announce(second, true);
  PassSlotTo(rig_.calls[2]);
  rig_.Succeed();
}

// Without early headers a call is ready at once, so that one end can bring about the next.
TEST(FlowQueueDepth, ManyThatEndAsTheyStart_DoNotNest) {
  constexpr int kMany = 20'000;
  TriggerRig::Options options;
  options.slots = 1;
  options.places = kMany;
  TriggerRig rig(options);
  rig.Start();
  int overdue = 0;
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(rig.admission.TryQueue());
    TriggerJob job;
    job.answer_by = rig.scheduler.Now() + milliseconds(500);
    job.end_by = rig.scheduler.Now() + seconds(30);
    rig.trigger->Enqueue(
        std::move(job), [](const std::function<void(bool)>& ready) { ready(true); },
        [&](const TriggerResult&) { ++overdue; });
  }
  rig.scheduler.Stall(seconds(1));  // the loop is late: all of them are overdue
  rig.Succeed();
  EXPECT_EQ(overdue, kMany);
  EXPECT_EQ(rig.admission.in_flight(), 0);
  EXPECT_EQ(rig.admission.queued(), 0);
}

TEST(FlowQueueDepth, ManyWhoseCallersGoLastFirst_LeaveTheQueue) {
  constexpr int kMany = 20'000;
  TriggerRig::Options options;
  options.slots = 1;
  options.places = kMany;
  TriggerRig rig(options);
  rig.Start();
  std::vector<FlowTrigger::CallId> ids;
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(rig.admission.TryQueue());
    TriggerJob job;
    job.answer_by = rig.scheduler.Now() + seconds(5);
    job.end_by = rig.scheduler.Now() + seconds(30);
    ids.push_back(rig.trigger->Enqueue(
        std::move(job), [](const std::function<void(bool)>&) { FAIL(); },
        [](const TriggerResult&) { FAIL(); }));
  }
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) rig.trigger->CallerGone(*id);
  EXPECT_EQ(rig.admission.queued(), 0);
}

}  // namespace
}  // namespace enos::gateway
