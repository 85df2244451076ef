// The token service of EnOS (apim-token-service), without HTTP.
#ifndef ENOS_SANDBOX_ENOS_TOKEN_SERVICE_H_
#define ENOS_SANDBOX_ENOS_TOKEN_SERVICE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/time/time.h"
#include "sandbox/enos/clock.h"

namespace enos::sandbox {

struct TokenReply {
  int code = 0;               // 0, 1001 to 1004, 1202, 1203
  std::string access_token;   // with code 0
  std::int64_t expire_s = 0;  // what is left of its life, whole seconds, rounded down
};

struct TokenServiceOptions {
  std::string access_key;
  std::string secret_key;
  std::string next_secret_key;  // good as well, as while keys are rotated; empty: none
  absl::Duration lifetime = absl::Hours(2);
  bool refresh_kills_old_token = true;
  // So many used encryptions are remembered, the oldest forgotten first.
  std::size_t remembered_encryptions = 100'000;
};

// Knows one application. Thread-safe.
class TokenService {
 public:
  // `new_token` makes a token nobody can have seen before; it is called with a lock held.
  TokenService(TokenServiceOptions options, Clock clock, std::function<std::string()> new_token);

  // token/get and token/refresh, each with the JSON body of the request.
  TokenReply Get(std::string_view body);
  TokenReply Refresh(std::string_view body);

  bool IsAlive(std::string_view token) const;
  // Kills every token at once, as an operator or another replica might.
  void Revoke();

 private:
  struct Credentials;
  // The code of the first thing wrong with the request, or 0.
  int Read(std::string_view body, bool with_token, Credentials& credentials) const;
  int Check(const Credentials& credentials);
  TokenReply Issue(absl::Time now);
  void ForgetExpired(absl::Time now);

  const TokenServiceOptions options_;
  const Clock clock_;
  const std::function<std::string()> new_token_;

  mutable std::mutex mutex_;
  std::string current_;
  std::map<std::string, absl::Time, std::less<>> expiry_;  // of every token that may be alive
  std::unordered_set<std::string> used_;
  std::deque<std::string> used_in_order_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_TOKEN_SERVICE_H_
