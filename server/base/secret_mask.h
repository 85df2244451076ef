#ifndef ENOS_SERVER_BASE_SECRET_MASK_H_
#define ENOS_SERVER_BASE_SECRET_MASK_H_

#include <atomic>
#include <cstddef>
#include <deque>
#include <initializer_list>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/secret.h"

namespace enos::gateway {

// How long a registered secret is remembered.
enum class SecretLife {
  kRotating,  // tokens: the newest kMaxRotating are remembered
  kForever,   // keys: never dropped to make room for a token
};

// Replaces every occurrence of a known secret in a text by "***", for all texts that leave the
// process: log lines, and error texts that came from outside. Thread-safe.
class SecretMask {
 public:
  static constexpr size_t kMaxRotating = 32;
  static constexpr size_t kMaxForever = 32;
  // Shorter ones are not accepted: masking them would make every line unreadable and protect
  // nothing.
  static constexpr size_t kMinLength = 4;

  SecretMask() = default;
  // Knows these permanently.
  SecretMask(std::initializer_list<std::string_view> secrets);

  // Remembers a secret. An already known one counts as new, so that the oldest unused one is
  // dropped when there is no room.
  void Register(std::string_view secret, SecretLife life);

  // The length of the shortest known secret; a shorter text contains none. The largest possible
  // number if none is known.
  size_t shortest() const { return shortest_.load(std::memory_order_acquire); }

  // Masks in place. Exact substrings only: encoded or split forms are not found.
  void Apply(std::string* text) const;

  // The beginning of a text, masked: at most `most` bytes of it, and no part of a secret that
  // continues beyond them. Its cost does not grow with the text.
  std::string MaskedStart(std::string_view text, size_t most) const;

  bool Finds(std::string_view text) const;

 private:
  struct Span {
    size_t begin;
    size_t end;
  };

  static void FindAll(std::string_view text, std::string_view secret, std::vector<Span>* found);
  static std::string Mask(std::string_view text, std::vector<Span> found);
  std::vector<Span> Find(std::string_view text, size_t* longest) const;

  mutable std::mutex mutex_;
  std::deque<Secret> rotating_;
  std::deque<Secret> forever_;
  // Avoids the lock if nothing can be found. Only ever decreases.
  std::atomic<size_t> shortest_{std::numeric_limits<size_t>::max()};
};

// The secrets of this process: its keys, and the tokens that are or recently were valid. Never
// destroyed.
SecretMask& KnownSecrets();

// From now on this text is masked in everything that leaves the process.
inline void RegisterSecret(std::string_view secret, SecretLife life = SecretLife::kRotating) {
  KnownSecrets().Register(secret, life);
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_SECRET_MASK_H_
