#include "server/policy/caller_pattern.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

using Kind = CallerPattern::Kind;

struct Case {
  const char* name;
  std::string text;
  std::optional<Kind> kind;  // nullopt: refused
  std::string pattern;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const Case kRows[] = {
    {"any", "*", Kind::kAny, ""},
    {"uri", "uri:spiffe://prod/ns/a", Kind::kExact, "uri:spiffe://prod/ns/a"},
    {"subject", "sub:system:serviceaccount:a:b", Kind::kExact, "sub:system:serviceaccount:a:b"},
    {"dns_in_lower_case", "dns:Batch.Example", Kind::kExact, "dns:batch.example"},
    {"uri_prefix", "uri:spiffe://prod/ns/*", Kind::kPrefix, "uri:spiffe://prod/ns/"},
    {"uri_prefix_whole_trust_domain", "uri:spiffe://prod/*", Kind::kPrefix, "uri:spiffe://prod/"},
    {"subject_prefix", "sub:system:serviceaccount:a:*", Kind::kPrefix,
     "sub:system:serviceaccount:a:"},
    {"subject_prefix_slash", "sub:ci/*", Kind::kPrefix, "sub:ci/"},
    {"empty", "", std::nullopt, ""},
    {"no_kind", "spiffe://prod/ns/a", std::nullopt, ""},
    {"other_kind", "cn:batch", std::nullopt, ""},
    {"kind_in_capitals", "SUB:a", std::nullopt, ""},
    {"no_name", "sub:", std::nullopt, ""},
    {"every_subject", "sub:*", std::nullopt, ""},
    {"every_uri", "uri:*", std::nullopt, ""},
    {"every_trust_domain", "uri:spiffe://*", std::nullopt, ""},
    {"no_trust_domain", "uri:spiffe:///*", std::nullopt, ""},
    {"part_of_a_trust_domain", "uri:spiffe://pro*", std::nullopt, ""},
    {"part_of_a_path_part", "uri:spiffe://prod/ns/batch*", std::nullopt, ""},
    {"prefix_after_colon_of_a_uri", "uri:urn:a:*", std::nullopt, ""},
    {"part_of_a_subject", "sub:batch*", std::nullopt, ""},
    {"star_in_the_middle", "sub:a:*:b", std::nullopt, ""},
    {"two_stars", "sub:a:*:*", std::nullopt, ""},
    {"prefix_with_dots", "uri:spiffe://prod/ns/../*", std::nullopt, ""},
    {"dns_prefix", "dns:*.example", std::nullopt, ""},
    {"dns_end", "dns:batch.*", std::nullopt, ""},
    {"dns_with_a_space", "dns:a b", std::nullopt, ""},
    {"space_behind", "sub:a ", std::nullopt, ""},
    {"line_break", "sub:a\nb", std::nullopt, ""},
    {"too_long", "sub:" + std::string(1021, 'a'), std::nullopt, ""},
};

class CallerPatternOf : public testing::TestWithParam<Case> {};

TEST_P(CallerPatternOf, Text) {
  const auto pattern = ParseCallerPattern(GetParam().text);
  ASSERT_EQ(pattern.has_value(), GetParam().kind.has_value());
  if (!pattern) return;
  EXPECT_EQ(pattern->kind, *GetParam().kind);
  EXPECT_EQ(pattern->text, GetParam().pattern);
}

INSTANTIATE_TEST_SUITE_P(Rows, CallerPatternOf, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace enos::gateway
