#include "server/policy/parse_policy.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

// A policy of one rule, with one of its members replaced by `text` ("" leaves it out). Usually it
// has no "methods".
std::string With(const std::string& member, const std::string& text) {
  std::string rule;
  for (const auto& [name, usual] : {std::pair<std::string, std::string>{"callers", R"(["sub:a"])"},
                                    {"org_ids", R"(["o"])"},
                                    {"user_ids", R"(["u"])"},
                                    {"flow_ids", "[1]"},
                                    {"methods", ""}}) {
    const std::string value = name == member ? text : usual;
    if (value.empty()) continue;
    rule += (rule.empty() ? "\"" : ", \"") + name + "\": " + value;
  }
  return R"({"rules": [{)" + rule + "}]}";
}

struct BadCase {
  const char* name;
  std::string text;
  std::string error;  // what it begins with
};

void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }

const BadCase kBadRows[] = {
    {"not_json", "rules:\n- callers", "line 1, column 5: invalid token"},
    {"cut_off", "{\"rules\": [\n  {\"callers\": [", "line 2, column "},
    {"list_at_the_top", "[]", R"($: not an object, expected one with "rules")"},
    {"no_rules", "{}", R"($: member "rules" is missing)"},
    {"typo_at_the_top", R"({"rule": []})", R"($: unknown member "rule", expected "rules")"},
    {"rules_no_list", R"({"rules": {}})", "$.rules: not a list"},
    {"rules_twice", R"({"rules": [], "rules": []})", "line 1, column 21: duplicate object key"},
    {"rule_no_object", R"({"rules": ["*"]})", "$.rules[0]: not an object"},
    {"member_missing", With("org_ids", ""), R"($.rules[0]: member "org_ids" is missing)"},
    {"typo_in_a_rule", R"({"rules": [{"callers": ["*"], "org_ids": ["o"], "flow_id": [1]}]})",
     R"($.rules[0]: unknown member "flow_id", expected "callers" "org_ids")"},
    {"callers_empty", With("callers", "[]"), "$.rules[0].callers: expected a list that is not"},
    {"callers_text", With("callers", R"("*")"), "$.rules[0].callers: expected a list"},
    {"caller_number", With("callers", "[1]"), "$.rules[0].callers[0]: this is not a caller"},
    {"caller_without_kind", With("callers", R"(["sub:a", "alice"])"),
     R"($.rules[0].callers[1]: "alice" is not a caller, expected "*", or)"},
    {"star_beside_others", With("org_ids", R"(["o15", "*"])"),
     R"($.rules[0].org_ids[1]: "*" beside others)"},
    {"any_caller_beside_others", With("callers", R"(["*", "sub:a"])"),
     R"($.rules[0].callers[0]: "*" beside others)"},
    {"org_null", With("org_ids", "null"), "$.rules[0].org_ids: expected a list"},
    {"org_number", With("org_ids", "[15]"), "$.rules[0].org_ids[0]: not a string"},
    {"org_empty", With("org_ids", R"([""])"), R"($.rules[0].org_ids[0]: "" is not an id)"},
    {"org_wildcard", With("org_ids", R"(["o*"])"), R"($.rules[0].org_ids[0]: "o*" is not an id)"},
    {"user_too_long", With("user_ids", "[\"" + std::string(257, 'u') + "\"]"),
     "$.rules[0].user_ids[0]: \"uuu"},
    {"flow_zero", With("flow_ids", "[0]"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"flow_negative", With("flow_ids", "[1, -5]"), "$.rules[0].flow_ids[1]: not a flow id"},
    {"flow_fraction", With("flow_ids", "[1.5]"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"flow_with_a_point", With("flow_ids", "[7.0]"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"flow_too_large", With("flow_ids", "[2147483648]"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"flow_far_too_large", With("flow_ids", "[18446744073709551616]"),
     "line 1, column 104: too big integer"},
    {"flow_number_as_text", With("flow_ids", R"(["7"])"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"range_backwards", With("flow_ids", R"(["9-7"])"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"range_open", With("flow_ids", R"(["9-"])"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"range_spaces", With("flow_ids", R"(["7 - 9"])"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"range_from_zero", With("flow_ids", R"(["0-9"])"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"range_of_three", With("flow_ids", R"(["1-2-3"])"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"flow_true", With("flow_ids", "[true]"), "$.rules[0].flow_ids[0]: not a flow id"},
    {"methods_empty", With("methods", "[]"), "$.rules[0].methods: expected a list that is not"},
    {"methods_null", With("methods", "null"), "$.rules[0].methods: expected a list"},
    {"methods_text", With("methods", R"("*")"), "$.rules[0].methods: expected a list"},
    {"methods_object", With("methods", "{}"), "$.rules[0].methods: expected a list"},
    {"method_number", With("methods", "[1]"), "$.rules[0].methods[0]: this is not a method"},
    {"method_empty", With("methods", R"([""])"), R"($.rules[0].methods[0]: "" is not a method)"},
    {"method_unknown", With("methods", R"(["GetFlowInstance", "getFlowInstance"])"),
     R"($.rules[0].methods[1]: "getFlowInstance" is not a method, expected "*" or one of )"
     "UpdateAndTriggerFlow GetFlowInstance WatchFlowInstance CancelFlowInstance"},
    {"method_with_its_service", With("methods", R"(["FlowService/GetFlowInstance"])"),
     R"($.rules[0].methods[0]: "FlowService/GetFlowInstance" is not a method)"},
    {"method_wildcard", With("methods", R"(["Get*"])"),
     R"($.rules[0].methods[0]: "Get*" is not a method)"},
    {"all_methods_beside_others", With("methods", R"(["*", "GetFlowInstance"])"),
     R"($.rules[0].methods[0]: "*" beside others)"},
    {"too_large", std::string(kMaxPolicyBytes + 1, ' '), "larger than 4 MiB"},
};

class ParsePolicyRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(ParsePolicyRefuses, WithThePlace) {
  const auto parsed = ParsePolicy(GetParam().text);
  ASSERT_FALSE(parsed.ok());
  const std::string error(parsed.status().message());
  EXPECT_EQ(error.substr(0, GetParam().error.size()), GetParam().error);
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Rows, ParsePolicyRefuses, testing::ValuesIn(kBadRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ParsePolicy, EmptyRules_AllowNothing) {
  const auto parsed = ParsePolicy(R"({"rules": []})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->Decide({"sub:a"}, {"o", "u", 1}), Decision::kNoRuleForCaller);
}

TEST(ParsePolicy, Description_IsForPeople) {
  const auto parsed = ParsePolicy(
      R"({"rules": [{"description": "*", "callers": ["sub:a"], "org_ids": ["o"],
          "user_ids": ["u"], "flow_ids": [1]}]})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->rules(), 1U);
}

}  // namespace
}  // namespace enos::gateway
