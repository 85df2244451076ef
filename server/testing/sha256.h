#ifndef ENOS_SERVER_TESTING_SHA256_H_
#define ENOS_SERVER_TESTING_SHA256_H_

#include <string>
#include <string_view>

namespace enos::gateway {

// Lower-case hex of SHA-256, computed without the gateway's own code: for checking what that says.
std::string IndependentSha256Hex(std::string_view text);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_SHA256_H_
