#include "server/testing/sha256.h"

#include <openssl/sha.h>

#include <array>
#include <cstdio>
#include <vector>

namespace enos::gateway {

std::string IndependentSha256Hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  const std::vector<unsigned char> bytes(text.begin(), text.end());
  SHA256(bytes.data(), bytes.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) {
    char two[3];
    std::snprintf(two, sizeof(two), "%02x", static_cast<unsigned>(byte));
    hex += two;
  }
  return hex;
}

}  // namespace enos::gateway
