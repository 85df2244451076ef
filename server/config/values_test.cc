#include "server/config/values.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

struct DurationCase {
  const char* name;
  std::string text;
  std::optional<milliseconds> duration;
};

class DurationTable : public testing::TestWithParam<DurationCase> {};

TEST_P(DurationTable, BetweenOneMillisecondAndAnHour_IsReadOrRefused) {
  EXPECT_EQ(ParseDurationBetween(GetParam().text, milliseconds(1), std::chrono::hours(1)),
            GetParam().duration);
}

INSTANTIATE_TEST_SUITE_P(
    All, DurationTable,
    testing::Values(DurationCase{"Seconds", "30s", milliseconds(30000)},
                    DurationCase{"Milliseconds", "500ms", milliseconds(500)},
                    DurationCase{"Mixed", "1m30s", milliseconds(90000)},
                    DurationCase{"Fraction", "1.5s", milliseconds(1500)},
                    DurationCase{"Least", "1ms", milliseconds(1)},
                    DurationCase{"Most", "1h", milliseconds(3600000)},
                    DurationCase{"TooShort", "0s", std::nullopt},
                    DurationCase{"TooLong", "1h1ms", std::nullopt},
                    DurationCase{"FinerThanMilliseconds", "1.5ms", std::nullopt},
                    DurationCase{"Nanosecond", "1ns", std::nullopt},
                    DurationCase{"Negative", "-5s", std::nullopt},
                    DurationCase{"Infinite", "inf", std::nullopt},
                    DurationCase{"NoUnit", "30", std::nullopt},
                    DurationCase{"UnknownUnit", "30d", std::nullopt},
                    DurationCase{"Space", "30 s", std::nullopt},
                    DurationCase{"SpaceBefore", " 30s", std::nullopt},
                    DurationCase{"SpaceAfter", "30s ", std::nullopt},
                    DurationCase{"Empty", "", std::nullopt},
                    DurationCase{"Huge", "99999999999999999999h", std::nullopt},
                    DurationCase{"Nul", std::string("30s\0", 4), std::nullopt},
                    DurationCase{"Word", "soon", std::nullopt}),
    [](const auto& param) { return param.param.name; });

TEST(Duration, ZeroWhereAllowed_IsRead) {
  EXPECT_EQ(ParseDurationBetween("0", milliseconds(0), milliseconds(1)), milliseconds(0));
  EXPECT_EQ(ParseDurationBetween("0s", milliseconds(0), milliseconds(1)), milliseconds(0));
}

struct IntegerCase {
  const char* name;
  std::string text;
  std::optional<int64_t> number;
};

class IntegerTable : public testing::TestWithParam<IntegerCase> {};

TEST_P(IntegerTable, BetweenOneAndAThousand_IsReadOrRefused) {
  EXPECT_EQ(ParseIntegerBetween(GetParam().text, 1, 1000), GetParam().number);
}

INSTANTIATE_TEST_SUITE_P(
    All, IntegerTable,
    testing::Values(
        IntegerCase{"Least", "1", 1}, IntegerCase{"Most", "1000", 1000},
        IntegerCase{"LeadingZeros", "0010", 10}, IntegerCase{"TooSmall", "0", std::nullopt},
        IntegerCase{"TooLarge", "1001", std::nullopt},
        IntegerCase{"Overflow", "99999999999999999999", std::nullopt},
        IntegerCase{"Sign", "+5", std::nullopt}, IntegerCase{"Negative", "-5", std::nullopt},
        IntegerCase{"Fraction", "5.0", std::nullopt}, IntegerCase{"Exponent", "1e2", std::nullopt},
        IntegerCase{"Hexadecimal", "0x10", std::nullopt}, IntegerCase{"Space", " 5", std::nullopt},
        IntegerCase{"Unit", "10k", std::nullopt}, IntegerCase{"Empty", "", std::nullopt}),
    [](const auto& param) { return param.param.name; });

TEST(Switch, OnlyTrueAndFalse_AreRead) {
  EXPECT_EQ(ParseSwitch("true"), true);
  EXPECT_EQ(ParseSwitch("false"), false);
  for (const char* text : {"", "1", "0", "yes", "TRUE", "true "})
    EXPECT_EQ(ParseSwitch(text), std::nullopt) << text;
}

TEST(KeyText, PrintableAsciiWithoutSpaces_IsAKey) {
  EXPECT_TRUE(IsKeyText("!"));
  EXPECT_TRUE(IsKeyText("ab\"c\\d~"));
  EXPECT_TRUE(IsKeyText(std::string(kMaxKeyBytes, 'k')));
  for (const std::string text : {"", "a b", "a\n", "\ta", "größe", "\x7f"})
    EXPECT_FALSE(IsKeyText(text)) << text;
  EXPECT_FALSE(IsKeyText(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsKeyText(std::string(kMaxKeyBytes + 1, 'k')));
}

}  // namespace
}  // namespace enos::gateway
