#ifndef ENOS_SERVER_LOOP_TIMER_QUEUE_H_
#define ENOS_SERVER_LOOP_TIMER_QUEUE_H_

#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "server/base/scheduler.h"

namespace enos::gateway {

// The timers of an event loop, ordered by time. Nearly every timer here is a deadline that is
// cancelled long before it is due, so adding and cancelling must be cheap and leave nothing behind.
// One thread only.
class TimerQueue {
 public:
  TimerId Add(SteadyTime when, Task task);

  // Drops a timer, and what its task holds. Does nothing if the timer has run, was dropped or is 0.
  void Cancel(TimerId id);

  // When the earliest timer is due; nullopt if there is none.
  std::optional<SteadyTime> Earliest() const;

  // Runs what is due at `now`, earliest first, those with the same time in the order of Add. The
  // tasks may add and cancel timers; timers added meanwhile wait for the next call.
  void RunDue(SteadyTime now);

 private:
  absl::btree_map<std::pair<SteadyTime, TimerId>, Task> tasks_;
  absl::flat_hash_map<TimerId, SteadyTime> times_;
  TimerId last_id_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOOP_TIMER_QUEUE_H_
