#include "server/testing/fake_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(FakeScheduler, Time_StandsStillUntilItIsMoved) {
  FakeScheduler scheduler;
  EXPECT_EQ(scheduler.Now(), FakeScheduler::kStart);
  scheduler.Advance(seconds(3));
  EXPECT_EQ(scheduler.Now(), FakeScheduler::kStart + seconds(3));
  EXPECT_EQ(scheduler.WallNow(), FakeScheduler::kWallStart + seconds(3));
}

TEST(FakeScheduler, TimersThatComeDue_RunInOrderEachAtItsTime) {
  FakeScheduler scheduler;
  std::vector<int> order;
  const auto at = [&](int number, milliseconds due) {
    scheduler.RunAfter(due, [&, number, when = scheduler.Now() + due] {
      EXPECT_EQ(scheduler.Now(), when);
      order.push_back(number);
    });
  };
  at(3, milliseconds(20));
  at(1, milliseconds(10));
  at(2, milliseconds(10));
  at(4, milliseconds(31));
  scheduler.Advance(milliseconds(30));
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
  EXPECT_EQ(scheduler.pending(), 1U);
  EXPECT_EQ(scheduler.next_due(), FakeScheduler::kStart + milliseconds(31));
}

TEST(FakeScheduler, TaskThatIsDueAtOnce_RunsLaterAndNotFromWithin) {
  FakeScheduler scheduler;
  bool ran = false;
  scheduler.RunAfter(Duration::zero(), [&] { ran = true; });
  EXPECT_FALSE(ran);
  scheduler.RunDue();
  EXPECT_TRUE(ran);
}

TEST(FakeScheduler, TimersSetOnTheWay_RunInTheSameAdvance) {
  FakeScheduler scheduler;
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    scheduler.RunAfter(milliseconds(10), again);
  };
  scheduler.RunAfter(milliseconds(10), again);
  scheduler.Advance(milliseconds(35));
  EXPECT_EQ(runs, 3);
}

TEST(FakeScheduler, CancelledTimer_DoesNotRun) {
  FakeScheduler scheduler;
  bool ran = false;
  const TimerId id = scheduler.RunAfter(milliseconds(1), [&] { ran = true; });
  scheduler.Cancel(id);
  scheduler.Cancel(id);
  scheduler.Cancel(0);
  scheduler.Advance(seconds(1));
  EXPECT_FALSE(ran);
  EXPECT_EQ(scheduler.pending(), 0U);
  EXPECT_EQ(scheduler.next_due(), SteadyTime::max());
}

TEST(FakeScheduler, Task_MayDestroyWhatItCaptured) {
  FakeScheduler scheduler;
  auto owner = std::make_shared<std::unique_ptr<int>>(std::make_unique<int>(5));
  bool alive = false;
  scheduler.RunAfter(Duration::zero(), [&scheduler, &owner, &alive, copy = owner] {
    owner.reset();
    scheduler.RunAfter(Duration::zero(), [] {});
    alive = **copy == 5;
  });
  scheduler.RunDue();
  EXPECT_TRUE(alive);
}

TEST(FakeScheduler, Stall_MovesTheClocksAndRunsNothing) {
  FakeScheduler scheduler;
  SteadyTime ran_at;
  scheduler.RunAfter(milliseconds(1), [&] { ran_at = scheduler.Now(); });
  scheduler.Stall(seconds(1));
  EXPECT_EQ(ran_at, SteadyTime());
  scheduler.RunDue();
  EXPECT_EQ(ran_at, FakeScheduler::kStart + seconds(1));
}

TEST(FakeScheduler, StepOfTheWallClock_LeavesTheSteadyOneAlone) {
  FakeScheduler scheduler;
  scheduler.StepWallClock(-seconds(5));
  EXPECT_EQ(scheduler.WallNow(), FakeScheduler::kWallStart - seconds(5));
  EXPECT_EQ(scheduler.Now(), FakeScheduler::kStart);
}

}  // namespace
}  // namespace enos::gateway
