#ifndef ENOS_SERVER_BASE_LOG_MASK_H_
#define ENOS_SERVER_BASE_LOG_MASK_H_

#include <atomic>
#include <cstddef>
#include <deque>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>

#include "server/base/secret.h"

namespace enos::gateway {

// How long a registered secret is remembered.
enum class SecretLife {
  kRotating,  // tokens: the newest kMaxRotating are remembered
  kForever,   // keys: never dropped to make room for a token
};

// Replaces every occurrence of a known secret in a text by "***". The last line of defence: texts
// should hold none to begin with. Thread-safe.
class SecretMask {
 public:
  static constexpr size_t kMaxRotating = 32;
  static constexpr size_t kMaxForever = 16;
  // Shorter ones are not taken: masking them would make every line unreadable and protect nothing.
  static constexpr size_t kMinLength = 4;

  // Remembers a secret. One that is known already counts as new, so that the oldest unused one
  // goes when there is no room.
  void Register(std::string_view secret, SecretLife life);

  // The length of the shortest secret that is known; a shorter text holds none. The largest number
  // there is when none is known.
  size_t shortest() const { return shortest_.load(std::memory_order_acquire); }

  // Masks in place. Exact substrings only: encoded or split forms are not found.
  void Apply(std::string* text) const;

 private:
  mutable std::mutex mutex_;
  std::deque<Secret> rotating_;
  std::deque<Secret> forever_;
  // Spares the lock where nothing can be found. Only ever smaller.
  std::atomic<size_t> shortest_{std::numeric_limits<size_t>::max()};
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_LOG_MASK_H_
