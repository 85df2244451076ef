#include "server/listener/inbound_guard.h"

#include <algorithm>

namespace enos::gateway {
namespace {

// Checks memory; connections are checked every kCalmLook unless memory grows.
constexpr std::chrono::milliseconds kCalm{20};
constexpr std::chrono::milliseconds kCalmLook{100};
constexpr std::chrono::milliseconds kAlert{10};
// A check that takes long because there are many connections is followed by a rest: this many times
// as long when calm, or in an alert.
constexpr int kRestInCalm = 100;
constexpr int kRestInAlert = 10;
// Between two moments.
constexpr uint64_t kMuchMoreMemory = 4 << 20;
constexpr uint64_t kSuspiciousBytes = 256 << 10;
// Connections with less recent traffic are not worth cutting even in an emergency.
constexpr uint64_t kRecentFloor = 64 << 10;

std::vector<InboundGuard::Cut> WorstHalf(const std::vector<ConnectionLoad>& loads,
                                         uint64_t ConnectionLoad::* bytes, uint64_t floor) {
  uint64_t worst = 0;
  for (const ConnectionLoad& load : loads) worst = std::max(worst, load.*bytes);
  std::vector<InboundGuard::Cut> cuts;
  if (worst < floor) return cuts;
  for (size_t i = 0; i < loads.size(); ++i) {
    if (loads[i].*bytes >= std::max(worst / 2, floor)) cuts.push_back({i, CutReason::kMemory});
  }
  return cuts;
}

}  // namespace

bool InboundGuard::IsLookDue(SteadyTime now, uint64_t memory) {
  is_growing_ = memory > memory_before_ + kMuchMoreMemory;
  memory_before_ = memory;
  is_over_ = limits_.max_memory != 0 && memory > limits_.max_memory;
  is_high_ = limits_.max_memory != 0 && memory > limits_.max_memory / 2;
  is_critical_ = limits_.max_memory != 0 && memory > limits_.max_memory + limits_.max_memory / 6;
  is_alert_ = is_suspicious_ || is_growing_ || is_high_;
  return now >= next_look_ || (is_alert_ && now >= next_urgent_look_);
}

std::vector<InboundGuard::Cut> InboundGuard::Decide(SteadyTime began, SteadyTime now,
                                                    const std::vector<ConnectionLoad>& loads) {
  next_look_ = now + std::max<Duration>(kCalmLook, kRestInCalm * (now - began));
  next_urgent_look_ = now + kRestInAlert * (now - began);
  is_suspicious_ = std::any_of(loads.begin(), loads.end(), [](const ConnectionLoad& load) {
    return load.unaccounted > kSuspiciousBytes;
  });
  std::vector<Cut> cuts;
  for (size_t i = 0; i < loads.size(); ++i) {
    if (loads[i].unaccounted > limits_.max_unaccounted) cuts.push_back({i, CutReason::kUnfinished});
  }
  // What those release may be enough.
  if (!is_over_ || !cuts.empty() || now < last_memory_cut_ + kPause) return cuts;
  cuts = CutForMemory(now, loads);
  if (!cuts.empty()) last_memory_cut_ = now;
  return cuts;
}

std::vector<InboundGuard::Cut> InboundGuard::CutForMemory(
    SteadyTime now, const std::vector<ConnectionLoad>& loads) const {
  auto cuts = WorstHalf(loads, &ConnectionLoad::unaccounted, kFloor);
  const bool is_last_resort = is_critical_ && now >= last_memory_cut_ + kLastResort;
  if (cuts.empty() && is_last_resort)
    cuts = WorstHalf(loads, &ConnectionLoad::recent, kRecentFloor);
  return cuts;
}

std::chrono::milliseconds InboundGuard::wait() const { return is_alert_ ? kAlert : kCalm; }

}  // namespace enos::gateway
