#ifndef ENOS_SERVER_ACCESS_ACCESS_CONTROL_H_
#define ENOS_SERVER_ACCESS_ACCESS_CONTROL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/contract/call_error.h"
#include "server/identity/token_verifier.h"
#include "server/policy/policy.h"

namespace enos::gateway {

// What a call says about its caller. None of it is ever logged or repeated.
struct PresentedIdentity {
  std::vector<std::string_view> authorizations;  // values of "authorization" metadata
  std::vector<std::string> certificate;  // identities of the client certificate, verified by TLS
};

// Why a call is refused: what its caller is told, and the cause, which only the log has. A fixed
// text of the program.
struct AccessRefusal {
  CallError error;
  std::string_view cause;
};

// The access check: who calls, and may they do this? Policy and keys may be replaced at any time;
// each call is decided by the current ones. Thread-safe.
class AccessControl {
 public:
  // Seconds since 1970.
  using WallClock = std::function<int64_t()>;

  AccessControl() : AccessControl(&SystemClock) {}
  explicit AccessControl(WallClock now) : now_(std::move(now)) {}

  // From then on callers need an identity, and anything that the policy does not allow is refused.
  void SetPolicy(std::shared_ptr<const Policy> policy);
  // From then on an authorization is checked, and must be a valid bearer token.
  void SetTokens(std::shared_ptr<TokenVerifier> tokens);

  // Finds out who calls: the subject of the bearer token if there is one, otherwise the names in
  // the client certificate. Without a policy the caller may remain unknown: no identities, no
  // refusal.
  std::optional<AccessRefusal> Identify(const PresentedIdentity& presented,
                                        std::vector<std::string>* identities) const;

  // Asks the policy, if there is one. `matched`, if wanted: see Policy::Decide; 0 without a policy.
  std::optional<AccessRefusal> Authorize(const std::vector<std::string>& identities,
                                         const FlowAccess& access, size_t* matched = nullptr) const;

 private:
  static int64_t SystemClock();
  std::shared_ptr<const Policy> policy() const;
  std::shared_ptr<TokenVerifier> tokens() const;

  const WallClock now_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Policy> policy_;   // guarded by mutex_
  std::shared_ptr<TokenVerifier> tokens_;  // guarded by mutex_
};

// The token of an authorization with the scheme Bearer (RFC 6750), a view into it; nullopt for any
// other scheme.
std::optional<std::string_view> BearerToken(std::string_view authorization);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ACCESS_ACCESS_CONTROL_H_
