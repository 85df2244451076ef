#include "server/http/retry_after.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

// Sun, 06 Nov 1994 08:49:37.250 GMT
const system_clock::time_point kNow{milliseconds(784'111'777'250)};

struct WaitCase {
  std::string value;
  std::optional<milliseconds> wait;
};

void PrintTo(const WaitCase& c, std::ostream* out) { *out << '"' << c.value << '"'; }

class ParseRetryAfterTest : public testing::TestWithParam<WaitCase> {};

TEST_P(ParseRetryAfterTest, GivesTheWait) {
  EXPECT_EQ(ParseRetryAfter(GetParam().value, kNow), GetParam().wait);
}

constexpr milliseconds kDay = std::chrono::hours(24);

INSTANTIATE_TEST_SUITE_P(Seconds, ParseRetryAfterTest,
                         testing::Values(WaitCase{"0", seconds(0)}, WaitCase{"1", seconds(1)},
                                         WaitCase{"120", seconds(120)}, WaitCase{"007", seconds(7)},
                                         WaitCase{" 5\t", seconds(5)}, WaitCase{"86400", kDay},
                                         WaitCase{"86401", kDay},
                                         WaitCase{"99999999999999999999999999", kDay},
                                         WaitCase{std::string(100'000, '9'), kDay}));

INSTANTIATE_TEST_SUITE_P(
    Dates, ParseRetryAfterTest,
    testing::Values(WaitCase{"Sun, 06 Nov 1994 08:49:38 GMT", milliseconds(750)},
                    WaitCase{"Sunday, 06-Nov-94 08:49:47 GMT", milliseconds(9750)},
                    WaitCase{"Sun Nov  6 08:50:37 1994", milliseconds(59'750)},
                    WaitCase{" Sun, 06 Nov 1994 08:49:38 GMT ", milliseconds(750)},
                    WaitCase{"Sun, 06 Nov 1994 08:49:37 GMT", seconds(0)},
                    WaitCase{"Thu, 01 Jan 1970 00:00:00 GMT", seconds(0)},
                    WaitCase{"Mon, 07 Nov 1994 08:49:37 GMT", kDay - milliseconds(250)},
                    WaitCase{"Mon, 07 Nov 1994 08:49:38 GMT", kDay},
                    WaitCase{"Fri, 31 Dec 9999 23:59:59 GMT", kDay}));

INSTANTIATE_TEST_SUITE_P(
    Nonsense, ParseRetryAfterTest,
    testing::Values(WaitCase{"", std::nullopt}, WaitCase{" \t ", std::nullopt},
                    WaitCase{"-1", std::nullopt}, WaitCase{"+1", std::nullopt},
                    WaitCase{"1.5", std::nullopt}, WaitCase{"1e3", std::nullopt},
                    WaitCase{"0x10", std::nullopt}, WaitCase{"1 2", std::nullopt},
                    WaitCase{"1,2", std::nullopt}, WaitCase{"5s", std::nullopt},
                    WaitCase{"5\r\n", std::nullopt}, WaitCase{std::string("5\0", 2), std::nullopt},
                    WaitCase{"soon", std::nullopt},
                    WaitCase{"Sun, 32 Nov 1994 08:49:37 GMT", std::nullopt}));

}  // namespace
}  // namespace enos::gateway
