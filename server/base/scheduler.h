#ifndef ENOS_SERVER_BASE_SCHEDULER_H_
#define ENOS_SERVER_BASE_SCHEDULER_H_

#include <chrono>
#include <cstdint>

#include "absl/functional/any_invocable.h"

namespace enos::gateway {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// Work that is done once, later, on some thread. Move-only; does not allocate up to the size of two
// pointers.
using Task = absl::AnyInvocable<void()>;

// Identifies a pending timer; never 0.
using TimerId = uint64_t;

// Time as the gateway's logic sees it: the clocks, and timers. The real one is the upstream event
// loop; tests have one whose time stands still until they advance it. Everything is called, and
// calls back, on one thread: the loop's.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  virtual SteadyTime Now() const = 0;
  virtual WallTime WallNow() const = 0;

  // Calls `task` once, not before `when`; never synchronously.
  virtual TimerId RunAt(SteadyTime when, Task task) = 0;

  // Drops a timer. Does nothing if it has run, was dropped or is 0.
  virtual void Cancel(TimerId id) = 0;

  TimerId RunAfter(Duration delay, Task task) { return RunAt(Now() + delay, std::move(task)); }
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_SCHEDULER_H_
