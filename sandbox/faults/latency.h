// A wait, fixed or from a range.
#ifndef ENOS_SANDBOX_FAULTS_LATENCY_H_
#define ENOS_SANDBOX_FAULTS_LATENCY_H_

#include <chrono>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace enos::sandbox {

struct Latency {
  absl::Duration low;
  absl::Duration high;  // not below low

  // `share` in [0, 1) picks a point of the range.
  std::chrono::milliseconds At(double share) const;
};

// "1s" or "50ms-200ms"; not negative, at most a day.
absl::StatusOr<Latency> ParseLatency(std::string_view text);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_FAULTS_LATENCY_H_
