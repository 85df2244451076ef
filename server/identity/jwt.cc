#include "server/identity/jwt.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "server/base/text.h"
#include "server/json/strict_json.h"

namespace enos::gateway {
namespace {

constexpr size_t kMaxSubjectBytes = 512;
constexpr size_t kMaxAudiences = 32;
constexpr double kLastTime = 1e11;  // in seconds: the year 5138, well inside int64

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::pair<std::string_view, JwtAlgorithm> kAlgorithms[] = {
    {"RS256", JwtAlgorithm::kRs256}, {"RS384", JwtAlgorithm::kRs384},
    {"RS512", JwtAlgorithm::kRs512}, {"PS256", JwtAlgorithm::kPs256},
    {"PS384", JwtAlgorithm::kPs384}, {"PS512", JwtAlgorithm::kPs512},
    {"ES256", JwtAlgorithm::kEs256}, {"ES384", JwtAlgorithm::kEs384},
    {"ES512", JwtAlgorithm::kEs512}};

// The three parts of a compact JWS, still encoded.
std::optional<std::array<std::string_view, 3>> SplitParts(std::string_view token) {
  const size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return std::array<std::string_view, 3>{token.substr(0, first),
                                         token.substr(first + 1, second - first - 1),
                                         token.substr(second + 1)};
}

// The JSON object of a part; null if it is not one.
JsonDocument DecodeObject(std::string_view part) {
  const auto text = DecodeBase64Url(part);
  if (!text) return nullptr;
  auto document = ParseStrictJson(*text, JsonIntegers::kAsReals);
  if (!document.ok() || !JsonIs(JSON_OBJECT, document->get())) return nullptr;
  return *std::move(document);
}

// Tokens for other purposes (proofs, log-outs, ...) may be signed by the same keys; their "typ"
// says so.
bool IsAccessTokenType(const json_t* type) {
  if (type == nullptr) return true;
  std::string name = LowerCase(JsonText(type).value_or(""));
  constexpr std::string_view kMediaType = "application/";
  if (StartsWith(name, kMediaType)) name.erase(0, kMediaType.size());
  return name == "jwt" || name == "at+jwt";
}

std::optional<TokenFault> ReadHeader(const json_t* header, Jwt* jwt) {
  const auto algorithm = JsonText(json_object_get(header, "alg"));
  if (!algorithm) return TokenFault::kMalformed;
  const auto* const known =
      std::find_if(std::begin(kAlgorithms), std::end(kAlgorithms),
                   [&](const auto& entry) { return entry.first == *algorithm; });
  if (known == std::end(kAlgorithms)) return TokenFault::kAlgorithm;
  jwt->algorithm = known->second;
  if (json_object_get(header, "crit") != nullptr) return TokenFault::kCritical;
  if (!IsAccessTokenType(json_object_get(header, "typ"))) return TokenFault::kType;
  if (const json_t* key_id = json_object_get(header, "kid")) {
    jwt->key_id = JsonText(key_id);
    if (!jwt->key_id) return TokenFault::kMalformed;
  }
  return std::nullopt;
}

bool ReadString(const json_t* claims, const char* name, std::string* text) {
  *text = JsonText(json_object_get(claims, name)).value_or("");
  return !text->empty();
}

// A NumericDate: seconds, perhaps with a fraction, which is truncated.
bool ReadTime(const json_t* value, int64_t* time) {
  if (!JsonIs(JSON_REAL, value)) return false;
  const double seconds = json_real_value(value);
  if (seconds < 0 || seconds > kLastTime) return false;
  *time = static_cast<int64_t>(std::floor(seconds));
  return true;
}

// A single value, or a list of them.
bool ReadAudiences(const json_t* value, std::vector<std::string>* audiences) {
  if (const auto one = JsonText(value)) {
    audiences->emplace_back(*one);
    return true;
  }
  if (!JsonIs(JSON_ARRAY, value) || json_array_size(value) > kMaxAudiences) return false;
  for (size_t i = 0; i < json_array_size(value); ++i) {
    const auto item = JsonText(json_array_get(value, i));
    if (!item) return false;
    audiences->emplace_back(*item);
  }
  return true;
}

// It becomes a name in the policy and in the log.
bool IsSubject(std::string_view subject) {
  return subject.size() <= kMaxSubjectBytes &&
         std::none_of(subject.begin(), subject.end(),
                      [](char c) { return (c >= '\0' && c < ' ') || c == '\x7F'; });
}

std::optional<TokenFault> ReadClaims(const json_t* claims, Jwt* jwt) {
  const bool has_names = ReadString(claims, "iss", &jwt->issuer) &&
                         ReadString(claims, "sub", &jwt->subject) && IsSubject(jwt->subject) &&
                         ReadAudiences(json_object_get(claims, "aud"), &jwt->audiences);
  if (!has_names) return TokenFault::kMalformed;
  if (!ReadTime(json_object_get(claims, "exp"), &jwt->expires_at)) return TokenFault::kMalformed;
  const json_t* not_before = json_object_get(claims, "nbf");
  if (not_before != nullptr && !ReadTime(not_before, &jwt->not_before))
    return TokenFault::kMalformed;
  return std::nullopt;
}

}  // namespace

std::string_view TokenFaultText(TokenFault fault) {
  switch (fault) {
    case TokenFault::kMalformed:
      return "token malformed";
    case TokenFault::kTooLarge:
      return "token too large";
    case TokenFault::kAlgorithm:
      return "token algorithm not accepted";
    case TokenFault::kCritical:
      return "token with critical extensions";
    case TokenFault::kType:
      return "token of another type";
    case TokenFault::kUnknownKey:
      return "token key unknown";
    case TokenFault::kSignature:
      return "token signature wrong";
    case TokenFault::kIssuer:
      return "token issuer not accepted";
    case TokenFault::kAudience:
      return "token for another audience";
    case TokenFault::kExpired:
      return "token expired";
    case TokenFault::kNotYetValid:
      return "token not yet valid";
    case TokenFault::kSeveralTokens:
      return "several authorizations";
    case TokenFault::kNoBearerToken:
      return "authorization is not a bearer token";
  }
  return "token not accepted";  // no enumerator is missing above: the compiler warns
}

std::variant<Jwt, TokenFault> ParseJwt(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return TokenFault::kTooLarge;
  const auto parts = SplitParts(token);
  if (!parts) return TokenFault::kMalformed;
  const auto header = DecodeObject((*parts)[0]);
  const auto claims = DecodeObject((*parts)[1]);
  const auto signature = DecodeBase64Url((*parts)[2]);
  if (header == nullptr || claims == nullptr || !signature) return TokenFault::kMalformed;
  Jwt jwt;
  jwt.signature_bytes = signature->size();
  if (const auto fault = ReadHeader(header.get(), &jwt)) return *fault;
  if (const auto fault = ReadClaims(claims.get(), &jwt)) return *fault;
  return jwt;
}

std::optional<TokenFault> CheckTimes(int64_t not_before, int64_t expires_at, int64_t now) {
  if (now >= expires_at + kClockLeeway) return TokenFault::kExpired;
  if (now + kClockLeeway < not_before) return TokenFault::kNotYetValid;
  return std::nullopt;
}

std::optional<TokenFault> CheckClaims(const Jwt& jwt, std::string_view issuer,
                                      std::string_view audience, int64_t now) {
  if (jwt.issuer != issuer) return TokenFault::kIssuer;
  const auto& audiences = jwt.audiences;
  if (std::find(audiences.begin(), audiences.end(), audience) == audiences.end())
    return TokenFault::kAudience;
  return CheckTimes(jwt.not_before, jwt.expires_at, now);
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(static_cast<uint8_t>(bits >> count)));
    bits &= (1U << count) - 1;
  }
  if (count >= 6 || bits != 0) return std::nullopt;
  return bytes;
}

std::string EncodeBase64Url(std::string_view bytes) {
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    for (count += 8; count >= 6; count -= 6) text.push_back(kAlphabet[(bits >> (count - 6)) & 63]);
    bits &= (1U << count) - 1;
  }
  if (count > 0) text.push_back(kAlphabet[(bits << (6 - count)) & 63]);
  return text;
}

}  // namespace enos::gateway
