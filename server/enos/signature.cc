#include "server/enos/signature.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace enos::gateway {
namespace {

// There is no way to go on without signatures, and no caller could do anything about it.
[[noreturn]] void DieOfOpenSsl(const char* function) {
  std::fprintf(stderr, "OpenSSL cannot compute SHA-256: %s failed\n", function);
  std::abort();
}

// Fetched once per process: EVP_sha256() makes OpenSSL 3 look the algorithm up again, under a lock,
// for every digest. Never freed: it lives as long as the process.
const EVP_MD* Sha256() {
  static const EVP_MD* const digest = [] {
    const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (fetched == nullptr) DieOfOpenSsl("EVP_MD_fetch");
    return fetched;
  }();
  return digest;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// One context per thread, used again for every digest.
EVP_MD_CTX* ThreadContext() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  if (context == nullptr) DieOfOpenSsl("EVP_MD_CTX_new");
  return context.get();
}

// The digits of an integer, without a heap or a locale.
class Digits {
 public:
  explicit Digits(int64_t value)
      : end_(std::to_chars(buffer_.data(), buffer_.data() + buffer_.size(), value).ptr) {}
  std::string_view view() const {
    return {buffer_.data(), static_cast<size_t>(end_ - buffer_.data())};
  }

 private:
  std::array<char, 20> buffer_{};  // "-9223372036854775808"
  const char* end_;
};

}  // namespace

std::string Sha256Hex(std::initializer_list<std::string_view> parts) {
  EVP_MD_CTX* const context = ThreadContext();
  if (EVP_DigestInit_ex2(context, Sha256(), nullptr) != 1) DieOfOpenSsl("EVP_DigestInit_ex2");
  for (const std::string_view part : parts) {
    if (EVP_DigestUpdate(context, part.data(), part.size()) != 1) DieOfOpenSsl("EVP_DigestUpdate");
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(context, digest.data(), &size) != 1) DieOfOpenSsl("EVP_DigestFinal_ex");

  constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * size_t{size});
  for (unsigned int i = 0; i < size; ++i) {
    hex.push_back(kHex[digest[i] >> 4]);
    hex.push_back(kHex[digest[i] & 0xF]);
  }
  return hex;
}

std::string SignCall(std::string_view access_token, std::string_view signed_query,
                     std::string_view body, int64_t timestamp_ms, std::string_view secret_key) {
  const Digits timestamp(timestamp_ms);
  return Sha256Hex({access_token, signed_query, body, timestamp.view(), secret_key});
}

std::string SignTokenRequest(std::string_view access_key, int64_t timestamp_ms,
                             std::string_view secret_key) {
  const Digits timestamp(timestamp_ms);
  return Sha256Hex({access_key, timestamp.view(), secret_key});
}

}  // namespace enos::gateway
