#include "server/identity/token_verifier.h"

#include <cjose/cjose.h>
#include <openssl/err.h>
#include <openssl/sha.h>

#include <utility>

#include "server/identity/caller_name.h"

namespace enos::gateway {

TokenVerifier::TokenVerifier(JwtKeys keys, TokenRules rules, size_t max_remembered)
    : keys_(std::move(keys)), rules_(std::move(rules)), max_remembered_(max_remembered) {}

TokenVerifier::Digest TokenVerifier::DigestOf(std::string_view token) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

const TokenVerifier::Known* TokenVerifier::Recall(const Digest& digest) {
  if (const auto found = newer_.find(digest); found != newer_.end()) return &found->second;
  const auto found = older_.find(digest);
  if (found == older_.end()) return nullptr;
  Known known = std::move(found->second);
  older_.erase(found);
  Remember(digest, std::move(known));
  return &newer_.find(digest)->second;
}

void TokenVerifier::Remember(const Digest& digest, Known known) {
  if (newer_.size() >= max_remembered_) older_ = std::exchange(newer_, {});
  newer_.insert_or_assign(digest, std::move(known));
}

std::variant<std::string, TokenFault> TokenVerifier::Verify(std::string_view token, int64_t now) {
  if (token.size() > kMaxTokenBytes) return TokenFault::kTooLarge;
  const Digest digest = DigestOf(token);
  {
    const std::lock_guard lock(mutex_);
    if (const Known* known = Recall(digest)) {
      if (const auto fault = CheckTimes(known->not_before, known->expires_at, now)) return *fault;
      return known->identity;
    }
  }
  const auto parsed = ParseJwt(token);
  if (const auto* fault = std::get_if<TokenFault>(&parsed)) return *fault;
  const auto& jwt = std::get<Jwt>(parsed);
  // Cheap checks come first.
  if (const auto fault = CheckClaims(jwt, rules_.issuer, rules_.audience, now)) return *fault;
  const JwtKey* key = keys_.Find(jwt.key_id);
  if (key == nullptr) return TokenFault::kUnknownKey;
  if (!Fits(*key, jwt.algorithm)) return TokenFault::kAlgorithm;
  if (jwt.signature_bytes != key->signature_bytes || !HasSignatureOf(*key, token))
    return TokenFault::kSignature;
  std::string identity = std::string(kSubjectPrefix) + jwt.subject;
  const std::lock_guard lock(mutex_);
  Remember(digest, {identity, jwt.not_before, jwt.expires_at});
  return identity;
}

size_t TokenVerifier::remembered() const {
  const std::lock_guard lock(mutex_);
  return newer_.size() + older_.size();
}

bool HasSignatureOf(const JwtKey& key, std::string_view token) {
  cjose_err error;
  cjose_jws_t* const jws = cjose_jws_import(token.data(), token.size(), &error);
  const bool good = jws != nullptr &&
                    cjose_jws_verify(jws, static_cast<const cjose_jwk_t*>(key.key.get()), &error);
  cjose_jws_release(jws);
  ERR_clear_error();  // OpenSSL's errors are the thread's: gRPC's TLS would stumble over ours
  return good;
}

}  // namespace enos::gateway
