#include "server/loop/timer_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

constexpr SteadyTime kStart{};

class TimerQueueTest : public ::testing::Test {
 protected:
  TimerId Add(int at_ms, int name) {
    return timers_.Add(kStart + milliseconds(at_ms), [this, name] { ran_.push_back(name); });
  }
  void RunAt(int ms) { timers_.RunDue(kStart + milliseconds(ms)); }

  TimerQueue timers_;
  std::vector<int> ran_;
};

TEST_F(TimerQueueTest, DueTimersRunByTimeAndThoseOfOneTimeInOrder) {
  Add(3, 30);
  Add(1, 10);
  Add(1, 11);
  Add(2, 20);
  RunAt(0);
  EXPECT_THAT(ran_, ElementsAre());
  RunAt(2);
  EXPECT_THAT(ran_, ElementsAre(10, 11, 20));
  RunAt(3);
  EXPECT_THAT(ran_, ElementsAre(10, 11, 20, 30));
}

TEST_F(TimerQueueTest, TheEarliestIsTheOneThatIsStillThere) {
  EXPECT_EQ(timers_.Earliest(), std::nullopt);
  const TimerId first = Add(1, 1);
  Add(2, 2);
  EXPECT_EQ(timers_.Earliest(), kStart + milliseconds(1));
  timers_.Cancel(first);
  EXPECT_EQ(timers_.Earliest(), kStart + milliseconds(2));
}

TEST_F(TimerQueueTest, ACancelledTimerDoesNotRunAndCancellingAgainDoesNothing) {
  const TimerId dropped = Add(1, 1);
  Add(1, 2);
  timers_.Cancel(dropped);
  timers_.Cancel(dropped);
  timers_.Cancel(0);
  RunAt(1);
  timers_.Cancel(dropped);
  EXPECT_THAT(ran_, ElementsAre(2));
}

TEST_F(TimerQueueTest, ATaskMayCancelOneThatIsDueWithIt) {
  TimerId second = 0;
  timers_.Add(kStart, [&] { timers_.Cancel(second); });
  second = Add(0, 2);
  Add(1, 3);
  RunAt(1);
  EXPECT_THAT(ran_, ElementsAre(3));
}

TEST_F(TimerQueueTest, WhatATaskAddsWaitsForTheNextTime) {
  timers_.Add(kStart, [&] { Add(0, 1); });
  Add(2, 2);
  RunAt(2);
  EXPECT_THAT(ran_, ElementsAre(2));
  RunAt(2);
  EXPECT_THAT(ran_, ElementsAre(2, 1));
}

TEST_F(TimerQueueTest, CancellingLetsGoOfWhatTheTaskHolds) {
  const auto held = std::make_shared<int>(1);
  const TimerId id = timers_.Add(kStart, [held] {});
  timers_.Cancel(id);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TimerQueueTest, WhatADroppedTaskHeldMayCancelAnotherTimerAsItGoes) {
  const TimerId other = Add(1, 1);
  std::shared_ptr<void> holder(nullptr, [this, other](void*) { timers_.Cancel(other); });
  const TimerId dropped = timers_.Add(kStart, [holder = std::move(holder)] {});
  timers_.Cancel(dropped);
  EXPECT_EQ(timers_.Earliest(), std::nullopt);
}

}  // namespace
}  // namespace enos::gateway
