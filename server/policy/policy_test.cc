#include "server/policy/policy.h"

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "server/policy/parse_policy.h"

namespace enos::gateway {
namespace {

constexpr char kText[] = R"({"rules": [
  {"callers": ["sub:system:serviceaccount:batch:nightly", "dns:Batch.Example"],
   "org_ids": ["o15"], "user_ids": ["alice", "bob"], "flow_ids": [3377, "4000-4999", "4500-5500"]},
  {"callers": ["sub:system:serviceaccount:batch:nightly"],
   "org_ids": ["o16"], "user_ids": ["*"], "flow_ids": [1]},
  {"callers": ["uri:spiffe://prod/ns/batch/*", "sub:system:serviceaccount:ops:*"],
   "org_ids": ["*"], "user_ids": ["carol"], "flow_ids": ["*"]},
  {"callers": ["*"], "org_ids": ["public"], "user_ids": ["guest"], "flow_ids": [7]}
]})";

const Policy& ThePolicy() {
  static const auto& policy = *new Policy(*ParsePolicy(kText));
  return policy;
}

constexpr auto kYes = Decision::kAllowed;
constexpr auto kNobody = Decision::kNoRuleForCaller;
constexpr auto kMethod = Decision::kMethodNotAllowed;
constexpr auto kOrg = Decision::kOrgNotAllowed;
constexpr auto kUser = Decision::kUserNotAllowed;
constexpr auto kFlow = Decision::kFlowNotAllowed;

constexpr char kNightly[] = "sub:system:serviceaccount:batch:nightly";

