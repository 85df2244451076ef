#ifndef ENOS_SERVER_LISTENER_INBOUND_GUARD_H_
#define ENOS_SERVER_LISTENER_INBOUND_GUARD_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/base/scheduler.h"

namespace enos::gateway {

// How much of this process connections may use before some of them are cut.
struct InboundLimits {
  // Bytes of one connection that completed no call: see ByteAccount. Sixteen messages of the
  // largest size in progress at once.
  uint64_t max_unaccounted = 16 << 20;
  // The process's resident memory above which the connections with the most such bytes are cut. 0:
  // none.
  uint64_t max_memory = 0;
};

// For connections whose bytes the system does not count.
inline constexpr InboundLimits kNotWatched{0, 0};

enum class CutReason { kUnfinished, kMemory };

// A connection at one check.
struct ConnectionLoad {
  uint64_t unaccounted = 0;
  uint64_t recent = 0;
};

// Decides which connections are cut, and when to check next. Pure: the clock, memory and counts are
// passed in. When memory is short:
//
// - above `max_memory` the connections with the most unaccounted bytes are cut, all that have at
//   least half as many as the worst: hostile ones come in numbers, and one at a time would be too
//   slow. None below kFloor, which is harmless. Then memory has kPause to be freed.
// - a sixth above that (close to a container's limit) no new connections are accepted, and once no
//   cut has helped for kLastResort, those that sent the most recently are cut in the same way,
//   whatever it was for: many small calls may hide what is unaccounted, and if the process dies
//   every call dies with it.
class InboundGuard {
 public:
  static constexpr uint64_t kFloor = 16 << 10;
  static constexpr std::chrono::milliseconds kPause{50};
  static constexpr std::chrono::milliseconds kLastResort{2000};

  explicit InboundGuard(InboundLimits limits) : limits_(limits) {}

  // Call this every so often; it says when connections need checking.
  bool IsLookDue(SteadyTime now, uint64_t memory);

  struct Cut {
    size_t index;  // in what was checked
    CutReason reason;
  };
  // What to do about the connections seen, using the memory figure from before, in a check that
  // began at `began` and took until `now`.
  std::vector<Cut> Decide(SteadyTime began, SteadyTime now,
                          const std::vector<ConnectionLoad>& loads);

  // Until IsLookDue should be called again.
  std::chrono::milliseconds wait() const;

  // Whether memory that connections hold, or held, should be returned to the system soon. That
  // costs calls a third of their time, so not before half of `max_memory` is used.
  bool is_memory_needed() const { return is_high_; }

  // Whether to refuse new connections.
  bool is_critical() const { return is_critical_; }

 private:
  std::vector<Cut> CutForMemory(SteadyTime now, const std::vector<ConnectionLoad>& loads) const;

  InboundLimits limits_;
  SteadyTime next_look_;
  SteadyTime next_urgent_look_;  // checks must not use up the thread's time
  SteadyTime last_memory_cut_;
  uint64_t memory_before_ = 0;
  bool is_suspicious_ = false;  // by the last check
  bool is_alert_ = false;
  bool is_growing_ = false;
  bool is_high_ = false;
  bool is_over_ = false;
  bool is_critical_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_INBOUND_GUARD_H_
