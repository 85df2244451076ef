#include "server/trigger/caller_slots.h"

namespace enos::gateway {

void CallerSlot::Release() {
  if (slots_ != nullptr) std::exchange(slots_, nullptr)->Leave(caller_);
}

CallerSlot CallerSlots::TryEnter(std::string caller) {
  const std::lock_guard lock(mutex_);
  int64_t& taken = taken_[caller];
  if (taken >= limit_) return {};
  ++taken;
  return {this, std::move(caller)};
}

void CallerSlots::Leave(const std::string& caller) {
  const std::lock_guard lock(mutex_);
  const auto found = taken_.find(caller);
  if (--found->second == 0) taken_.erase(found);
}

size_t CallerSlots::callers() const {
  const std::lock_guard lock(mutex_);
  return taken_.size();
}

}  // namespace enos::gateway