struct Case {
  const char* name;
  std::vector<std::string> identities;
  const char* org_id;
  const char* user_id;
  int32_t flow_id;
  Decision decision;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const Case kRows[] = {
    {"listed", {kNightly}, "o15", "alice", 3377, kYes},
    {"listed_second_user", {kNightly}, "o15", "bob", 3377, kYes},
    {"range_first", {kNightly}, "o15", "alice", 4000, kYes},
    {"range_inside", {kNightly}, "o15", "alice", 4321, kYes},
    {"range_overlap", {kNightly}, "o15", "alice", 4999, kYes},
    {"range_last", {kNightly}, "o15", "alice", 5500, kYes},
    {"before_the_range", {kNightly}, "o15", "alice", 3999, kFlow},
    {"after_the_range", {kNightly}, "o15", "alice", 5501, kFlow},
    {"other_flow", {kNightly}, "o15", "alice", 3378, kFlow},
    {"other_user", {kNightly}, "o15", "mallory", 3377, kUser},
    {"user_in_capitals", {kNightly}, "o15", "Alice", 3377, kUser},
    {"other_org", {kNightly}, "o17", "alice", 3377, kOrg},
    {"org_empty", {kNightly}, "", "alice", 3377, kOrg},
    {"org_star", {kNightly}, "*", "alice", 3377, kOrg},
    {"second_rule", {kNightly}, "o16", "anybody", 1, kYes},
    {"rules_do_not_mix_flow", {kNightly}, "o16", "alice", 3377, kFlow},
    {"rules_do_not_mix_org", {kNightly}, "o15", "alice", 1, kFlow},
    {"dns", {"dns:batch.example"}, "o15", "alice", 3377, kYes},
    {"dns_has_only_its_rule", {"dns:batch.example"}, "o16", "alice", 1, kOrg},
    {"unknown", {"sub:somebody"}, "o15", "alice", 3377, kOrg},  // "*" applies to it
    {"any_caller", {"sub:somebody"}, "public", "guest", 7, kYes},
    {"any_caller_other_flow", {"sub:somebody"}, "public", "guest", 8, kFlow},
    {"nobody", {}, "public", "guest", 7, kNobody},
    {"prefix", {"uri:spiffe://prod/ns/batch/sa/x"}, "o1", "carol", 99, kYes},
    {"prefix_deeper", {"uri:spiffe://prod/ns/batch/a/b/c"}, "o1", "carol", 99, kYes},
    {"prefix_largest_flow", {"uri:spiffe://prod/ns/batch/x"}, "o1", "carol", 2147483647, kYes},
    {"prefix_flow_zero", {"uri:spiffe://prod/ns/batch/x"}, "o1", "carol", 0, kFlow},
    {"prefix_itself", {"uri:spiffe://prod/ns/batch/"}, "o1", "carol", 99, kOrg},
    {"prefix_without_slash", {"uri:spiffe://prod/ns/batch"}, "o1", "carol", 99, kOrg},
    {"prefix_of_a_longer_name", {"uri:spiffe://prod/ns/batch-evil/x"}, "o1", "carol", 99, kOrg},
    {"prefix_other_trust_domain", {"uri:spiffe://test/ns/batch/x"}, "o1", "carol", 99, kOrg},
    {"prefix_left_by_dots", {"uri:spiffe://prod/ns/batch/../x"}, "o1", "carol", 99, kOrg},
    {"prefix_percent", {"uri:spiffe://prod/ns/batch/%2e%2e/x"}, "o1", "carol", 99, kOrg},
    {"subject_prefix", {"sub:system:serviceaccount:ops:any"}, "o1", "carol", 99, kYes},
    {"subject_prefix_other", {"sub:system:serviceaccount:opsy:any"}, "o1", "carol", 99, kOrg},
    {"subject_like_a_uri", {"sub:uri:spiffe://prod/ns/batch/x"}, "o1", "carol", 99, kOrg},
    {"subject_like_a_spiffe_id", {"sub:spiffe://prod/ns/batch/x"}, "o1", "carol", 99, kOrg},
    {"second_name_of_the_caller", {"uri:spiffe://a/b", kNightly}, "o15", "alice", 3377, kYes},
    {"names_do_not_mix",
     {"dns:batch.example", "uri:spiffe://prod/ns/batch/x"},
     "o1",
     "bob",
     99,
     kUser},
};

class PolicyTable : public testing::TestWithParam<Case> {};

TEST_P(PolicyTable, Row) {
  const Case& row = GetParam();
  EXPECT_EQ(ThePolicy().Decide(row.identities, {row.org_id, row.user_id, row.flow_id}),
            row.decision);
}

INSTANTIATE_TEST_SUITE_P(Rows, PolicyTable, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

struct MatchedCase {
  const char* name;
  std::vector<std::string> identities;
  const char* org_id;
  const char* user_id;
  int32_t flow_id;
  size_t matched;
};

void PrintTo(const MatchedCase& c, std::ostream* out) { *out << c.name; }

constexpr char kOther[] = "uri:spiffe://a/b";
constexpr char kBatch[] = "uri:spiffe://prod/ns/batch/x";

const MatchedCase kMatchedRows[] = {
    {"first", {kNightly, kOther}, "o15", "alice", 3377, 0},
    {"second", {kOther, kNightly}, "o15", "alice", 3377, 1},
    {"third", {kOther, "dns:x", "dns:batch.example"}, "o15", "alice", 3377, 2},
    {"prefix", {kOther, kBatch}, "o1", "carol", 1, 1},
    {"first_of_two", {kOther, kNightly, "dns:batch.example"}, "o15", "alice", 3377, 1},
    {"the_one_that_may", {"dns:batch.example", kBatch}, "o15", "carol", 1, 1},
    {"the_other_that_may", {"dns:batch.example", kBatch}, "o15", "bob", 3377, 0},
    {"rule_for_all", {kOther, kNightly}, "public", "guest", 7, 0},
    {"refused_after_the_organization", {kOther, kNightly}, "o15", "mallory", 1, 1},
    {"refused_after_the_user", {kBatch, kNightly}, "o15", "alice", 1, 1},
    {"refused_by_the_rule_for_all", {kOther, kNightly}, "public", "mallory", 7, 0},
    {"nobody", {}, "o15", "alice", 3377, 0},
};

class MatchedTable : public testing::TestWithParam<MatchedCase> {};

TEST_P(MatchedTable, NameOfTheDecidingRule) {
  const MatchedCase& row = GetParam();
  size_t matched = 99;
  ThePolicy().Decide(row.identities, {row.org_id, row.user_id, row.flow_id}, &matched);
  EXPECT_EQ(matched, row.matched);
}

INSTANTIATE_TEST_SUITE_P(Rows, MatchedTable, testing::ValuesIn(kMatchedRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Policy, RuleForTheCallerAndOneForAll_TheCallersNameMatches) {
  const Policy policy = *ParsePolicy(
      R"({"rules": [
        {"callers": ["*"], "org_ids": ["*"], "user_ids": ["*"], "flow_ids": ["*"]},
        {"callers": ["sub:b"], "org_ids": ["*"], "user_ids": ["*"], "flow_ids": ["*"]}]})");
  size_t matched = 99;
  EXPECT_EQ(policy.Decide({"sub:a", "sub:b"}, {"o", "u", 1}, &matched), Decision::kAllowed);
  EXPECT_EQ(matched, 1U);
}

constexpr char kMethodsText[] = R"({"rules": [
  {"callers": ["sub:starts"], "org_ids": ["o"], "user_ids": ["u"], "flow_ids": [1]},
  {"callers": ["sub:one"], "methods": ["GetFlowInstance"],
   "org_ids": ["o"], "user_ids": ["u"], "flow_ids": [1]},
  {"callers": ["sub:two"], "methods": ["WatchFlowInstance", "CancelFlowInstance"],
   "org_ids": ["o"], "user_ids": ["u"], "flow_ids": [1]},
  {"callers": ["sub:all"], "methods": ["*"],
   "org_ids": ["o"], "user_ids": ["u"], "flow_ids": [1]},
  {"callers": ["sub:mixed"], "methods": ["GetFlowInstance"],
   "org_ids": ["*"], "user_ids": ["*"], "flow_ids": ["*"]},
  {"callers": ["sub:mixed"], "org_ids": ["o"], "user_ids": ["u"], "flow_ids": [1]}
]})";

