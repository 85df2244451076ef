#ifndef ENOS_SERVER_LISTENER_INBOUND_GUARD_H_
#define ENOS_SERVER_LISTENER_INBOUND_GUARD_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/base/scheduler.h"

namespace enos::gateway {

// What connections may use of this process before one of them has to go.
struct InboundLimits {
  // Bytes that became no call, of one connection: see ByteAccount. Sixteen messages of the largest
  // size under way at once.
  uint64_t max_unaccounted = 16 << 20;
  // The process's resident memory above which the connections with the most such bytes go. 0: none.
  uint64_t max_memory = 0;
};

// Of connections for which the system counts no bytes.
inline constexpr InboundLimits kNotWatched{0, 0};

enum class CutReason { kUnfinished, kMemory };

// A connection at one look.
struct ConnectionLoad {
  uint64_t unaccounted = 0;
  uint64_t recent = 0;
};

// Decides which connections are cut, and when to look next. Pure: the clock, memory and counts are
// handed in. In memory trouble:
//
// - above `max_memory` those with the most unaccounted bytes are cut, all that have at least half
//   as many as the worst: hostile ones come in numbers, and one at a time would be too slow. None
//   below kFloor, with which nobody can do harm. Then memory has kPause to come back.
// - above that by a sixth (the limit is near then, where it is a container's) those that sent the
//   most lately are cut in the same way, whatever it was for, once no cut has helped for
//   kLastResort, and no new ones are taken: many small calls may hide what is unaccounted, and when
//   the process dies every call dies with it.
class InboundGuard {
 public:
  static constexpr uint64_t kFloor = 16 << 10;
  static constexpr std::chrono::milliseconds kPause{50};
  static constexpr std::chrono::milliseconds kLastResort{2000};

  explicit InboundGuard(InboundLimits limits) : limits_(limits) {}

  // Call this every so often; connections need looking at when it says so.
  bool IsLookDue(SteadyTime now, uint64_t memory);

  struct Cut {
    size_t index;  // in what was looked at
    CutReason reason;
  };
  // What to do about what was seen, with the memory of before, in a look that began at `began` and
  // took until `now`.
  std::vector<Cut> Decide(SteadyTime began, SteadyTime now,
                          const std::vector<ConnectionLoad>& loads);

  // Until IsLookDue is to be called again.
  std::chrono::milliseconds wait() const;

  // Whether what connections hold, or held, is to be given back to the system soon. It costs calls
  // a third of their time, so not before half of `max_memory` is used.
  bool is_memory_needed() const { return is_high_; }

  // Whether new connections are to be refused.
  bool is_critical() const { return is_critical_; }

 private:
  std::vector<Cut> CutForMemory(SteadyTime now, const std::vector<ConnectionLoad>& loads) const;

  InboundLimits limits_;
  SteadyTime next_look_;
  SteadyTime next_urgent_look_;  // looks must not take the thread's time up
  SteadyTime last_memory_cut_;
  uint64_t memory_before_ = 0;
  bool is_suspicious_ = false;  // by the last look
  bool is_alert_ = false;
  bool is_growing_ = false;
  bool is_high_ = false;
  bool is_over_ = false;
  bool is_critical_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LISTENER_INBOUND_GUARD_H_
