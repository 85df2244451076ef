#ifndef ENOS_SERVER_UPSTREAM_CIRCUIT_BREAKER_H_
#define ENOS_SERVER_UPSTREAM_CIRCUIT_BREAKER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "server/base/random.h"
#include "server/base/scheduler.h"
#include "server/contract/call_error.h"

namespace enos::gateway {

struct CircuitBreakerOptions {
  int failures_to_open = 10;  // in a row
  // It stays open for half to all of this, at random: the first time, and twice as long after each
  // probe that fails, up to `longest`.
  std::chrono::milliseconds first{1000};
  std::chrono::milliseconds longest{30000};
};

// Keeps calls from an EnOS that is down (docs/adr/0010): after some failures in a row it opens, and
// nothing is sent for a while; then one send at a time, a probe, finds out how EnOS is. While it is
// closed, any number of sends may be under way.
//
// What was begun before the state changed has no say any more: of many sends that fail together,
// the first ones open it, and the late ones neither prolong that nor end it.
//
// Logs its changes. Loop thread only, but for state().
class CircuitBreaker {
 public:
  enum class State {
    kClosed,    // all is well
    kOpen,      // nothing is sent; when its time is over, the next send is a probe
    kHalfOpen,  // one probe at a time
  };
  // Names a send that was begun; 0 is never one.
  using Pass = uint64_t;
  using OnChange = std::function<void(State)>;

  // on_change (may be null) is called on the loop's thread after each change.
  CircuitBreaker(RandomSource random, CircuitBreakerOptions options, OnChange on_change = nullptr);

  // How long to wait at `now` before a send may be tried; nothing where one may begin. `now` may
  // also be a moment to come, as far as that can be known.
  std::optional<std::chrono::milliseconds> Rest(SteadyTime now) const;

  // A send begins, where there is no Rest. It ends once, in one of the ways below; `error` is
  // what its call is told.
  Pass Begin();
  // An HTTP answer came that is no 503.
  void Answered(Pass pass);
  // Nothing could be sent, or the answer was 503.
  void Failed(Pass pass, const CallError& error, SteadyTime now);
  // Sent, and the connection broke: no failure to count, but no health either.
  void Lost(Pass pass, const CallError& error, SteadyTime now);
  // It was given up, whatever became of it.
  void GivenUp(Pass pass);

  // Thread-safe.
  State state() const { return state_.load(std::memory_order_relaxed); }

 private:
  bool EndProbe() { return std::exchange(probe_is_out_, false); }
  void Open(const CallError& error, SteadyTime now);
  void Close();
  void Enter(State state);

  const RandomSource random_;
  const CircuitBreakerOptions options_;
  const OnChange on_change_;

  std::atomic<State> state_{State::kClosed};
  Pass era_ = 1;               // of the state; the sends begun in it have its number
  int failures_ = 0;           // in a row, those of probes included
  int times_opened_ = 0;       // since it was closed
  SteadyTime probe_at_;        // while open
  bool probe_is_out_ = false;  // while half open
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_UPSTREAM_CIRCUIT_BREAKER_H_
