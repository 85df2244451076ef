#include "sandbox/enos/json_value.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

using Kind = JsonValue::Kind;

TEST(ParseJson, EveryKindIsKept) {
  const auto value = ParseJson(
      R"({"n":null,"b":true,"i":-9223372036854775808,"f":1.0,"u":18446744073709551615,"s":"a\u0000b","l":[1,[2]],"o":{"x":3}})");
  ASSERT_TRUE(value.has_value());
  ASSERT_TRUE(value->Is(Kind::kObject));
  EXPECT_TRUE(value->Find("n")->Is(Kind::kNull));
  EXPECT_TRUE(value->Find("b")->flag);
  EXPECT_EQ(value->Find("i")->integer, INT64_MIN);
  EXPECT_TRUE(value->Find("f")->Is(Kind::kOtherNumber));
  EXPECT_TRUE(value->Find("u")->Is(Kind::kOtherNumber));
  EXPECT_EQ(value->Find("s")->text, std::string("a\0b", 3));
  ASSERT_EQ(value->Find("l")->items.size(), 2U);
  EXPECT_EQ(value->Find("l")->items[1].items.at(0).integer, 2);
  EXPECT_EQ(value->Find("o")->Find("x")->integer, 3);
  EXPECT_EQ(value->Find("none"), nullptr);
}

TEST(ParseJson, FirstOfEqualNamesCounts) {
  EXPECT_EQ(ParseJson(R"({"a":1,"a":2})")->Find("a")->integer, 1);
}

std::string Nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseJson, DepthIsBounded) {
  EXPECT_TRUE(ParseJson(Nested(kMaxJsonDepth)).has_value());
  EXPECT_FALSE(ParseJson(Nested(kMaxJsonDepth + 1)).has_value());
  EXPECT_FALSE(ParseJson(std::string(1'000'000, '[')).has_value());
}

class NoJsonTest : public testing::TestWithParam<std::string> {};

TEST_P(NoJsonTest, IsRefused) { EXPECT_FALSE(ParseJson(GetParam()).has_value()); }

INSTANTIATE_TEST_SUITE_P(All, NoJsonTest,
                         testing::Values("", "{", "{}x", "{'a':1}", "[1,]", "nul", "\"\xff\"", "01",
                                         "\"open", R"("\ud800")"));

}  // namespace
}  // namespace enos::sandbox
