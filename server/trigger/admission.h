#ifndef ENOS_SERVER_TRIGGER_ADMISSION_H_
#define ENOS_SERVER_TRIGGER_ADMISSION_H_

#include <atomic>
#include <cstdint>

namespace enos::gateway {

// The slots for calls in flight (--max_in_flight). A call holds its slot until nothing of it runs
// any more, its transfer included, so that memory and connections stay bounded. Thread-safe.
class Admission {
 public:
  explicit Admission(int64_t slots) : slots_(slots) {}

  // Takes a slot; false when none is free.
  bool TryEnter() {
    int64_t now = taken_.load(std::memory_order_relaxed);
    while (now < slots_) {
      if (taken_.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel)) return true;
    }
    return false;
  }
  // Gives a slot back.
  void Leave() { taken_.fetch_sub(1, std::memory_order_acq_rel); }

  int64_t in_flight() const { return taken_.load(std::memory_order_acquire); }

 private:
  const int64_t slots_;
  std::atomic<int64_t> taken_{0};
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_ADMISSION_H_
