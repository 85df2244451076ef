#ifndef ENOS_SERVER_IDENTITY_TOKEN_VERIFIER_H_
#define ENOS_SERVER_IDENTITY_TOKEN_VERIFIER_H_

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "server/identity/jwt.h"
#include "server/identity/jwt_keys.h"

namespace enos::gateway {

// Whose tokens are accepted.
struct TokenRules {
  std::string issuer;    // "iss"
  std::string audience;  // must be in "aud"
};

// Verifies bearer tokens against one set of keys. Checking a signature takes 19 µs (RS256) or 67 µs
// (ES256) of CPU (docs/adr/0012), and a caller sends the same token for minutes, so valid tokens
// are cached, by their SHA-256 and never in plain, until they expire. New keys need a new verifier,
// which drops the old one's cache. Thread-safe.
class TokenVerifier {
 public:
  // At least `max_remembered` tokens are cached, at most twice as many.
  TokenVerifier(JwtKeys keys, TokenRules rules, size_t max_remembered = 4096);

  // The token's identity ("sub:...", see CallerPattern), if it is valid at `now` (seconds since
  // 1970).
  std::variant<std::string, TokenFault> Verify(std::string_view token, int64_t now);

  size_t remembered() const;

 private:
  using Digest = std::array<uint8_t, 32>;
  struct Known {
    std::string identity;
    int64_t not_before = 0;
    int64_t expires_at = 0;
  };
  using Memory = absl::flat_hash_map<Digest, Known>;

  static Digest DigestOf(std::string_view token);
  const Known* Recall(const Digest& digest);
  void Remember(const Digest& digest, Known known);

  const JwtKeys keys_;
  const TokenRules rules_;
  const size_t max_remembered_;
  mutable std::mutex mutex_;
  // Tokens that are used move from the older to the newer map; when the newer one is full, what is
  // left in the older one is dropped.
  Memory newer_;  // guarded by mutex_
  Memory older_;  // guarded by mutex_
};

// Whether the signature of a token accepted by ParseJwt was made by the key. Thread-safe.
bool HasSignatureOf(const JwtKey& key, std::string_view token);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_IDENTITY_TOKEN_VERIFIER_H_
