#ifndef ENOS_SERVER_IDENTITY_JWT_H_
#define ENOS_SERVER_IDENTITY_JWT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace enos::gateway {

// Why a token is not accepted. For the log; the caller is told less (access_control.h).
enum class TokenFault {
  kMalformed,      // not a JWT in compact form, or one with wrong or repeated members
  kTooLarge,       // over kMaxTokenBytes
  kAlgorithm,      // none, symmetric or unknown; or not what the key is for
  kCritical,       // "crit": extensions that must be understood; we support none
  kType,           // "typ" says that it is not an access token
  kUnknownKey,     // no key with its "kid", or several keys and no "kid"
  kSignature,      // not signed by that key
  kIssuer,         // "iss" is someone else
  kAudience,       // "aud" does not include this gateway
  kExpired,        // "exp" has passed
  kNotYetValid,    // "nbf" is in the future
  kSeveralTokens,  // more than one authorization
  kNoBearerToken,  // an authorization that is not a bearer token
};

// For the log: "token expired".
std::string_view TokenFaultText(TokenFault fault);

// The accepted algorithms, by the name in "alg": only signatures, and no symmetric ones, whose key
// would have to be a secret of the gateway.
enum class JwtAlgorithm { kRs256, kRs384, kRs512, kPs256, kPs384, kPs512, kEs256, kEs384, kEs512 };

inline constexpr size_t kMaxTokenBytes = 8 << 10;

// Allowed clock difference, in seconds.
inline constexpr int64_t kClockLeeway = 30;

// A token as it was parsed, none of it verified. Times are seconds since 1970.
struct Jwt {
  JwtAlgorithm algorithm = JwtAlgorithm::kRs256;
  std::optional<std::string> key_id;  // "kid"
  size_t signature_bytes = 0;

  std::string issuer;
  std::string subject;
  std::vector<std::string> audiences;
  int64_t expires_at = 0;
  int64_t not_before = 0;  // 0: none
};

// Parses a JWT in JWS compact form (RFC 7515, 7519): three parts in base64url without padding, a
// header and claims that are strict JSON (strict_json.h). iss, sub, aud and exp are required;
// unknown members are ignored, as the RFCs say. Pure.
std::variant<Jwt, TokenFault> ParseJwt(std::string_view token);

// Whether the claims are for this gateway, now (seconds since 1970).
std::optional<TokenFault> CheckClaims(const Jwt& jwt, std::string_view issuer,
                                      std::string_view audience, int64_t now);

// Whether the token is valid at this time, with the leeway.
std::optional<TokenFault> CheckTimes(int64_t not_before, int64_t expires_at, int64_t now);

// Decodes base64url without padding; nullopt for anything else, including leftover bits.
std::optional<std::string> DecodeBase64Url(std::string_view text);

// Encodes, without padding.
std::string EncodeBase64Url(std::string_view bytes);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_IDENTITY_JWT_H_
