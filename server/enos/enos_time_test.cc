#include "server/enos/enos_time.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace enos::gateway {
namespace {

using namespace std::string_literals;

struct ZoneCase {
  std::string text;
  std::optional<int> seconds;  // east of Greenwich; nothing: it is no zone
};

void PrintTo(const ZoneCase& c, std::ostream* out) { *out << c.text; }

class EnosZone : public testing::TestWithParam<ZoneCase> {};

TEST_P(EnosZone, IsItsOffset) {
  const auto zone = ParseEnosZone(GetParam().text);
  ASSERT_EQ(zone.has_value(), GetParam().seconds.has_value());
  if (zone) {
    EXPECT_EQ(zone->At(absl::UnixEpoch()).offset, *GetParam().seconds);
  }
}

constexpr int kHour = 3600;

INSTANTIATE_TEST_SUITE_P(
    Written, EnosZone,
    testing::Values(ZoneCase{"GMT", 0}, ZoneCase{"UTC", 0}, ZoneCase{"UT", 0}, ZoneCase{"Z", 0},
                    ZoneCase{"GMT+8", 8 * kHour}, ZoneCase{"GMT-8", -8 * kHour},
                    ZoneCase{"GMT+08", 8 * kHour}, ZoneCase{"GMT+0800", 8 * kHour},
                    ZoneCase{"GMT+08:00", 8 * kHour}, ZoneCase{"UTC+8:00", 8 * kHour},
                    ZoneCase{"GMT-03:30", -(3 * kHour + 1800)},
                    ZoneCase{"GMT+545", 5 * kHour + 45 * 60}, ZoneCase{"+08:00", 8 * kHour},
                    ZoneCase{"-5", -5 * kHour}, ZoneCase{"UTC-0", 0},
                    ZoneCase{"GMT+18", 18 * kHour}, ZoneCase{"GMT-18:00", -18 * kHour}));

INSTANTIATE_TEST_SUITE_P(
    Nonsense, EnosZone,
    testing::Values(ZoneCase{"", {}}, ZoneCase{" ", {}}, ZoneCase{"GMT+", {}},
                    ZoneCase{"GMT+19", {}}, ZoneCase{"GMT+18:01", {}}, ZoneCase{"GMT+8:60", {}},
                    ZoneCase{"GMT+8:5", {}}, ZoneCase{"GMT+:30", {}}, ZoneCase{"GMT+08000", {}},
                    ZoneCase{"GMT+-8", {}}, ZoneCase{"GMT+8h", {}}, ZoneCase{"GMT +8", {}},
                    ZoneCase{"gmt+8", {}}, ZoneCase{"Nowhere/Else", {}},
                    ZoneCase{"/etc/localtime", {}}, ZoneCase{"../../../etc/localtime", {}},
                    ZoneCase{"Etc/../localtime", {}}, ZoneCase{"localtime", {}},
                    ZoneCase{"GMT+8\0"s, {}}, ZoneCase{"GMT\0+8"s, {}}, ZoneCase{"\xFF", {}},
                    ZoneCase{"亚洲/上海", {}}, ZoneCase{std::string(65, 'A'), {}},
                    ZoneCase{"GMT+" + std::string(1 << 20, '0'), {}}));

// Where the machine has no time zone database, names are not known.
TEST(EnosZoneNames, AreThoseOfTheTimeZoneDatabase) {
  absl::TimeZone shanghai;
  if (!absl::LoadTimeZone("Asia/Shanghai", &shanghai)) GTEST_SKIP() << "no time zone database";
  EXPECT_EQ(ParseEnosZone("Asia/Shanghai"), shanghai);
}

struct TimeCase {
  std::string text;
  std::string zone;
  std::optional<int64_t> unix_seconds;
};

void PrintTo(const TimeCase& c, std::ostream* out) { *out << c.text << " in " << c.zone; }

class EnosTime : public testing::TestWithParam<TimeCase> {};

TEST_P(EnosTime, IsReadInItsZone) {
  const auto zone = ParseEnosZone(GetParam().zone);
  ASSERT_TRUE(zone.has_value());
  const auto time = ParseEnosTime(GetParam().text, *zone);
  ASSERT_EQ(time.has_value(), GetParam().unix_seconds.has_value());
  if (time) {
    EXPECT_EQ(absl::ToUnixSeconds(*time), *GetParam().unix_seconds);
  }
}

constexpr char kUtc[] = "UTC";

INSTANTIATE_TEST_SUITE_P(Written, EnosTime,
                         testing::Values(TimeCase{"1970-01-01 00:00:00", kUtc, 0},
                                         TimeCase{"1970-01-01 08:00:00", "GMT+8", 0},
                                         TimeCase{"1970-01-01 00:00:00", "GMT+8", -28'800},
                                         TimeCase{"1969-12-31 20:30:00", "GMT-03:30", 0},
                                         TimeCase{"2019-11-22 09:23:44", "GMT+8", 1'574'385'824},
                                         TimeCase{"2024-02-29 23:59:59", kUtc, 1'709'251'199},
                                         TimeCase{"1000-01-01 00:00:00", kUtc, -30'610'224'000},
                                         TimeCase{"9999-12-31 23:59:59", kUtc, 253'402'300'799}));

INSTANTIATE_TEST_SUITE_P(
    Nonsense, EnosTime,
    testing::Values(
        TimeCase{"", kUtc, {}}, TimeCase{" ", kUtc, {}}, TimeCase{"2019-11-22", kUtc, {}},
        TimeCase{"2019-11-22T09:23:44", kUtc, {}}, TimeCase{"2019-11-22 09:23", kUtc, {}},
        TimeCase{"2019-11-22 09:23:44.5", kUtc, {}}, TimeCase{"2019-11-22 09:23:44Z", kUtc, {}},
        TimeCase{" 2019-11-22 09:23:44", kUtc, {}}, TimeCase{"2019-11-22  09:23:44", kUtc, {}},
        TimeCase{"2019-1-2 09:23:44", kUtc, {}}, TimeCase{"2019-02-29 00:00:00", kUtc, {}},
        TimeCase{"2019-13-01 00:00:00", kUtc, {}}, TimeCase{"2019-11-22 24:00:00", kUtc, {}},
        TimeCase{"2019-11-22 09:23:60", kUtc, {}}, TimeCase{"1574385824000", kUtc, {}},
        TimeCase{"10000-01-01 00:00:00", kUtc, {}}, TimeCase{"-2019-11-22 09:23:44", kUtc, {}},
        TimeCase{"0001-01-01 00:00:00", kUtc, {}}, TimeCase{"9999-12-31 23:59:59", "GMT-8", {}},
        TimeCase{"infinite-future", kUtc, {}}, TimeCase{"infinite-past", kUtc, {}},
        TimeCase{"2019-11-22 09:23:44\0"s, kUtc, {}}, TimeCase{"\xFF", kUtc, {}}));

TEST(EnosTimes, WhenClocksChange_AreOneOfTheTwo) {
  absl::TimeZone berlin;
  if (!absl::LoadTimeZone("Europe/Berlin", &berlin)) GTEST_SKIP() << "no time zone database";
  EXPECT_TRUE(ParseEnosTime("2024-03-31 02:30:00", berlin).has_value());
  EXPECT_TRUE(ParseEnosTime("2024-10-27 02:30:00", berlin).has_value());
}

struct LikelyCase {
  int32_t flow_id;
  int64_t trigger_time_ms;
  const char* id;
};

class LikelyId : public testing::TestWithParam<LikelyCase> {};

TEST_P(LikelyId, IsFlowAndMinute) {
  EXPECT_EQ(LikelyInstanceId(GetParam().flow_id, GetParam().trigger_time_ms), GetParam().id);
}

INSTANTIATE_TEST_SUITE_P(All, LikelyId,
                         testing::Values(LikelyCase{2791, 0, "2791-19700101000000"},
                                         LikelyCase{3377, 1'574'385'824'000, "3377-20191122012300"},
                                         LikelyCase{3377, 1'574'385'839'999, "3377-20191122012300"},
                                         LikelyCase{3377, 1'574'385'840'000, "3377-20191122012400"},
                                         LikelyCase{2147483647, 253'402'300'799'999,
                                                    "2147483647-99991231235900"}));

}  // namespace
}  // namespace enos::gateway
