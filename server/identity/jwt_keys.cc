#include "server/identity/jwt_keys.h"

#include <absl/status/status.h>
#include <cjose/cjose.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "server/json/strict_json.h"

namespace enos::gateway {
namespace {

using Error = std::optional<std::string>;

constexpr size_t kLeastRsaBits = 2048;
constexpr size_t kMostRsaBits = 8192;
constexpr size_t kMaxExponentBytes = 4;

struct Curve {
  std::string_view name;     // in a JWK
  std::string_view openssl;  // in OpenSSL
  JwtKey::Type type;
  size_t coordinate_bytes;
};

constexpr Curve kCurves[] = {
    {"P-256", "prime256v1", JwtKey::Type::kEcP256, 32},
    {"P-384", "secp384r1", JwtKey::Type::kEcP384, 48},
    {"P-521", "secp521r1", JwtKey::Type::kEcP521, 66},
};

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

bool IsRsa(JwtAlgorithm algorithm) { return algorithm < JwtAlgorithm::kEs256; }

bool FitsType(JwtKey::Type type, JwtAlgorithm algorithm) {
  switch (type) {
    case JwtKey::Type::kRsa:
      return IsRsa(algorithm);
    case JwtKey::Type::kEcP256:
      return algorithm == JwtAlgorithm::kEs256;
    case JwtKey::Type::kEcP384:
      return algorithm == JwtAlgorithm::kEs384;
    case JwtKey::Type::kEcP521:
      return algorithm == JwtAlgorithm::kEs512;
  }
  return false;
}

// The values are base64url: nothing in them needs escaping.
Error Import(const std::string& json, JwtKey* key) {
  cjose_err error;
  cjose_jwk_t* const imported = cjose_jwk_import(json.data(), json.size(), &error);
  ERR_clear_error();  // OpenSSL's errors are the thread's: gRPC's TLS would stumble over ours
  if (imported == nullptr) return "its numbers are not a public key";
  key->key = std::shared_ptr<void>(
      imported, [](void* old) { cjose_jwk_release(static_cast<cjose_jwk_t*>(old)); });
  return std::nullopt;
}

size_t BitsOf(std::string_view number) {
  const size_t zeros = std::min(number.find_first_not_of('\0'), number.size());
  if (zeros == number.size()) return 0;
  size_t bits = (number.size() - zeros - 1) * 8;
  for (auto first = static_cast<uint8_t>(number[zeros]); first != 0; first >>= 1) ++bits;
  return bits;
}

// From the bytes of modulus and exponent.
Error ImportRsa(std::string_view n, std::string_view e, JwtKey* key) {
  const size_t bits = BitsOf(n);
  if (bits < kLeastRsaBits || bits > kMostRsaBits)
    return "is an RSA key of " + std::to_string(bits) + " bits, expected 2048 to 8192";
  const bool odd = !e.empty() && (static_cast<uint8_t>(e.back()) & 1) != 0;
  if (!odd || e.size() > kMaxExponentBytes || BitsOf(e) < 2)
    return "has an unusual RSA exponent, expected an odd number like 65537";
  key->type = JwtKey::Type::kRsa;
  key->signature_bytes = (bits + 7) / 8;
  return Import(
      R"({"kty":"RSA","n":")" + EncodeBase64Url(n) + R"(","e":")" + EncodeBase64Url(e) + "\"}",
      key);
}

Error ImportEc(const Curve& curve, std::string_view x, std::string_view y, JwtKey* key) {
  if (x.size() != curve.coordinate_bytes || y.size() != curve.coordinate_bytes)
    return "its coordinates do not have the length that its curve needs";
  key->type = curve.type;
  key->signature_bytes = 2 * curve.coordinate_bytes;
  return Import(R"({"kty":"EC","crv":")" + std::string(curve.name) + R"(","x":")" +
                    EncodeBase64Url(x) + R"(","y":")" + EncodeBase64Url(y) + "\"}",
                key);
}

// -- JSON Web Key Set

// The text of a member; empty if there is none, or if it is not a string.
std::string_view TextOf(const json_t* jwk, const char* name) {
  return JsonText(json_object_get(jwk, name)).value_or("");
}

std::optional<std::string> BytesOf(const json_t* jwk, const char* name) {
  const auto text = JsonText(json_object_get(jwk, name));
  return text ? DecodeBase64Url(*text) : std::nullopt;
}

