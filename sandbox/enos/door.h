// Who may come in: the API gateway in front of EnOS's services checks token, timestamp and
// signature, whatever is asked for.
#ifndef ENOS_SANDBOX_ENOS_DOOR_H_
#define ENOS_SANDBOX_ENOS_DOOR_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sandbox/enos/clock.h"
#include "sandbox/enos/target.h"

namespace enos::sandbox {

// How the sandbox words a refused token: EnOS does not document it, and all of these are seen in
// published code.
enum class TokenRefusal { kHttp401, kCode401, kCode497, kCode1203 };

struct DoorOptions {
  std::string secret_key;
  std::string next_secret_key;  // good as well; empty: none
  absl::Duration clock_skew = absl::Minutes(5);
  TokenRefusal token_refusal = TokenRefusal::kHttp401;
};

struct ServiceCall {
  std::string_view method;
  const Query& query;
  std::optional<std::string_view> access_token;  // the three apim- headers
  std::optional<std::string_view> timestamp;
  std::optional<std::string_view> signature;
  std::string_view body;
};

struct Verdict {
  int http_status = 200;
  int code = 0;
  std::string message;
  bool token_valid = false;
  bool signature_valid = false;  // and the timestamp within the skew
  bool signed_with_next_key = false;
  bool refused_at_the_door = false;

  // An empty message: the vendor's text for the code.
  void Refuse(int with_code, std::string why = "");
};

// Immutable, thread-safe.
class Door {
 public:
  // `is_alive` tells whether EnOS issued the token and it lives.
  Door(const DoorOptions& options, Clock clock,
       std::function<bool(std::string_view token)> is_alive);

  // False: the verdict is a refusal.
  bool Check(const ServiceCall& call, Verdict& verdict) const;

 private:
  bool CheckToken(const ServiceCall& call, Verdict& verdict) const;
  bool CheckSignature(const ServiceCall& call, Verdict& verdict) const;

  const DoorOptions options_;
  const Clock clock_;
  const std::function<bool(std::string_view)> is_alive_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_DOOR_H_
