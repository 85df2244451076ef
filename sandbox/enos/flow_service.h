// The decision on one flow call: who asks, is it signed, is it well-formed, may it run. Knows
// neither HTTP nor faults.
#ifndef ENOS_SANDBOX_ENOS_FLOW_SERVICE_H_
#define ENOS_SANDBOX_ENOS_FLOW_SERVICE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sandbox/enos/clock.h"
#include "sandbox/enos/flow_request.h"
#include "sandbox/enos/target.h"

namespace enos::sandbox {

// How the sandbox words a refused token: EnOS does not document it, and all of these are seen in
// published code.
enum class TokenRefusal { kHttp401, kCode401, kCode497, kCode1203 };

struct FlowServiceOptions {
  std::string secret_key;
  std::string next_secret_key;  // good as well; empty: none
  absl::Duration clock_skew = absl::Minutes(5);
  TokenRefusal token_refusal = TokenRefusal::kHttp401;
  std::set<std::int32_t> flows;  // those that exist; empty: every positive id
  std::set<std::int32_t> flows_without_task = {62104};
  std::set<std::int32_t> flows_of_others = {62103};
  std::set<std::int32_t> unknown_flows = {99404};
  std::set<std::string> users;  // those that exist; empty: every one that is not empty
  std::set<std::string> orgs;
};

struct FlowCall {
  std::string_view method;
  const Query& query;
  std::optional<std::string_view> access_token;  // the three apim- headers
  std::optional<std::string_view> timestamp;
  std::optional<std::string_view> signature;
  std::string_view body;
};

struct FlowDecision {
  int http_status = 200;
  int code = 0;
  std::string message;
  bool token_valid = false;
  bool signature_valid = false;  // and the timestamp within the skew
  bool signed_with_next_key = false;
  bool refused_at_the_door =
      false;  // by the API gateway in front of the service: token or signature
  std::string user_id;
  std::string org_id;
  std::optional<FlowRequest> request;  // where the body could be read
  std::string instance_id;             // with code 0: the call may run
};

// Immutable, thread-safe.
class FlowService {
 public:
  // `is_alive` tells whether EnOS issued the token and it lives.
  FlowService(FlowServiceOptions options, Clock clock,
              std::function<bool(std::string_view token)> is_alive);

  FlowDecision Decide(const FlowCall& call) const;

 private:
  bool CheckToken(const FlowCall& call, FlowDecision& decision) const;
  bool CheckSignature(const FlowCall& call, FlowDecision& decision) const;
  int CheckFlow(std::int32_t flow_id) const;

  const FlowServiceOptions options_;
  const Clock clock_;
  const std::function<bool(std::string_view)> is_alive_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_FLOW_SERVICE_H_
