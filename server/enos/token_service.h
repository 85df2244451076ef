#ifndef ENOS_SERVER_ENOS_TOKEN_SERVICE_H_
#define ENOS_SERVER_ENOS_TOKEN_SERVICE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace enos::gateway {

// The JSON body of a token request: appKey, timestamp (a number, Unix ms), encryption; for
// `refresh` also accessToken. One (access key, timestamp) pair may be used once; the caller sees to
// that.
std::string EncodeTokenRequest(std::string_view access_key, std::string_view secret_key,
                               int64_t timestamp_ms,
                               std::optional<std::string_view> token_to_refresh);

// What the token service's answer means to us.
enum class TokenVerdict {
  kToken,               // `token` and `lifetime` are set
  kRepeatedRequest,     // 1001: the same (key, timestamp) was used before: ask again with another
                        // timestamp
  kCredentialsRefused,  // 1002, 1003: access key unknown, or the secret key is wrong
  kFailed,  // anything else, from other codes to answers that make no sense: may pass, try again
            // later
};

struct TokenAnswer {
  TokenVerdict verdict = TokenVerdict::kFailed;
  // 1 to 4096 printable ASCII characters without spaces (it travels in a header); empty unless
  // kToken.
  std::string token;
  std::chrono::seconds lifetime{};   // 1 s to 10 years, longer ones are cut; 0 unless kToken
  std::optional<int64_t> enos_code;  // the result code, where there was one
  std::string enos_message;          // EnOS's own words as they came: clean before showing
};

// Reads an answer of `get` or `refresh`. The member of the result code may be spelled status, code
// or stauts (the vendor's own sample does that once); an integer in a string counts. `expire` may
// be a number (a fraction is cut off) or an integer in a string. A token counts only under HTTP 2xx
// and result code 0; a refusal counts under any HTTP status. Never throws, never recurses over
// hostile input; `body` may be anything.
TokenAnswer DecodeTokenAnswer(int http_status, std::string_view body);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_TOKEN_SERVICE_H_
