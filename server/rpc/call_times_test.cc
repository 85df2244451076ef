#include "server/rpc/call_times.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace enos::gateway {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr SteadyTime kNow{hours(100)};
constexpr seconds kUpstreamTimeout(30);

struct Row {
  const char* name;
  std::optional<Duration> time_left;
  std::optional<Duration> answer_in;  // nullopt: nothing is left
};

const Row kRows[] = {
    {"NoDeadline", std::nullopt, kUpstreamTimeout},
    {"LongPast", -hours(1), std::nullopt},
    {"Now", seconds(0), std::nullopt},
    {"Tiny", nanoseconds(1), std::nullopt},
    {"AsMuchAsTheMargin", milliseconds(20), std::nullopt},
    {"JustMoreThanTheMargin", milliseconds(20) + nanoseconds(1), nanoseconds(1)},
    {"LeastMargin", milliseconds(100), milliseconds(80)},
    {"LeastMarginIsFivePercent", milliseconds(400), milliseconds(380)},
    {"FivePercent", seconds(1), milliseconds(950)},
    {"FivePercentOfMore", seconds(3), milliseconds(2850)},
    {"MostMarginIsFivePercent", seconds(4), milliseconds(3800)},
    {"MostMargin", seconds(10), milliseconds(9800)},
    {"JustBelowTheUpstreamTimeout", seconds(30), milliseconds(29800)},
    {"UpstreamTimeoutAndMargin", milliseconds(30200), kUpstreamTimeout},
    {"MoreThanTheUpstreamTimeout", seconds(60), kUpstreamTimeout},
    {"Years", hours(24 * 365 * 90), kUpstreamTimeout},
    {"Farthest", Duration::max(), kUpstreamTimeout},
    {"LongestPast", Duration::min(), std::nullopt},
};

class TimesOfCallTest : public ::testing::TestWithParam<Row> {};

TEST_P(TimesOfCallTest, TimeLeft_LessTheMarginAndAtMostTheUpstreamTimeout) {
  const auto times = TimesOfCall(kNow, GetParam().time_left, kUpstreamTimeout);
  ASSERT_EQ(times.has_value(), GetParam().answer_in.has_value());
  if (!times) return;
  EXPECT_EQ((times->answer_by - kNow).count(), GetParam().answer_in->count());
  EXPECT_EQ(times->end_by, kNow + kUpstreamTimeout);
}

INSTANTIATE_TEST_SUITE_P(All, TimesOfCallTest, ::testing::ValuesIn(kRows),
                         [](const auto& test) { return test.param.name; });

gpr_timespec InSeconds(gpr_clock_type clock, int64_t offset) {
  return gpr_time_add(gpr_now(clock), gpr_time_from_seconds(offset, GPR_TIMESPAN));
}

class TimeLeftTest : public ::testing::TestWithParam<gpr_clock_type> {};

TEST_P(TimeLeftTest, InfiniteFuture_IsNone) {
  EXPECT_EQ(TimeLeft(gpr_inf_future(GetParam())), std::nullopt);
}

TEST_P(TimeLeftTest, InfinitePast_IsNothing) {
  EXPECT_EQ(TimeLeft(gpr_inf_past(GetParam())), Duration::zero());
}

TEST_P(TimeLeftTest, Past_IsNothing) {
  EXPECT_EQ(TimeLeft(InSeconds(GetParam(), -1)), Duration::zero());
}

TEST_P(TimeLeftTest, Future_IsWhatIsLeft) {
  const auto left = TimeLeft(InSeconds(GetParam(), 3600));
  ASSERT_TRUE(left);
  EXPECT_LE(*left, hours(1));
  EXPECT_GT(*left, hours(0));
}

TEST_P(TimeLeftTest, AbsurdlyFar_IsBounded) {
  gpr_timespec far = gpr_inf_future(GetParam());
  far.tv_sec -= 1;  // not quite infinite
  far.tv_nsec = 999'999'999;
  const auto left = TimeLeft(far);
  ASSERT_TRUE(left);
  EXPECT_GT(*left, hours(24 * 365 * 99));
  EXPECT_LE(*left, hours(24 * 365 * 101));
}

INSTANTIATE_TEST_SUITE_P(Clocks, TimeLeftTest,
                         ::testing::Values(GPR_CLOCK_MONOTONIC, GPR_CLOCK_REALTIME));

}  // namespace
}  // namespace enos::gateway
