#include "server/rpc/call_times.h"

#include <algorithm>

namespace enos::gateway {
namespace {

constexpr int kMarginDivisor = 20;  // 5 %
constexpr std::chrono::milliseconds kLeastMargin{20};
constexpr std::chrono::milliseconds kMostMargin{200};

// Far beyond any real deadline, and small enough to be added to any real time.
constexpr std::chrono::hours kFarthest{24 * 365 * 100};

}  // namespace

std::optional<Duration> TimeLeft(gpr_timespec deadline) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return std::nullopt;
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  if (left.tv_sec < 0) return Duration::zero();
  const auto seconds = std::min<std::chrono::seconds>(std::chrono::seconds(left.tv_sec), kFarthest);
  return seconds + std::chrono::nanoseconds(left.tv_nsec);
}

std::optional<CallTimes> TimesOfCall(SteadyTime now, std::optional<Duration> time_left,
                                     Duration upstream_timeout) {
  const SteadyTime end_by = now + upstream_timeout;
  if (!time_left) return CallTimes{end_by, end_by};
  const Duration left = std::min<Duration>(*time_left, kFarthest);
  const Duration margin = std::clamp<Duration>(left / kMarginDivisor, kLeastMargin, kMostMargin);
  if (left <= margin) return std::nullopt;
  return CallTimes{std::min(end_by, now + left - margin), end_by};
}

}  // namespace enos::gateway
