// ParseJwt keeps its promises whatever the bytes are: those of the token, or those of a header and
// claims that were encoded properly (an input "TOKEN", or "HEADER\nCLAIMS").
#include <algorithm>
#include <string>
#include <variant>

#include "server/identity/jwt.h"
#include "tests/fuzz/fuzz_check.h"

namespace enos::gateway {
namespace {

constexpr int64_t kNow = 1767225600;

void CheckToken(std::string_view token) {
  const auto parsed = ParseJwt(token);
  if (const auto* fault = std::get_if<TokenFault>(&parsed)) {
    FUZZ_CHECK(!TokenFaultText(*fault).empty());
    return;
  }
  const auto& jwt = std::get<Jwt>(parsed);
  FUZZ_CHECK(token.size() <= kMaxTokenBytes);
  FUZZ_CHECK(std::count(token.begin(), token.end(), '.') == 2);
  FUZZ_CHECK(jwt.signature_bytes > 0);
  FUZZ_CHECK(!jwt.issuer.empty() && !jwt.subject.empty());
  const auto fault = CheckClaims(jwt, "https://issuer", "gateway", kNow);
  if (fault) return;
  FUZZ_CHECK(jwt.issuer == "https://issuer");
  FUZZ_CHECK(std::count(jwt.audiences.begin(), jwt.audiences.end(), "gateway") > 0);
  FUZZ_CHECK(jwt.expires_at > kNow - kClockLeeway - 1 && jwt.not_before <= kNow + kClockLeeway);
}

void CheckBase64(std::string_view text) {
  if (const auto bytes = DecodeBase64Url(text)) FUZZ_CHECK(EncodeBase64Url(*bytes) == text);
  FUZZ_CHECK(DecodeBase64Url(EncodeBase64Url(text)) == text);
}

void Check(std::string_view input) {
  CheckToken(input);
  CheckBase64(input);
  const size_t line_break = input.find('\n');
  if (line_break == std::string_view::npos) return;
  CheckToken(EncodeBase64Url(input.substr(0, line_break)) + "." +
             EncodeBase64Url(input.substr(line_break + 1)) + ".c2lnbmF0dXJl");
}

}  // namespace
}  // namespace enos::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  enos::gateway::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