bool Lists(const json_t* list, std::string_view wanted) {
  for (size_t i = 0; i < json_array_size(list); ++i) {
    if (JsonText(json_array_get(list, i)) == wanted) return true;
  }
  return false;
}

bool IsForSignatures(const json_t* jwk) {
  if (json_object_get(jwk, "use") != nullptr && TextOf(jwk, "use") != "sig") return false;
  const json_t* operations = json_object_get(jwk, "key_ops");
  return operations == nullptr || Lists(operations, "verify");
}

Error ReadNumbers(const json_t* jwk, JwtKey* key) {
  if (TextOf(jwk, "kty") == "RSA") {
    const auto n = BytesOf(jwk, "n");
    const auto e = BytesOf(jwk, "e");
    if (!n || !e) return R"(has no "n" and "e" in base64url)";
    return ImportRsa(*n, *e, key);
  }
  const auto x = BytesOf(jwk, "x");
  const auto y = BytesOf(jwk, "y");
  if (!x || !y) return R"(has no "x" and "y" in base64url)";
  for (const Curve& curve : kCurves) {
    if (TextOf(jwk, "crv") == curve.name) return ImportEc(curve, *x, *y, key);
  }
  return R"(has another "crv" than P-256, P-384 or P-521)";
}

std::optional<JwtAlgorithm> AlgorithmNamed(std::string_view name) {
  constexpr std::string_view kNames[] = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                         "PS512", "ES256", "ES384", "ES512"};
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<JwtAlgorithm>(found - std::begin(kNames));
}

// Appends the key, unless it is for something else.
Error ReadJwk(const json_t* jwk, std::vector<JwtKey>* keys) {
  if (!JsonIs(JSON_OBJECT, jwk)) return "is not an object";
  const std::string_view kind = TextOf(jwk, "kty");
  if (json_object_get(jwk, "d") != nullptr || kind == "oct" || json_object_get(jwk, "k") != nullptr)
    return "is a private or symmetric key, expected public ones only";
  if ((kind != "RSA" && kind != "EC") || !IsForSignatures(jwk)) return std::nullopt;
  JwtKey key;
  if (json_object_get(jwk, "alg") != nullptr) {
    key.algorithm = AlgorithmNamed(TextOf(jwk, "alg"));
    if (!key.algorithm) return std::nullopt;
  }
  const json_t* id = json_object_get(jwk, "kid");
  if (id != nullptr && !JsonIs(JSON_STRING, id)) return R"(has a "kid" that is not a string)";
  key.id = std::string(TextOf(jwk, "kid"));
  if (Error error = ReadNumbers(jwk, &key)) return error;
  if (key.algorithm && !FitsType(key.type, *key.algorithm))
    return R"(has an "alg" that is not for its "kty" and "crv")";
  keys->push_back(std::move(key));
  return std::nullopt;
}

Error ReadKeySet(std::string_view content, std::vector<JwtKey>* keys) {
  const auto document = ParseStrictJson(content, JsonIntegers::kAsReals);
  if (!document.ok()) return std::string(document.status().message());
  const json_t* list = json_object_get(document->get(), "keys");
  if (!JsonIs(JSON_ARRAY, list)) return R"($: expected an object with a list "keys")";
  for (size_t i = 0; i < json_array_size(list); ++i) {
    if (Error error = ReadJwk(json_array_get(list, i), keys))
      return "$.keys[" + std::to_string(i) + "]: " + *error;
  }
  return std::nullopt;
}

// -- PEM

std::optional<std::string> Number(const EVP_PKEY* key, const char* name, size_t bytes) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return std::nullopt;
  const Owned<BIGNUM> owned(number);
  const auto needed = static_cast<size_t>(BN_num_bytes(number));
  std::string text(std::max(needed, bytes), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()),
               static_cast<int>(text.size()));
  return text;
}

