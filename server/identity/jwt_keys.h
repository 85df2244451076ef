#ifndef ENOS_SERVER_IDENTITY_JWT_KEYS_H_
#define ENOS_SERVER_IDENTITY_JWT_KEYS_H_

#include <absl/status/statusor.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/identity/jwt.h"

namespace enos::gateway {

inline constexpr size_t kMaxKeyFileBytes = 1 << 20;
inline constexpr size_t kMaxJwtKeys = 100;

// One public key that signs tokens.
struct JwtKey {
  enum class Type { kRsa, kEcP256, kEcP384, kEcP521 };
  Type type = Type::kRsa;
  size_t signature_bytes = 0;             // that its signatures have
  std::string id;                         // "kid"; empty: none
  std::optional<JwtAlgorithm> algorithm;  // the only one it is for
  // From a PEM file: the id is the one that Kubernetes derives from the key, and a token without an
  // id may still mean this key if there is no other.
  bool id_is_derived = false;
  std::shared_ptr<void> key;  // libcjose's cjose_jwk_t; only read, by any number of threads
};

// The keys of one issuer: all that are currently valid, both old and new during a key rotation.
// Immutable, thread-safe.
class JwtKeys {
 public:
  explicit JwtKeys(std::vector<JwtKey> keys) : keys_(std::move(keys)) {}

  // The key that a token names; nullptr if that is ambiguous: no key has the "kid", or the token
  // has none and there are several keys.
  const JwtKey* Find(const std::optional<std::string>& key_id) const;

  size_t size() const { return keys_.size(); }

 private:
  std::vector<JwtKey> keys_;
};

// Reads a JSON Web Key Set (RFC 7517), as Kubernetes serves it at /openid/v1/jwks, or PEM public
// keys (one or several "PUBLIC KEY"), such as Kubernetes's sa.pub. RSA from 2048 bits, EC P-256,
// P-384 and P-521. Encryption keys and keys of unknown types in a key set are skipped. The error is
// one line for people that repeats nothing of the content; private and symmetric keys are an error:
// they do not belong in a verifier's file. Thread-safe.
absl::StatusOr<JwtKeys> ParseJwtKeys(std::string_view content);

// Whether the key is for signatures of this algorithm.
bool Fits(const JwtKey& key, JwtAlgorithm algorithm);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_IDENTITY_JWT_KEYS_H_
