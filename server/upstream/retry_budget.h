#ifndef ENOS_SERVER_UPSTREAM_RETRY_BUDGET_H_
#define ENOS_SERVER_UPSTREAM_RETRY_BUDGET_H_

#include <array>
#include <cstdint>

#include "server/base/scheduler.h"

namespace enos::gateway {

// Keeps retries from multiplying an outage: within any 10 s at most a fifth as many retries as
// calls, and never less than
// 10. The window moves in steps of one second. Not thread-safe.
class RetryBudget {
 public:
  static constexpr int kWindowSeconds = 10;
  static constexpr int64_t kAlwaysAllowed = 10;
  static constexpr int64_t kCallsPerRetry = 5;

  // A call began.
  void CountCall(SteadyTime now);

  // Whether one more retry may be made now; if so, it is counted.
  bool TakeRetry(SteadyTime now);

 private:
  struct Second {
    int64_t number = -1;
    int64_t calls = 0;
    int64_t retries = 0;
  };

  Second& At(SteadyTime now);

  std::array<Second, kWindowSeconds> seconds_{};
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_UPSTREAM_RETRY_BUDGET_H_
