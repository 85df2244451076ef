#include "server/upstream/circuit_breaker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/contract/gateway_errors.h"
#include "server/log/log.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

}  // namespace

CircuitBreaker::CircuitBreaker(RandomSource random, CircuitBreakerOptions options,
                               OnChange on_change)
    : random_(std::move(random)), options_(options), on_change_(std::move(on_change)) {}

std::optional<milliseconds> CircuitBreaker::Rest(SteadyTime now) const {
  switch (state()) {
    case State::kClosed:
      return std::nullopt;
    case State::kOpen:
      if (now >= probe_at_) return std::nullopt;
      // Rounded up: a caller that waits so long is not refused again.
      return std::chrono::ceil<milliseconds>(probe_at_ - now);
    case State::kHalfOpen:
      if (!probe_is_out_) return std::nullopt;
      return kSuggestedWait;
  }
  return std::nullopt;
}

CircuitBreaker::Pass CircuitBreaker::Begin() {
  if (state() == State::kOpen) Enter(State::kHalfOpen);
  if (state() == State::kHalfOpen) probe_is_out_ = true;
  return era_;
}

void CircuitBreaker::Answered(Pass pass) {
  if (pass != era_) return;
  failures_ = 0;
  if (EndProbe()) Close();
}

void CircuitBreaker::Failed(Pass pass, const CallError& error, SteadyTime now) {
  if (pass != era_) return;
  ++failures_;
  if (EndProbe() || failures_ >= options_.failures_to_open) Open(error, now);
}

void CircuitBreaker::Lost(Pass pass, const CallError& error, SteadyTime now) {
  if (pass == era_ && EndProbe()) Open(error, now);
}

void CircuitBreaker::GivenUp(Pass pass) {
  if (pass == era_) EndProbe();
}

void CircuitBreaker::Open(const CallError& error, SteadyTime now) {
  const double limit =
      static_cast<double>(options_.first.count()) * std::exp2(std::min(times_opened_++, 30));
  const double longest = std::min(limit, static_cast<double>(options_.longest.count()));
  const milliseconds wait(static_cast<int64_t>(longest * (0.5 + 0.5 * random_())));
  probe_at_ = now + wait;
  Log(LogLevel::kWarning, "EnOS is down: calls are refused at once",
      {{"failures", failures_},
       {"next_probe_ms", wait.count()},
       {"reason", ErrorReason_Name(error.reason)},
       {"message", error.message}});
  Enter(State::kOpen);
}

void CircuitBreaker::Close() {
  times_opened_ = 0;
  Log(LogLevel::kInfo, "EnOS is up again: calls are sent");
  Enter(State::kClosed);
}

void CircuitBreaker::Enter(State state) {
  ++era_;
  state_.store(state, std::memory_order_relaxed);
  if (on_change_) on_change_(state);
}

}  // namespace enos::gateway
