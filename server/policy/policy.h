#ifndef ENOS_SERVER_POLICY_POLICY_H_
#define ENOS_SERVER_POLICY_POLICY_H_

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/rpc_method.h"
#include "server/policy/caller_pattern.h"

namespace enos::gateway {

// Flow ids from `first` to `last`, inclusive.
struct FlowRange {
  int32_t first = 0;
  int32_t last = 0;
};

// Ids that a rule lists; `any` stands for "*".
struct IdSet {
  bool any = false;
  absl::flat_hash_set<std::string> ids;
};

// One rule: its callers may start these flows for these users and organizations.
struct PolicyRule {
  std::vector<CallerPattern> callers;
  // By RpcMethod. Where a rule names none it is for starting flows alone.
  std::bitset<kRpcMethods> methods = 1;
  IdSet org_ids;
  IdSet user_ids;
  std::vector<FlowRange> flow_ids;  // "*" is 1 to the largest
};

// What a call asks for.
struct FlowAccess {
  std::string_view org_id;
  std::string_view user_id;
  int32_t flow_id = 0;
  RpcMethod method = RpcMethod::kUpdateAndTriggerFlow;
};

// Why a call is not allowed: how far the best-matching rule matched. For the log; what the caller
// is told does not depend on it.
enum class Decision {
  kAllowed,
  kNoRuleForCaller,
  kMethodNotAllowed,
  kOrgNotAllowed,
  kUserNotAllowed,
  kFlowNotAllowed
};

// For the log: "org_id not allowed".
std::string_view DecisionText(Decision decision);

// Which caller may use which organization, user and flow. Anything that no rule allows is refused.
// Immutable, so thread-safe.
class Policy {
 public:
  explicit Policy(std::vector<PolicyRule> rules);

  // `identities` are all names of one caller ("uri:spiffe://...", see CallerPattern): what any of
  // them may do is allowed. `matched`, if wanted, is set to the index of the name in the deciding
  // rule (if there are several such rules, the caller's first name; a rule that names the caller
  // comes before one for all); 0 if no rule has one of the caller's names. The cost is a hash
  // look-up for each name and each part of it, and three for each rule that names the caller.
  Decision Decide(const std::vector<std::string>& identities, const FlowAccess& access,
                  size_t* matched = nullptr) const;

  size_t rules() const { return rules_.size(); }

 private:
  using RuleIds = std::vector<uint32_t>;

  void Try(const RuleIds* rules, const FlowAccess& access, Decision* best) const;
  void TryIdentity(std::string_view identity, const FlowAccess& access, Decision* best) const;

  std::vector<PolicyRule> rules_;
  RuleIds for_any_;
  absl::flat_hash_map<std::string, RuleIds> for_exact_;
  absl::flat_hash_map<std::string, RuleIds> for_prefix_;  // by the text before the "*"
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_POLICY_POLICY_H_
