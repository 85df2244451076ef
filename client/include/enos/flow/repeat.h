#ifndef ENOS_FLOW_REPEAT_H_
#define ENOS_FLOW_REPEAT_H_

#include <chrono>
#include <functional>
#include <optional>

#include "enos/flow/error.h"
#include "enos/flow/result.h"

namespace enos::flow {

// Plain values, and stateless functions that may be called from any thread.

// How often, and with which delays, to repeat a call that was certainly not executed.
struct RepeatOptions {
  int max_attempts = 3;  // including the first call; 1 or less: never repeat
  // If the gateway specifies no wait (RetryInfo): a random time between 0 and a limit that starts
  // here and doubles with each attempt ("full jitter")...
  std::chrono::milliseconds initial_backoff{200};
  // ...up to this one.
  std::chrono::milliseconds max_backoff{5000};
};

// Time and randomness, replaceable in tests. All three must be callable from the calling thread.
struct RepeatHooks {
  std::function<std::chrono::steady_clock::time_point()> now;
  std::function<void(std::chrono::milliseconds)> sleep;
  std::function<double()> random;  // uniform in [0, 1)

  // The real clock, real sleep and real randomness.
  static RepeatHooks Real();
};

// The random wait after so many attempts, as RepeatOptions say it. `random` is uniform in [0, 1).
std::chrono::milliseconds BackoffWait(int attempts_made, double random,
                                      const RepeatOptions& options);

// True if calling again cannot start the flow twice and may well succeed: the execution is
// kNotExecuted and the code UNAVAILABLE or RESOURCE_EXHAUSTED. An invalid request, or a flow
// without tasks, is refused again however often it is sent.
bool IsWorthRepeating(const FlowError& error);

// How long to wait before the next attempt, or nullopt if there should be none: the error is not
// worth repeating, `attempts_made` has reached the limit, or the wait would use up `time_left`.
// `random` is uniform in [0, 1).
std::optional<std::chrono::milliseconds> WaitBeforeRepeat(const FlowError& error, int attempts_made,
                                                          std::chrono::milliseconds time_left,
                                                          double random,
                                                          const RepeatOptions& options);

// Makes one attempt within the given time.
using Attempt = std::function<FlowResult(std::chrono::milliseconds time_left)>;

// Calls `attempt` until it succeeds or WaitBeforeRepeat returns nullopt, all within `timeout`.
// Returns the last outcome. Blocks the calling thread.
FlowResult RepeatWhileSafe(const Attempt& attempt, std::chrono::milliseconds timeout,
                           const RepeatOptions& options, const RepeatHooks& hooks);

}  // namespace enos::flow

#endif  // ENOS_FLOW_REPEAT_H_
