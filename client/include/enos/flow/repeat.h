#ifndef ENOS_FLOW_REPEAT_H_
#define ENOS_FLOW_REPEAT_H_

#include <chrono>
#include <functional>
#include <optional>

#include "enos/flow/error.h"
#include "enos/flow/result.h"

namespace enos::flow {

// Plain values, and functions that keep nothing: to be called from any thread.

// How often, and how patiently, to repeat a call that was certainly not executed.
struct RepeatOptions {
  int max_attempts = 3;  // the first call included; 1 or less: never repeat
  // Where the gateway gives no wait (RetryInfo): a random time between 0 and a limit that starts
  // here and doubles with each attempt ("full jitter")...
  std::chrono::milliseconds initial_backoff{200};
  // ...up to this one.
  std::chrono::milliseconds max_backoff{5000};
};

// Time and chance, to be replaced in tests. All three must be callable from the calling thread.
struct RepeatHooks {
  std::function<std::chrono::steady_clock::time_point()> now;
  std::function<void(std::chrono::milliseconds)> sleep;
  std::function<double()> random;  // uniform in [0, 1)

  // The real clock, a real sleep, real chance.
  static RepeatHooks Real();
};

// The random wait after so many attempts, as RepeatOptions say it. `random` is uniform in [0, 1).
std::chrono::milliseconds BackoffWait(int attempts_made, double random,
                                      const RepeatOptions& options);

// True if calling again cannot start the flow twice and may well succeed: the execution is
// kNotExecuted and the code UNAVAILABLE or RESOURCE_EXHAUSTED. A request that is not valid, or a
// flow without tasks, will be refused again, however often it is sent.
bool IsWorthRepeating(const FlowError& error);

// How long to wait before the next attempt, or nothing if there is to be none: the error is not
// worth repeating, `attempts_made` has reached the limit, or the wait would use up `time_left`.
// `random` is uniform in [0, 1).
std::optional<std::chrono::milliseconds> WaitBeforeRepeat(const FlowError& error, int attempts_made,
                                                          std::chrono::milliseconds time_left,
                                                          double random,
                                                          const RepeatOptions& options);

// Makes one attempt within the time it is given.
using Attempt = std::function<FlowResult(std::chrono::milliseconds time_left)>;

// Calls `attempt` until it succeeds or WaitBeforeRepeat says that there is to be no other, all
// within `timeout`. Answers the last outcome. Blocks the calling thread.
FlowResult RepeatWhileSafe(const Attempt& attempt, std::chrono::milliseconds timeout,
                           const RepeatOptions& options, const RepeatHooks& hooks);

}  // namespace enos::flow

#endif  // ENOS_FLOW_REPEAT_H_
