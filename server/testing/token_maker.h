#ifndef ENOS_SERVER_TESTING_TOKEN_MAKER_H_
#define ENOS_SERVER_TESTING_TOKEN_MAKER_H_

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace enos::gateway {

// For tests: keys and tokens, made with OpenSSL alone, so that they are independent of the library
// that verifies them.
class TokenMaker {
 public:
  static TokenMaker Rsa(int bits = 2048);
  static TokenMaker Ec(const char* curve = "P-256");

  // A token of this header and these claims (JSON, taken as it is), signed as `algorithm` says
  // ("RS256", "PS256", "ES256" and so on).
  std::string Sign(std::string_view header, std::string_view claims,
                   std::string_view algorithm) const;
  // Signed as the usual algorithm of the key, RS256 or ES256, with a header that names the key.
  std::string Sign(std::string_view claims, std::string_view key_id) const;

  // The public key in PEM, and as a JWK with this id (none where it is empty) and with these
  // members more (",\"use\":\"sig\"").
  std::string Pem() const;
  std::string PrivatePem() const;
  std::string Jwk(std::string_view key_id, std::string_view more = "") const;

 private:
  explicit TokenMaker(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) {}

  std::shared_ptr<EVP_PKEY> key_;
};

// A key set of these JWKs, joined by commas.
std::string KeySet(std::string_view jwks);

// The HMAC-SHA-256 of a text: what HS256 would sign with this key.
std::string HmacSha256(std::string_view key, std::string_view text);

// Base64url without padding.
std::string Base64Url(std::string_view bytes);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_TOKEN_MAKER_H_
