#ifndef ENOS_SERVER_ENOS_SIGNATURE_H_
#define ENOS_SERVER_ENOS_SIGNATURE_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace enos::gateway {

// Lower-case hex of SHA-256 over the concatenation of the parts (nothing is copied together).
// Aborts if OpenSSL cannot compute SHA-256 (out of memory or a broken installation).
std::string Sha256Hex(std::initializer_list<std::string_view> parts);

// The value of the header apim-signature: SHA-256 over accessToken + paramsData + timestamp +
// appSecret, where paramsData is signed_query (see FlowCall) followed by the body. Source: the fact
// sheet's "Signing a call".
std::string SignCall(std::string_view access_token, std::string_view signed_query,
                     std::string_view body, int64_t timestamp_ms, std::string_view secret_key);

// The member "encryption" of a token request: SHA-256 over appKey + timestamp + appSecret.
std::string SignTokenRequest(std::string_view access_key, int64_t timestamp_ms,
                             std::string_view secret_key);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_SIGNATURE_H_
