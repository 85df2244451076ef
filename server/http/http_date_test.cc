#include "server/http/http_date.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr int64_t kNow = 1'700'000'000;  // 2023-11-14T22:13:20Z

struct DateCase {
  std::string text;
  std::optional<int64_t> unix_time;
  int64_t now = kNow;
};

void PrintTo(const DateCase& c, std::ostream* out) { *out << '"' << c.text << '"'; }

class ParseHttpDateTest : public testing::TestWithParam<DateCase> {};

TEST_P(ParseHttpDateTest, GivesUnixTime) {
  EXPECT_EQ(ParseHttpDate(GetParam().text, system_clock::time_point(seconds(GetParam().now))),
            GetParam().unix_time);
}

// The numbers are those of date --date=... +%s.
INSTANTIATE_TEST_SUITE_P(Dates, ParseHttpDateTest,
                         testing::Values(DateCase{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
                                         DateCase{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
                                         DateCase{"Sun Nov  6 08:49:37 1994", 784111777},
                                         DateCase{"Wed Nov 16 08:49:37 1994", 784975777},
                                         DateCase{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
                                         DateCase{"Wed, 31 Dec 1969 23:59:59 GMT", -1},
                                         DateCase{"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
                                         DateCase{"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
                                         DateCase{"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
                                         DateCase{"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
                                         DateCase{"Sat, 01 Jan 0000 00:00:00 GMT", -62167219200},
                                         DateCase{"Mon, 01 Jan 0001 00:00:00 GMT", -62135596800},
                                         // The name of the day is not compared.
                                         DateCase{"Mon, 06 Nov 1994 08:49:37 GMT", 784111777}));

// Two-digit years: at most 50 years after now's year.
INSTANTIATE_TEST_SUITE_P(
    TwoDigitYears, ParseHttpDateTest,
    testing::Values(DateCase{"Sunday, 01-Jan-23 00:00:00 GMT", 1672531200},
                    DateCase{"Sunday, 01-Jan-73 00:00:00 GMT", 3250454400},
                    DateCase{"Tuesday, 01-Jan-74 00:00:00 GMT", 126230400},
                    DateCase{"Friday, 01-Jan-99 00:00:00 GMT", 915148800},
                    DateCase{"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
                    // Seen from 1999-12-31T23:59:59Z
                    DateCase{"Saturday, 01-Jan-00 00:00:00 GMT", 946684800, 946684799},
                    DateCase{"Saturday, 01-Jan-49 00:00:00 GMT", 2493072000, 946684799},
                    DateCase{"Saturday, 01-Jan-50 00:00:00 GMT", -631152000, 946684799},
                    // Seen from 2000-01-01T00:00:00Z
                    DateCase{"Saturday, 01-Jan-50 00:00:00 GMT", 2524608000, 946684800}));

INSTANTIATE_TEST_SUITE_P(
    Nonsense, ParseHttpDateTest,
    testing::Values(DateCase{"", std::nullopt}, DateCase{"soon", std::nullopt},
                    DateCase{"1994-11-06T08:49:37Z", std::nullopt},
                    DateCase{"784111777", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 08:49:37", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 08:49:37 UTC", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 08:49:37 +0000", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 08:49:37 GMT ", std::nullopt},
                    DateCase{" Sun, 06 Nov 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 6 Nov 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 06 nov 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"sun, 06 Nov 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Son, 06 Nov 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 06 November 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov 94 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov 19940 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 00 Nov 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 31 Nov 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 29 Feb 2023 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 29 Feb 1900 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 24:00:00 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 08:60:37 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 08:49:61 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994  8:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov -994 08:49:37 GMT", std::nullopt},
                    DateCase{std::string("Sun, 06 Nov 1994 08:49:37 GMT\0", 30), std::nullopt},
                    DateCase{"Sun, 06-Nov-94 08:49:37 GMT", std::nullopt},
                    DateCase{"Sunday, 06-Nov-1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun Nov 6 08:49:37 1994", std::nullopt},
                    DateCase{"Sun Nov  0 08:49:37 1994", std::nullopt},
                    DateCase{"Sun Nov  6 08:49:37 1994 GMT", std::nullopt}));

// Every day from the year 0 to 9999 follows its predecessor by 86,400 seconds.
TEST(ParseHttpDateCalendar, HasNoGap) {
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const system_clock::time_point now{};
  int64_t expected = -62'167'219'200;
  for (int year = 0; year <= 9999; ++year) {
    int days = 0;
    for (const char* month : kMonths) {
      for (int day = 1; day <= 31; ++day) {
        std::array<char, 64> text{};
        std::snprintf(text.data(), text.size(), "Mon, %02d %s %04d 00:00:00 GMT", day, month, year);
        const auto parsed = ParseHttpDate(text.data(), now);
        if (!parsed.has_value()) continue;
        ASSERT_EQ(*parsed, expected) << text.data();
        expected += 86'400;
        ++days;
      }
    }
    ASSERT_TRUE(days == 365 || days == 366) << year;
  }
}

}  // namespace
}  // namespace enos::gateway
