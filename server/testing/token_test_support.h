#ifndef ENOS_SERVER_TESTING_TOKEN_TEST_SUPPORT_H_
#define ENOS_SERVER_TESTING_TOKEN_TEST_SUPPORT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "server/testing/fake_http_client.h"

namespace enos::gateway {

// For tests: what EnOS's token service says, and what it is asked.

inline constexpr std::string_view kTokenService = "/apim-token-service/";

// A token that lives this long.
inline std::string TokenJson(std::string_view token, int64_t seconds) {
  return R"({"status":0,"msg":"SUCCESS","business":"apim-token-service","data":{"accessToken":")" +
         std::string(token) + R"(","expire":)" + std::to_string(seconds) + "}}";
}

inline std::string TokenErrorJson(int64_t code, std::string_view message = "no") {
  return R"({"status":)" + std::to_string(code) + R"(,"msg":")" + std::string(message) + R"("})";
}

// The timestamp in the body of a token request.
inline int64_t TimestampOf(const FakeHttpClient::Sent& sent) {
  const std::string name = R"("timestamp":)";
  return std::stoll(sent.body().substr(sent.body().find(name) + name.size()));
}

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_TOKEN_TEST_SUPPORT_H_
