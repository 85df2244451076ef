#include "trigger_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace enos::flow::cli {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);

struct GoodCase {
  const char* text;
  int64_t unix_nanos;
};

class TriggerTimeTest : public ::testing::TestWithParam<GoodCase> {};

TEST_P(TriggerTimeTest, KnownForm_ThatTime) {
  const auto time = ParseTriggerTime(GetParam().text, kNow);
  ASSERT_TRUE(time.ok()) << time.status();
  EXPECT_EQ(absl::ToUnixNanos(*time), GetParam().unix_nanos);
}

constexpr int64_t kNowNanos = 1'700'000'000'123'000'000;
constexpr int64_t kSecond = 1'000'000'000;

INSTANTIATE_TEST_SUITE_P(
    Rows, TriggerTimeTest,
    ::testing::Values(GoodCase{"now", kNowNanos}, GoodCase{"now+60s", kNowNanos + 60 * kSecond},
                      GoodCase{"now-1h30m", kNowNanos - 5400 * kSecond},
                      GoodCase{"now+250ms", kNowNanos + kSecond / 4},
                      GoodCase{"now+1.5s", kNowNanos + 3 * kSecond / 2},
                      GoodCase{"now+.5s", kNowNanos + kSecond / 2}, GoodCase{"now+0", kNowNanos},
                      GoodCase{"now-0s", kNowNanos}, GoodCase{"0", 0}, GoodCase{"1", 1'000'000},
                      GoodCase{"999999999", 999'999'999'000'000},
                      GoodCase{"1574385824000", 1'574'385'824 * kSecond},
                      GoodCase{"0001574385824000", 1'574'385'824 * kSecond},
                      GoodCase{"1970-01-01T00:00:00Z", 0},
                      GoodCase{"2019-11-22T01:23:44Z", 1'574'385'824 * kSecond},
                      GoodCase{"2019-11-22T09:23:44+08:00", 1'574'385'824 * kSecond},
                      GoodCase{"2019-11-21T20:53:44-04:30", 1'574'385'824 * kSecond},
                      GoodCase{"2019-11-22T01:23:44.000000001Z", 1'574'385'824 * kSecond + 1},
                      GoodCase{"2019-11-22t01:23:44z", 1'574'385'824 * kSecond},
                      GoodCase{"1970-01-01T01:00:00+01:00", 0}));

class TriggerTimeRefusedTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TriggerTimeRefusedTest, AnythingElse_SaysWhatIsExpected) {
  const auto time = ParseTriggerTime(GetParam(), kNow);
  ASSERT_FALSE(time.ok()) << *time;
  EXPECT_THAT(std::string(time.status().message()), HasSubstr("expected"));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TriggerTimeRefusedTest,
    ::testing::Values("", " ", "now ", " now", "NOW", "nowish", "now+", "now-", "now+5", "now++5s",
                      "now+-5s", "now+ 5s", "now+inf", "now-inf", "now+5d", "now5s", "now-100000h*",
                      "now-1000000h",                       // before 1970
                      "now+90000000h",                      // after 9999
                      "now+9999999999999999999999999999h",  // overflows
                      "-1", "+1", "1.5", "1e9", "0x10", "253402300800000", "99999999999999999999",
                      "2019-11-22", "2019-11-22T01:23:44", "2019-11-22 01:23:44Z",
                      "2019-11-22T01:23Z", "2019-11-22T25:00:00Z", "2019-02-30T00:00:00Z",
                      "2019-13-01T00:00:00Z", " 2019-11-22T01:23:44Z", "2019-11-22T01:23:44Z ",
                      "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00", "10000-01-01T00:00:00Z",
                      "-1970-01-01T00:00:00Z", "infinite-future", "infinite-past", "tomorrow",
                      "\xFF\xFE"));

TEST(TriggerTimeLimitsTest, LastMomentOfTheYear9999_Taken) {
  EXPECT_TRUE(ParseTriggerTime("253402300799999", kNow).ok());
  EXPECT_TRUE(ParseTriggerTime("9999-12-31T23:59:59.999999999Z", kNow).ok());
}

class TriggerTimeSecondsTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TriggerTimeSecondsTest, TenDigits_RefusedAsSeconds) {
  const auto time = ParseTriggerTime(GetParam(), kNow);
  ASSERT_FALSE(time.ok());
  EXPECT_EQ(std::string(time.status().message()),
            "this looks like seconds; expected Unix milliseconds, for example " +
                std::string(GetParam()) + "000");
}

INSTANTIATE_TEST_SUITE_P(Rows, TriggerTimeSecondsTest,
                         ::testing::Values("1000000000", "1574385824", "9999999999"));

TEST(TriggerTimeSecondsTest, ElevenDigits_Milliseconds) {
  EXPECT_TRUE(ParseTriggerTime("10000000000", kNow).ok());
}

TEST(TriggerTimeTest, ZeroByteInside_Refused) {
  EXPECT_FALSE(ParseTriggerTime(absl::string_view("now\0+5s", 7), kNow).ok());
  EXPECT_FALSE(ParseTriggerTime(absl::string_view("15\0", 3), kNow).ok());
}

}  // namespace
}  // namespace enos::flow::cli
