#ifndef ENOS_SERVER_TESTING_FAKE_SCHEDULER_H_
#define ENOS_SERVER_TESTING_FAKE_SCHEDULER_H_

#include <cstddef>
#include <map>
#include <utility>

#include "server/base/scheduler.h"

namespace enos::gateway {

// A Scheduler whose time stands still until a test moves it. Timers run in the order in which they
// are due, those due at the same time in the order in which they were set. As with the real loop, a
// task is out of the scheduler's hands before it runs, so that it may destroy whoever set it.
class FakeScheduler : public Scheduler {
 public:
  // What the clocks start with; the wall clock's is a whole number of milliseconds.
  static constexpr SteadyTime kStart{std::chrono::hours(1000)};
  static constexpr WallTime kWallStart{std::chrono::milliseconds(1'700'000'000'123)};

  SteadyTime Now() const override { return now_; }
  WallTime WallNow() const override { return wall_now_; }
  TimerId RunAt(SteadyTime when, Task task) override;
  void Cancel(TimerId id) override;

  // Moves both clocks on, stopping at each timer that comes due on the way to run it; timers that
  // tasks set for a time on the way run as well.
  void Advance(Duration by);

  // Runs what is due now.
  void RunDue() { Advance(Duration::zero()); }

  // Moves both clocks on without running anything: the loop was busy with something else.
  void Stall(Duration by);

  // Somebody sets the wall clock, forward or back.
  void StepWallClock(Duration by);

  size_t pending() const { return tasks_.size(); }
  // When the next timer is due; SteadyTime::max() when none is pending.
  SteadyTime next_due() const;

 private:
  using Key = std::pair<SteadyTime, TimerId>;

  SteadyTime now_ = kStart;
  WallTime wall_now_ = kWallStart;
  TimerId last_id_ = 0;
  std::map<Key, Task> tasks_;
  std::map<TimerId, SteadyTime> due_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_FAKE_SCHEDULER_H_
