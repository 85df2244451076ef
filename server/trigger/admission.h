#ifndef ENOS_SERVER_TRIGGER_ADMISSION_H_
#define ENOS_SERVER_TRIGGER_ADMISSION_H_

#include <atomic>
#include <cstdint>

namespace enos::gateway {

// The slots for calls in flight, and the places in the queue for one. A call holds its slot until
// nothing of it runs any more, its transfer included, so that memory and connections stay bounded.
// Thread-safe.
class Admission {
 public:
  Admission(int64_t slots, int64_t places) : slots_(slots), places_(places) {}

  // Takes a slot; false when none is free.
  bool TryEnter() { return Take(taken_slots_, slots_); }
  // Gives a slot back.
  void Leave() { taken_slots_.fetch_sub(1, std::memory_order_acq_rel); }

  // Takes a place in the queue; false when it is full.
  bool TryQueue() { return Take(taken_places_, places_); }
  // Gives a place back.
  void LeaveQueue() { taken_places_.fetch_sub(1, std::memory_order_acq_rel); }

  int64_t in_flight() const { return taken_slots_.load(std::memory_order_acquire); }
  int64_t queued() const { return taken_places_.load(std::memory_order_acquire); }

 private:
  static bool Take(std::atomic<int64_t>& taken, int64_t limit) {
    int64_t now = taken.load(std::memory_order_relaxed);
    while (now < limit) {
      if (taken.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel)) return true;
    }
    return false;
  }

  const int64_t slots_;
  const int64_t places_;
  std::atomic<int64_t> taken_slots_{0};
  std::atomic<int64_t> taken_places_{0};
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_ADMISSION_H_
