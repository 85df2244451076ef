#include "server/json/strict_json.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

struct BadCase {
  const char* name;
  std::string text;
  std::string error;  // what it begins with
};

void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }

const BadCase kBadRows[] = {
    {"empty", "", "line 1, column 1: The document is empty."},
    {"not_json", "{\n  \"a\": tru\n}", "line 2, column "},
    {"rest_after_the_value", "{} {}", "line 1, column 4: "},
    {"comment", "{} // all", "line 1, column 4: "},
    {"comma_too_many", "{\"a\": [1,]}", "line 1, column "},
    {"member_twice", R"({"a": {"b": [0, {"c": 1, "c": 2}]}})",
     R"(line 1, column 29: member "c" is there twice, expected it once)"},
    {"member_twice_by_escape", R"({"a": 1, "\u0061": 2})",
     R"(line 1, column 18: member "a" is there twice)"},
    {"nul", std::string("{}\0{}", 5), "line 1, column 3: a NUL byte"},
    {"not_utf8", "{\"a\": \"\xFF\"}", "line 1, column "},
    {"unpaired_surrogate", R"({"a": ["\udc00"]})",
     "line 1, column 16: a string that is not valid UTF-8"},
    {"too_deep", std::string(17, '[') + std::string(17, ']'), "line 1, column 17: nested too deep"},
    {"far_too_deep", std::string(1000000, '['), "line 1, column 17: nested too deep"},
};

class StrictJsonRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(StrictJsonRefuses, WithThePlace) {
  const auto parsed = ParseStrictJson(GetParam().text);
  const auto* error = std::get_if<std::string>(&parsed);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->substr(0, GetParam().error.size()), GetParam().error) << *error;
}

INSTANTIATE_TEST_SUITE_P(Rows, StrictJsonRefuses, testing::ValuesIn(kBadRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(StrictJson, ValidText_IsRead) {
  const auto parsed = ParseStrictJson("{\"a\": [1, \"]]}\\\"[[\", {\"a\": null}, 1.5]}\n");
  const auto* document = std::get_if<JsonValue>(&parsed);
  ASSERT_NE(document, nullptr);
  const JsonValue* member = document->Find("a");
  ASSERT_NE(member, nullptr);
  ASSERT_NE(member->items(), nullptr);
  ASSERT_EQ(member->items()->size(), 4U);
  EXPECT_EQ(*member->items()->at(0).integer(), 1);
  EXPECT_EQ(*member->items()->at(1).string(), "]]}\"[[");
  EXPECT_NE(member->items()->at(2).Find("a"), nullptr);
  EXPECT_EQ(std::get<double>(member->items()->at(3).value), 1.5);
  EXPECT_EQ(document->Find("b"), nullptr);
}

TEST(StrictJson, DeepestAllowed_IsRead) {
  const auto parsed = ParseStrictJson(std::string(16, '[') + std::string(16, ']'));
  EXPECT_TRUE(std::holds_alternative<JsonValue>(parsed));
}

TEST(ShownText, ControlCharactersAndLength_AreTamed) {
  EXPECT_EQ(ShownText("a\nb\xC3\xA4"), "\"a?b??\"");
  EXPECT_EQ(ShownText(std::string(81, 'x')), "\"" + std::string(80, 'x') + "...\"");
}

}  // namespace
}  // namespace enos::gateway
