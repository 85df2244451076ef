#ifndef ENOS_SERVER_TRIGGER_ADMISSION_H_
#define ENOS_SERVER_TRIGGER_ADMISSION_H_

#include <atomic>
#include <cstdint>
#include <utility>

namespace enos::gateway {

class Admission;

// One of the gateway's slots, given back when this is destroyed or assigned to. May be empty.
class Slot {
 public:
  Slot() = default;
  ~Slot() { Release(); }
  Slot(Slot&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)) {}
  Slot& operator=(Slot&& other) noexcept {
    Release();
    admission_ = std::exchange(other.admission_, nullptr);
    return *this;
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  explicit operator bool() const { return admission_ != nullptr; }

 private:
  friend class Admission;
  explicit Slot(Admission* admission) : admission_(admission) {}
  inline void Release();

  Admission* admission_ = nullptr;
};

// The slots for calls in flight (--max_in_flight). A call holds its slot until nothing of it runs
// any more, its transfer included, so that memory and connections stay bounded. Outlives its slots.
// Thread-safe.
class Admission {
 public:
  explicit Admission(int64_t slots) : slots_(slots) {}

  // Takes a slot; an empty one when none is free.
  Slot TryEnter() {
    int64_t now = taken_.load(std::memory_order_relaxed);
    while (now < slots_) {
      if (taken_.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel)) return Slot(this);
    }
    return {};
  }

  int64_t in_flight() const { return taken_.load(std::memory_order_acquire); }

 private:
  friend class Slot;
  const int64_t slots_;
  std::atomic<int64_t> taken_{0};
};

void Slot::Release() {
  if (admission_ != nullptr)
    std::exchange(admission_, nullptr)->taken_.fetch_sub(1, std::memory_order_acq_rel);
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_ADMISSION_H_
