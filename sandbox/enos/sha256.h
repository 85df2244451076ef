// The hash of EnOS signatures.
#ifndef ENOS_SANDBOX_ENOS_SHA256_H_
#define ENOS_SANDBOX_ENOS_SHA256_H_

#include <string>
#include <string_view>

namespace enos::sandbox {

// Lower-case hex of SHA-256 over the bytes.
std::string Sha256Hex(std::string_view bytes);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_SHA256_H_
