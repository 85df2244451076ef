#include "server/upstream/retry_budget.h"

#include <algorithm>
#include <chrono>

namespace enos::gateway {
namespace {

int64_t SecondOf(SteadyTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

RetryBudget::Second& RetryBudget::At(SteadyTime now) {
  const int64_t number = SecondOf(now);
  Second& second = seconds_[static_cast<std::size_t>(number % kWindowSeconds)];
  if (second.number != number) second = {number, 0, 0};
  return second;
}

void RetryBudget::CountCall(SteadyTime now) { ++At(now).calls; }

bool RetryBudget::TakeRetry(SteadyTime now) {
  const int64_t oldest = SecondOf(now) - kWindowSeconds;
  int64_t calls = 0;
  int64_t retries = 0;
  for (const Second& second : seconds_) {
    if (second.number <= oldest) continue;
    calls += second.calls;
    retries += second.retries;
  }
  if (retries >= std::max(kAlwaysAllowed, calls / kCallsPerRetry)) return false;
  ++At(now).retries;
  return true;
}

}  // namespace enos::gateway
