#ifndef ENOS_SERVER_LOOP_TIMER_QUEUE_H_
#define ENOS_SERVER_LOOP_TIMER_QUEUE_H_

#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "server/base/scheduler.h"

namespace enos::gateway {

// The timers of an event loop, in the order of their times. Nearly every timer here is a deadline
// that is cancelled long before it is due, so that adding and cancelling must cost little and leave
// nothing behind. One thread only.
class TimerQueue {
 public:
  TimerId Add(SteadyTime when, Task task);

  // Drops a timer, and what its task holds. One that ran, was dropped or is 0 is ignored.
  void Cancel(TimerId id);

  // When the earliest timer is due; nothing where there is none.
  std::optional<SteadyTime> Earliest() const;

  // Runs what is due at `now`, earliest first, those of one time in the order of Add. The tasks may
  // add and cancel timers; those added meanwhile wait for the next call.
  void RunDue(SteadyTime now);

 private:
  absl::btree_map<std::pair<SteadyTime, TimerId>, Task> tasks_;
  absl::flat_hash_map<TimerId, SteadyTime> times_;
  TimerId last_id_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOOP_TIMER_QUEUE_H_
