#ifndef ENOS_SERVER_BASE_BACKOFF_H_
#define ENOS_SERVER_BASE_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <cmath>

#include "server/base/random.h"

namespace enos::gateway {

// Exponential back-off with full jitter: the wait after the nth failure is uniformly distributed
// between 0 and min(cap, first * 2^(n-1)), so that callers that failed together do not come back
// together.
struct Backoff {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds cap{2000};
  // Minimum wait, for what is retried indefinitely, because jitter may be close to 0.
  std::chrono::milliseconds least{0};

  // failures: 1 for the first.
  std::chrono::milliseconds Wait(int failures, const RandomSource& random) const {
    const double limit =
        static_cast<double>(first.count()) * std::exp2(std::clamp(failures - 1, 0, 30));
    const double longest = std::min(limit, static_cast<double>(cap.count()));
    return std::max(least, std::chrono::milliseconds(static_cast<long>(longest * random())));
  }
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_BACKOFF_H_