// What a caller may do with flow 1, by RpcMethod.
struct MethodsCase {
  const char* caller;
  std::array<Decision, kRpcMethods> decisions;
};

void PrintTo(const MethodsCase& c, std::ostream* out) { *out << c.caller; }

class MethodsTable : public testing::TestWithParam<MethodsCase> {};

TEST_P(MethodsTable, Row) {
  const Policy policy = *ParsePolicy(kMethodsText);
  for (size_t i = 0; i < kRpcMethods; ++i) {
    const auto method = static_cast<RpcMethod>(i);
    const std::string caller = "sub:" + std::string(GetParam().caller);
    EXPECT_EQ(policy.Decide({caller}, {"o", "u", 1, method}), GetParam().decisions.at(i))
        << RpcMethodName(method);
  }
}

// Trigger, Get, Watch, Cancel.
INSTANTIATE_TEST_SUITE_P(Rows, MethodsTable,
                         testing::Values(MethodsCase{"starts", {kYes, kMethod, kMethod, kMethod}},
                                         MethodsCase{"one", {kMethod, kYes, kMethod, kMethod}},
                                         MethodsCase{"two", {kMethod, kMethod, kYes, kYes}},
                                         MethodsCase{"all", {kYes, kYes, kYes, kYes}},
                                         MethodsCase{"mixed", {kYes, kYes, kMethod, kMethod}}),
                         [](const auto& row) { return std::string(row.param.caller); });

TEST(PolicyMethods, OfOneRule_DoNotMixWithTheFlowsOfAnother) {
  const Policy policy = *ParsePolicy(kMethodsText);
  const auto decide = [&policy](RpcMethod method, int32_t flow_id) {
    return policy.Decide({"sub:mixed"}, {"o", "u", flow_id, method});
  };
  EXPECT_EQ(decide(RpcMethod::kGetFlowInstance, 2), kYes);
  EXPECT_EQ(decide(RpcMethod::kUpdateAndTriggerFlow, 2), kFlow);
}

struct DecisionCase {
  Decision decision;
  const char* text;
};

class DecisionTexts : public testing::TestWithParam<DecisionCase> {};

TEST_P(DecisionTexts, AreForTheLog) {
  EXPECT_EQ(DecisionText(GetParam().decision), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(All, DecisionTexts,
                         testing::Values(DecisionCase{kYes, "allowed"},
                                         DecisionCase{kNobody, "no rule names the caller"},
                                         DecisionCase{kMethod, "method not allowed"},
                                         DecisionCase{kOrg, "org_id not allowed"},
                                         DecisionCase{kUser, "user_id not allowed"},
                                         DecisionCase{kFlow, "flow_id not allowed"}));

TEST(Policy, WithoutARuleForAnybody_NamesTheReason) {
  const Policy policy = *ParsePolicy(
      R"({"rules": [{"callers": ["sub:a"], "org_ids": ["*"], "user_ids": ["*"],
                     "flow_ids": ["*"]}]})");
  EXPECT_EQ(policy.Decide({"sub:b"}, {"o", "u", 1}), Decision::kNoRuleForCaller);
}

}  // namespace
}  // namespace enos::gateway
