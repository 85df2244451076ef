#include "document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace enos::flow::cli {
namespace {

using ::testing::HasSubstr;

// The tree on one line: texts in quotes, {key: value}, [items], null as ~.
std::string Drawn(const Document& document) {
  std::string drawn;
  switch (document.kind) {
    case Document::Kind::kNull:
      return "~";
    case Document::Kind::kText:
      return "'" + document.text + "'";
    case Document::Kind::kList:
      for (const Document& item : document.items) drawn += (drawn.empty() ? "" : " ") + Drawn(item);
      return "[" + drawn + "]";
    case Document::Kind::kMap:
      for (size_t i = 0; i < document.items.size(); ++i) {
        drawn += (i == 0 ? "" : " ") + document.keys[i] + ":" + Drawn(document.items[i]);
      }
      return "{" + drawn + "}";
  }
  return drawn;
}

std::string Drawn(const absl::StatusOr<Document>& parsed) {
  return parsed.ok() ? Drawn(*parsed) : std::string(parsed.status().message());
}

struct GoodCase {
  const char* name;
  std::string text;
  const char* drawn;
};

class JsonTest : public ::testing::TestWithParam<GoodCase> {};

TEST_P(JsonTest, Text_TreeWithTextsAsWritten) {
  EXPECT_EQ(Drawn(ParseJson(GetParam().text)), GetParam().drawn);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, JsonTest,
    ::testing::Values(GoodCase{"numbers_as_written", "[1, 1.50, 1e3, -0, 12345678901234567890123]",
                               "['1' '1.50' '1e3' '-0' '12345678901234567890123']"},
                      GoodCase{"words", "[true, false, null]", "['true' 'false' ~]"},
                      GoodCase{"order_and_duplicates", R"({"b":1,"a":{"x":[]},"b":2})",
                               "{b:'1' a:{x:[]} b:'2'}"},
                      GoodCase{"escapes", R"(["\ud83d\ude80\n\/"])", "['\U0001F680\n/']"},
                      GoodCase{"text_that_looks_like_a_number", R"(["007"])", "['007']"}),
    [](const auto& row) { return row.param.name; });

class BadJsonTest : public ::testing::TestWithParam<GoodCase> {};

TEST_P(BadJsonTest, Text_RefusedWithThePlace) {
  EXPECT_THAT(Drawn(ParseJson(GetParam().text)), HasSubstr(GetParam().drawn));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadJsonTest,
    ::testing::Values(GoodCase{"nothing", "", "not JSON"},
                      GoodCase{"half", R"({"a":1)", "not JSON"},
                      GoodCase{"more_after_it", R"({"a":1} x)", "At byte 9"},
                      GoodCase{"nul_and_more", std::string("{}\0{}", 5), "a NUL at byte 3"},
                      GoodCase{"not_utf8", "[\"\xFF\"]", "not JSON"},
                      GoodCase{"deep", std::string(100'000, '['), "Nested too deeply"},
                      GoodCase{"not_a_number", "[NaN]", "not JSON"}),
    [](const auto& row) { return row.param.name; });

class YamlTest : public ::testing::TestWithParam<GoodCase> {};

TEST_P(YamlTest, Text_TreeWithTextsAsWritten) {
  EXPECT_EQ(Drawn(ParseYaml(GetParam().text)), GetParam().drawn);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, YamlTest,
    ::testing::Values(GoodCase{"scalars_as_written",
                               "a: 007\nb: yes\nc: 1.50\nd: 2026-07-01T08:00:00Z\ne: 0x1F\n",
                               "{a:'007' b:'yes' c:'1.50' d:'2026-07-01T08:00:00Z' e:'0x1F'}"},
                      GoodCase{"nothings", "a:\nb: ~\nc: null\nd: ''\ne: \"null\"\n",
                               "{a:~ b:~ c:~ d:'' e:'null'}"},
                      GoodCase{"list_of_maps",
                               "- {key: B, value: 1}\n- key: A\n  value: two words\n",
                               "[{key:'B' value:'1'} {key:'A' value:'two words'}]"},
                      GoodCase{"order_and_duplicates", "b: 1\na: 2\nb: 3\n", "{b:'1' a:'2' b:'3'}"},
                      GoodCase{"block_text", "a: |\n  x\n  y\n", "{a:'x\ny\n'}"},
                      GoodCase{"json", R"({"a": [1, "b"]})", "{a:['1' 'b']}"},
                      GoodCase{"nothing", "", "~"}),
    [](const auto& row) { return row.param.name; });

class BadYamlTest : public ::testing::TestWithParam<GoodCase> {};

TEST_P(BadYamlTest, Text_RefusedWithThePlace) {
  EXPECT_THAT(Drawn(ParseYaml(GetParam().text)), HasSubstr(GetParam().drawn));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadYamlTest,
    ::testing::Values(GoodCase{"half", "a: [1\n", "not YAML"},
                      GoodCase{"two_documents", "a: 1\n---\nb: 2\n", "expected one document only"},
                      GoodCase{"aliases", "a: &x [1]\nb: *x\n", "expected no aliases, at line 2"},
                      GoodCase{"list_as_key", "? [1]\n: 2\n", "expected a string as the key"},
                      GoodCase{"not_utf8", "a: \xFF\n", "expected UTF-8"},
                      GoodCase{"deep", std::string(100, '['), "not YAML"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace enos::flow::cli
