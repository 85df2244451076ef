#include "server/json/strict_json.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

struct BadCase {
  const char* name;
  std::string text;
  std::string error;
};

void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }

// Nothing of the text is repeated: it may be a key, in the wrong place.
const BadCase kBadRows[] = {
    {"empty", "", "line 1, column 1: the text ends too early"},
    {"cut_off", "{\"a\": [\n1,", "line 2, column 3: the text ends too early"},
    {"not_json", "{\n  \"a\": tru\n}", "line 2, column 10: invalid token"},
    {"a_key", "hunter2", "line 1, column 6: invalid token"},
    {"rest_after_the_value", "{} {}", "line 1, column 4: end of file expected"},
    {"comment", "{} // all", "line 1, column 4: end of file expected"},
    {"comma_too_many", "{\"a\": [1,]}", "line 1, column 10: unexpected token"},
    {"member_twice", R"({"a": {"b": [0, {"c": 1, "c": 2}]}})",
     "line 1, column 28: duplicate object key"},
    {"member_twice_by_escape", R"({"a": 1, "\u0061": 2})",
     "line 1, column 17: duplicate object key"},
    {"nul", std::string("{}\0{}", 5), "line 1, column 3: end of file expected"},
    {"nul_in_a_string", std::string("[\"a\0b\"]", 7), "line 1, column 3: control character 0x1"},
    {"nul_behind_a_number", std::string("[1\0]", 4), "line 1, column 3: ']' expected"},
    {"nul_in_a_name", R"({"a\u0000": 1})",
     "line 1, column 10: NUL byte in object key not supported"},
    {"not_utf8", "{\"a\": \"\xFF\"}", "line 1, column 8: unable to decode byte 0xff"},
    {"unpaired_surrogate", R"({"a": ["\udc00"]})",
     R"(line 1, column 15: invalid Unicode '\uDC00')"},
    {"too_large_a_number", "[1e400]", "line 1, column 6: real number overflow"},
    {"too_deep", std::string(17, '[') + std::string(17, ']'),
     "line 1, column 17: nested too deep, expected at most 16 levels"},
    {"too_deep_after_a_string", R"({"]": "\"]", "a": )" + std::string(17, '['),
     "line 1, column 34: nested too deep, expected at most 16 levels"},
    {"far_too_deep", std::string(1000000, '['),
     "line 1, column 17: nested too deep, expected at most 16 levels"},
    {"wrong_before_it_is_deep", "]" + std::string(1000000, '['),
     "line 1, column 1: unexpected token"},
};

class StrictJsonRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(StrictJsonRefuses, WithThePlace) {
  const auto parsed = ParseStrictJson(GetParam().text, JsonIntegers::kExact);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(std::string(parsed.status().message()), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(Rows, StrictJsonRefuses, testing::ValuesIn(kBadRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(StrictJson, ValidText_IsRead) {
  const auto parsed = ParseStrictJson("\xEF\xBB\xBF{\"a\": [7, \"]]}\\\"[[\\u0000\", {}, 1.5]}\n",
                                      JsonIntegers::kExact);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const json_t* items = json_object_get(parsed->get(), "a");
  ASSERT_EQ(json_array_size(items), 4U);
  EXPECT_EQ(json_integer_value(json_array_get(items, 0)), 7);
  EXPECT_EQ(JsonText(json_array_get(items, 1)), std::string_view("]]}\"[[\0", 7));
  EXPECT_TRUE(JsonIs(JSON_OBJECT, json_array_get(items, 2)));
  EXPECT_EQ(json_real_value(json_array_get(items, 3)), 1.5);
}

TEST(StrictJson, IntegersAsReals_MayBeOfAnySize) {
  const auto parsed = ParseStrictJson("[1, 18446744073709551616]", JsonIntegers::kAsReals);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(json_real_value(json_array_get(parsed->get(), 0)), 1);
  EXPECT_EQ(json_real_value(json_array_get(parsed->get(), 1)), 18446744073709551616.0);
}

TEST(StrictJson, DeepestAllowed_IsRead) {
  EXPECT_TRUE(
      ParseStrictJson(std::string(16, '[') + std::string(16, ']'), JsonIntegers::kExact).ok());
}

TEST(StrictJson, NoBytesAtAll_AreAnEmptyText) {
  EXPECT_EQ(std::string(ParseStrictJson({}, JsonIntegers::kExact).status().message()),
            "line 1, column 1: the text ends too early");
}

TEST(JsonText, OfWhatIsNoString_IsNothing) {
  const auto parsed = ParseStrictJson("1", JsonIntegers::kExact);
  EXPECT_EQ(JsonText(parsed->get()), std::nullopt);
  EXPECT_EQ(JsonText(nullptr), std::nullopt);
}

TEST(ShownText, ControlCharactersAndLength_AreTamed) {
  EXPECT_EQ(ShownText("a\nb\xC3\xA4"), "\"a?b??\"");
  EXPECT_EQ(ShownText(std::string(81, 'x')), "\"" + std::string(80, 'x') + "...\"");
}

}  // namespace
}  // namespace enos::gateway
