#include "server/testing/token_maker.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdlib>
#include <vector>

namespace enos::gateway {
namespace {

// A test can do nothing about it.
void Check(bool good) {
  if (!good) std::abort();
}

std::string Bytes(const BIGNUM* number, size_t size) {
  std::string bytes(size, '\0');
  Check(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
                     static_cast<int>(size)) == static_cast<int>(size));
  return bytes;
}

std::string Parameter(const EVP_PKEY* key, const char* name, size_t size) {
  BIGNUM* number = nullptr;
  Check(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  if (size == 0) size = static_cast<size_t>(BN_num_bytes(number));
  std::string bytes = Bytes(number, size);
  BN_free(number);
  return bytes;
}

size_t CoordinateBytes(const EVP_PKEY* key) {
  return static_cast<size_t>(EVP_PKEY_get_bits(key) + 7) / 8;
}

const EVP_MD* DigestOf(std::string_view algorithm) {
  if (algorithm.substr(2) == "384") return EVP_sha384();
  if (algorithm.substr(2) == "512") return EVP_sha512();
  return EVP_sha256();
}

// From OpenSSL's DER to the two numbers side by side that a JWS has.
std::string FlatSignature(std::string_view der, size_t coordinate) {
  const auto* position = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(der.size()));
  Check(signature != nullptr);
  std::string flat = Bytes(ECDSA_SIG_get0_r(signature), coordinate) +
                     Bytes(ECDSA_SIG_get0_s(signature), coordinate);
  ECDSA_SIG_free(signature);
  return flat;
}

std::string Written(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string written(text, static_cast<size_t>(size));
  BIO_free(bio);
  return written;
}

}  // namespace

TokenMaker TokenMaker::Rsa(int bits) {
  EVP_PKEY* key = EVP_RSA_gen(static_cast<unsigned>(bits));
  Check(key != nullptr);
  return TokenMaker(key);
}

TokenMaker TokenMaker::Ec(const char* curve) {
  EVP_PKEY* key = EVP_EC_gen(curve);
  Check(key != nullptr);
  return TokenMaker(key);
}

std::string TokenMaker::Sign(std::string_view header, std::string_view claims,
                             std::string_view algorithm) const {
  const std::string text = Base64Url(header) + "." + Base64Url(claims);
  const auto* const input = reinterpret_cast<const unsigned char*>(text.data());
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* options = nullptr;
  Check(EVP_DigestSignInit(context, &options, DigestOf(algorithm), nullptr, key_.get()) == 1);
  if (algorithm[0] == 'P') {
    Check(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
    Check(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  size_t size = 0;
  Check(EVP_DigestSign(context, nullptr, &size, input, text.size()) == 1);
  std::string signature(size, '\0');
  Check(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, input,
                       text.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  if (algorithm[0] == 'E') signature = FlatSignature(signature, CoordinateBytes(key_.get()));
  return text + "." + Base64Url(signature);
}

std::string TokenMaker::Sign(std::string_view claims, std::string_view key_id) const {
  const std::string algorithm = EVP_PKEY_is_a(key_.get(), "RSA") == 1 ? "RS256" : "ES256";
  return Sign(R"({"alg":")" + algorithm + R"(","kid":")" + std::string(key_id) + "\"}", claims,
              algorithm);
}

std::string TokenMaker::Pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  Check(PEM_write_bio_PUBKEY(bio, key_.get()) == 1);
  return Written(bio);
}

std::string TokenMaker::PrivatePem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  Check(PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return Written(bio);
}

std::string TokenMaker::Jwk(std::string_view key_id, std::string_view more) const {
  std::string jwk;
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
    jwk = R"({"kty":"RSA","n":")" + Base64Url(Parameter(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0)) +
          R"(","e":")" + Base64Url(Parameter(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0)) + "\"";
  } else {
    const size_t size = CoordinateBytes(key_.get());
    const char* const curve = size == 32 ? "P-256" : size == 48 ? "P-384" : "P-521";
    jwk = R"({"kty":"EC","crv":")" + std::string(curve) + R"(","x":")" +
          Base64Url(Parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, size)) + R"(","y":")" +
          Base64Url(Parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size)) + "\"";
  }
  if (!key_id.empty()) jwk += R"(,"kid":")" + std::string(key_id) + "\"";
  return jwk + std::string(more) + "}";
}

std::string KeySet(std::string_view jwks) { return R"({"keys":[)" + std::string(jwks) + "]}"; }

std::string HmacSha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string Base64Url(std::string_view bytes) {
  std::vector<unsigned char> encoded(4 * (bytes.size() / 3 + 1) + 1);
  const int size =
      EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  std::string text(reinterpret_cast<const char*>(encoded.data()), static_cast<size_t>(size));
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

}  // namespace enos::gateway