Error ReadPublicKey(const EVP_PKEY* public_key, JwtKey* key) {
  if (EVP_PKEY_is_a(public_key, "RSA") == 1) {
    const auto n = Number(public_key, OSSL_PKEY_PARAM_RSA_N, 0);
    const auto e = Number(public_key, OSSL_PKEY_PARAM_RSA_E, 0);
    if (n && e) return ImportRsa(*n, *e, key);
  }
  std::array<char, 64> group{};
  const bool is_ec = EVP_PKEY_is_a(public_key, "EC") == 1 &&
                     EVP_PKEY_get_utf8_string_param(public_key, OSSL_PKEY_PARAM_GROUP_NAME,
                                                    group.data(), group.size(), nullptr) == 1;
  for (const Curve& curve : kCurves) {
    if (!is_ec || curve.openssl != group.data()) continue;
    const auto x = Number(public_key, OSSL_PKEY_PARAM_EC_PUB_X, curve.coordinate_bytes);
    const auto y = Number(public_key, OSSL_PKEY_PARAM_EC_PUB_Y, curve.coordinate_bytes);
    if (x && y) return ImportEc(curve, *x, *y, key);
  }
  return "is neither an RSA key nor one of P-256, P-384 or P-521";
}

// As Kubernetes derives it: the SHA-256 of the key in DER.
std::string DerivedId(const unsigned char* der, size_t size) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(der, size, digest.data());
  return EncodeBase64Url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Error ReadPemBlock(std::string_view label, const unsigned char* der, long size,
                   std::vector<JwtKey>* keys) {
  if (label.find("PRIVATE") != std::string_view::npos)
    return "is a private key, expected public ones only";
  if (label != "PUBLIC KEY") return R"(is no "PUBLIC KEY", expected only those)";
  const unsigned char* position = der;
  const Owned<EVP_PKEY> public_key(d2i_PUBKEY(nullptr, &position, size));
  if (public_key == nullptr) return "cannot be decoded";
  JwtKey key;
  key.id = DerivedId(der, static_cast<size_t>(size));
  key.id_is_derived = true;
  if (Error error = ReadPublicKey(public_key.get(), &key)) return error;
  keys->push_back(std::move(key));
  return std::nullopt;
}

Error ReadPem(std::string_view content, std::vector<JwtKey>* keys) {
  const Owned<BIO> bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  for (int block = 1;; ++block) {
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* der = nullptr;
    long size = 0;
    const std::string place = "PEM block " + std::to_string(block) + ": ";
    if (PEM_read_bio(bio.get(), &label, &header, &der, &size) != 1) {
      const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      if (!at_end) return place + "cannot be read";
      return std::nullopt;
    }
    Error error = ReadPemBlock(label, der, size, keys);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, static_cast<size_t>(size));
    if (error) return place + *error;
  }
}

bool HasTwin(const std::vector<JwtKey>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (!keys[i].id.empty() && keys[i].id == keys[j].id) return true;
    }
  }
  return false;
}

Error ReadKeys(std::string_view content, std::vector<JwtKey>* keys) {
  if (content.size() > kMaxKeyFileBytes) return "larger than 1 MiB, expected public keys";
  const bool is_pem = content.find("-----BEGIN ") != std::string_view::npos;
  Error error = is_pem ? ReadPem(content, keys) : ReadKeySet(content, keys);
  ERR_clear_error();
  if (error) return error;
  if (keys->empty()) return "has no key for signatures, expected at least one";
  if (keys->size() > kMaxJwtKeys) return "has more than 100 keys";
  if (HasTwin(*keys)) return "has two keys with the same id, expected different ones";
  return std::nullopt;
}

}  // namespace

const JwtKey* JwtKeys::Find(const std::optional<std::string>& key_id) const {
  if (key_id && !key_id->empty()) {
    for (const JwtKey& key : keys_) {
      if (key.id == *key_id) return &key;
    }
    const bool takes_any = keys_.size() == 1 && (keys_[0].id.empty() || keys_[0].id_is_derived);
    return takes_any ? &keys_.front() : nullptr;
  }
  return keys_.size() == 1 ? &keys_.front() : nullptr;
}

absl::StatusOr<JwtKeys> ParseJwtKeys(std::string_view content) {
  std::vector<JwtKey> keys;
  if (Error error = ReadKeys(content, &keys)) return absl::InvalidArgumentError(*error);
  return JwtKeys(std::move(keys));
}

bool Fits(const JwtKey& key, JwtAlgorithm algorithm) {
  return FitsType(key.type, algorithm) && (!key.algorithm || *key.algorithm == algorithm);
}

}  // namespace enos::gateway
