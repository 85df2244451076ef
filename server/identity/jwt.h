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

// Why a token is not accepted. For the log; what the caller is told is less (access_control.h).
enum class TokenFault {
  kMalformed,      // no JWT in compact form, or one with wrong or repeated members
  kTooLarge,       // over kMaxTokenBytes
  kAlgorithm,      // none, symmetric or unknown; or not what the key is for
  kCritical,       // "crit": extensions that must be understood; none is
  kType,           // "typ" says that it is something else than an access token
  kUnknownKey,     // no key with its "kid", or several keys and no "kid"
  kSignature,      // not signed by that key
  kIssuer,         // "iss" is somebody else
  kAudience,       // "aud" does not have this gateway
  kExpired,        // "exp" is over
  kNotYetValid,    // "nbf" is to come
  kSeveralTokens,  // more than one authorization
  kNoBearerToken,  // an authorization that is no bearer token
};

// For the log: "token expired".
std::string_view TokenFaultText(TokenFault fault);

// Those that are accepted, by the name of "alg": signatures only, and no symmetric ones, whose key
// would have to be a secret of the gateway's.
enum class JwtAlgorithm { kRs256, kRs384, kRs512, kPs256, kPs384, kPs512, kEs256, kEs384, kEs512 };

inline constexpr size_t kMaxTokenBytes = 8 << 10;

// Some seconds by which clocks may differ.
inline constexpr int64_t kClockLeeway = 30;

// A token as it was read, nothing of it verified. Times are seconds since 1970.
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

// Reads a JWT in JWS compact form (RFC 7515, 7519): three parts in base64url without padding, a
// header and claims that are strict JSON (strict_json.h). iss, sub, aud and exp have to be there;
// what is not known is ignored, as the RFCs have it. Pure.
std::variant<Jwt, TokenFault> ParseJwt(std::string_view token);

// Whether the claims are for this gateway, now (seconds since 1970).
std::optional<TokenFault> CheckClaims(const Jwt& jwt, std::string_view issuer,
                                      std::string_view audience, int64_t now);

// Whether the token's time has come and is not over, with the leeway.
std::optional<TokenFault> CheckTimes(int64_t not_before, int64_t expires_at, int64_t now);

// Decodes base64url without padding; nullopt for anything else, bits left over included.
std::optional<std::string> DecodeBase64Url(std::string_view text);

// Encodes, without padding.
std::string EncodeBase64Url(std::string_view bytes);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_IDENTITY_JWT_H_
