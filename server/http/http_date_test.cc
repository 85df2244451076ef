#include "server/http/http_date.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

struct DateCase {
  std::string text;
  std::optional<int64_t> unix_time;
};

void PrintTo(const DateCase& c, std::ostream* out) { *out << '"' << c.text << '"'; }

class ParseHttpDateTest : public testing::TestWithParam<DateCase> {};

TEST_P(ParseHttpDateTest, GivesUnixTime) {
  EXPECT_EQ(ParseHttpDate(GetParam().text), GetParam().unix_time);
}

// The numbers are those of date --date=... +%s.
INSTANTIATE_TEST_SUITE_P(Dates, ParseHttpDateTest,
                         testing::Values(DateCase{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
                                         DateCase{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
                                         DateCase{"Sun Nov  6 08:49:37 1994", 784111777},
                                         DateCase{"Wed Nov 16 08:49:37 1994", 784975777},
                                         DateCase{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
                                         DateCase{"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
                                         DateCase{"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
                                         DateCase{"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
                                         DateCase{"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799}));

INSTANTIATE_TEST_SUITE_P(
    Nonsense, ParseHttpDateTest,
    testing::Values(DateCase{"", std::nullopt}, DateCase{"soon", std::nullopt},
                    DateCase{":", std::nullopt}, DateCase{"784111777", std::nullopt},
                    DateCase{"19941106", std::nullopt}, DateCase{"08:49:37", std::nullopt},
                    DateCase{"Sun, 32 Nov 1994 08:49:37 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 25:00:00 GMT", std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 08:61:37 GMT", std::nullopt},
                    DateCase{"Sat, 01 Jan 10000 00:00:00 GMT", std::nullopt},
                    DateCase{"Sun Nov  6 08:49:37 1991241994", std::nullopt},
                    DateCase{"Son, 06 Now 1994 08:49:37 GMT", std::nullopt},
                    DateCase{std::string("Sun, 06 Nov 1994 08:49:37 GMT\0", 30), std::nullopt},
                    DateCase{"Sun, 06 Nov 1994 08:49:37 GMT" + std::string(64, ' '),
                             std::nullopt}));

}  // namespace
}  // namespace enos::gateway
