#ifndef ENOS_FLOW_REPEAT_H_
#define ENOS_FLOW_REPEAT_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "enos/flow/error.h"
#include "enos/flow/result.h"

namespace enos::flow {

// Plain values, and stateless functions that may be called from any thread.

// How often, and with which delays, to repeat a call that cannot start the flow twice.
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

// The random wait after that many attempts, according to the options. `random` is uniform in
// [0, 1).
std::chrono::milliseconds BackoffWait(int attempts_made, double random,
                                      const RepeatOptions& options);

// True if calling again cannot start the flow twice and may well succeed: the execution is
// kNotExecuted and the code UNAVAILABLE or RESOURCE_EXHAUSTED; or it is kUnknown, of a call with a
// key that may be repeated (SafeToRepeatWithSameKey). An invalid request, or a flow without tasks,
// is refused again however often it is sent.
bool IsWorthRepeating(const FlowError& error);

// How long to wait before the next attempt, or nullopt if there should be none: the error is not
// worth repeating, `attempts_made` has reached the limit, or the wait would use up `time_left`.
// `random` is uniform in [0, 1).
std::optional<std::chrono::milliseconds> WaitBeforeRepeat(const FlowError& error, int attempts_made,
                                                          std::chrono::milliseconds time_left,
                                                          double random,
                                                          const RepeatOptions& options);

// The combined outcome of all attempts to start one run, made by one process or by several. With an
// idempotency_key the `execution` of an answer is about one call only: after a call that may have
// started the flow, only NOT_EXECUTED with KeyState::kNone (and not an expired key) means that no
// call did.
class AttemptHistory {
 public:
  explicit AttemptHistory(bool may_have_started = false) : may_have_started_(may_have_started) {}

  // Adds the answer to another attempt and returns the outcome of all of them: kUnknown if an
  // earlier one may have started the flow.
  FlowResult Add(FlowResult answer);

  bool may_have_started() const { return may_have_started_; }

 private:
  bool may_have_started_;
  std::string likely_flow_instance_id_;
};

// Makes one attempt within the given time. `may_have_started`: an earlier attempt may have started
// the flow, so that only a call with the same key may follow.
using Attempt =
    std::function<FlowResult(std::chrono::milliseconds time_left, bool may_have_started)>;

// Calls `attempt` until it succeeds or WaitBeforeRepeat returns nullopt, all within `timeout`.
// Returns the combined outcome of all attempts. Blocks the calling thread.
FlowResult RepeatWhileSafe(const Attempt& attempt, std::chrono::milliseconds timeout,
                           const RepeatOptions& options, const RepeatHooks& hooks);

}  // namespace enos::flow

#endif  // ENOS_FLOW_REPEAT_H_
