#ifndef ENOS_SERVER_TRIGGER_CALLER_SLOTS_H_
#define ENOS_SERVER_TRIGGER_CALLER_SLOTS_H_

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace enos::gateway {

class CallerSlots;

// One of a caller's slots, given back when this is destroyed or assigned to. May be empty.
class CallerSlot {
 public:
  CallerSlot() = default;
  ~CallerSlot() { Release(); }
  CallerSlot(CallerSlot&& other) noexcept
      : slots_(std::exchange(other.slots_, nullptr)), caller_(std::move(other.caller_)) {}
  CallerSlot& operator=(CallerSlot&& other) noexcept {
    Release();
    slots_ = std::exchange(other.slots_, nullptr);
    caller_ = std::move(other.caller_);
    return *this;
  }
  CallerSlot(const CallerSlot&) = delete;
  CallerSlot& operator=(const CallerSlot&) = delete;

  // Gives the slot back. A second call does nothing.
  void Release();
  explicit operator bool() const { return slots_ != nullptr; }

 private:
  friend class CallerSlots;
  CallerSlot(CallerSlots* slots, std::string caller) : slots_(slots), caller_(std::move(caller)) {}

  CallerSlots* slots_ = nullptr;
  std::string caller_;
};

// How many calls each caller has under way, those that wait for a slot of the gateway included, so
// that one caller cannot take all of Admission's. Remembers only callers that have a call, so it is
// bounded as they are. Outlives its slots. Thread-safe.
class CallerSlots {
 public:
  // limit: calls of one caller at once; 0: any number, and nothing is counted.
  explicit CallerSlots(int64_t limit) : limit_(limit) {}

  bool limited() const { return limit_ > 0; }

  // Takes a slot of that caller's; an empty one when it has none left. Only where limited().
  CallerSlot TryEnter(std::string caller);

  // Callers that have a slot.
  size_t callers() const;

 private:
  friend class CallerSlot;
  void Leave(const std::string& caller);

  const int64_t limit_;
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, int64_t> taken_;  // guarded by mutex_; no zeros
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_CALLER_SLOTS_H_
