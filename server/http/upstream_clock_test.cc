#include "server/http/upstream_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/testing/fake_scheduler.h"
#include "server/testing/log_capture.h"

namespace enos::gateway {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// FakeScheduler's clocks begin 123 ms after this: Tue, 14 Nov 2023 22:13:20 GMT.
constexpr int64_t kStartSeconds = 1'700'000'000;

// The Date header of an EnOS that is so far ahead of the start.
std::string DateAhead(seconds ahead) {
  const std::time_t time = kStartSeconds + ahead.count();
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  EXPECT_GT(std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts), 0U);
  return text;
}

class UpstreamClockTest : public ::testing::Test {
 protected:
  seconds Correction() const {
    return std::chrono::duration_cast<seconds>(clock_.Now() - scheduler_.WallNow());
  }

  FakeScheduler scheduler_;
  UpstreamClock clock_{scheduler_};
};

TEST_F(UpstreamClockTest, AtFirst_IsThisMachines) { EXPECT_EQ(clock_.Now(), scheduler_.WallNow()); }

struct Measured {
  const char* name;
  seconds ahead;
  seconds correction;
};

class UpstreamClockMeasures : public UpstreamClockTest,
                              public ::testing::WithParamInterface<Measured> {};

TEST_P(UpstreamClockMeasures, AtARefusal) {
  EXPECT_EQ(clock_.OnRefusal(DateAhead(GetParam().ahead)), GetParam().correction != seconds(0));
  EXPECT_EQ(Correction(), GetParam().correction);
}

TEST_P(UpstreamClockMeasures, AtAnAnswer_CorrectsNothing) {
  clock_.OnAnswer(DateAhead(GetParam().ahead));
  EXPECT_EQ(Correction(), seconds(0));
}

INSTANTIATE_TEST_SUITE_P(
    All, UpstreamClockMeasures,
    ::testing::Values(
        Measured{"Same", seconds(0), seconds(0)}, Measured{"SlightlyAhead", seconds(5), seconds(0)},
        Measured{"SlightlyBehind", seconds(-5), seconds(0)},
        Measured{"Ahead", seconds(6), seconds(6)}, Measured{"Behind", seconds(-6), seconds(-6)},
        Measured{"HourAhead", hours(1), hours(1)}, Measured{"HourBehind", hours(-1), hours(-1)},
        Measured{"DayAhead", hours(24), hours(24)}, Measured{"DayBehind", hours(-24), hours(-24)},
        Measured{"TooFarAhead", hours(24) + seconds(1), seconds(0)},
        Measured{"TooFarBehind", hours(-24) - seconds(1), seconds(0)},
        Measured{"YearsAhead", hours(24 * 365 * 50), seconds(0)}),
    [](const auto& test) { return test.param.name; });

// The fraction of our second does not matter: on average half of the second that EnOS names has
// passed.
TEST_F(UpstreamClockTest, MeasuresToTheNearestSecond) {
  scheduler_.StepWallClock(milliseconds(800));
  EXPECT_TRUE(clock_.OnRefusal(DateAhead(seconds(100))));
  EXPECT_EQ(Correction(), seconds(100));
  scheduler_.StepWallClock(milliseconds(100));
  EXPECT_FALSE(clock_.OnRefusal(DateAhead(seconds(100)))) << "99 s now, which is as good";
  EXPECT_EQ(Correction(), seconds(100));
}

class UpstreamClockGarbage : public UpstreamClockTest,
                             public ::testing::WithParamInterface<const char*> {};

TEST_P(UpstreamClockGarbage, IsIgnored) {
  ASSERT_TRUE(clock_.OnRefusal(DateAhead(hours(1))));
  EXPECT_FALSE(clock_.OnRefusal(GetParam()));
  clock_.OnAnswer(GetParam());
  EXPECT_EQ(Correction(), hours(1));
}

INSTANTIATE_TEST_SUITE_P(All, UpstreamClockGarbage,
                         ::testing::Values("", " ", "now", "0", "-1", "1700003600",
                                           "Thu, 01 Jan 1970 00:00:00 GMT",
                                           "Fri, 31 Dec 9999 23:59:59 GMT",
                                           "Sat, 01 Jan 0000 00:00:00 GMT",
                                           "Tue, 14 Nov 2023 25:13:20 GMT"));

TEST_F(UpstreamClockTest, SameDifferenceAgain_ChangesNothing) {
  ASSERT_TRUE(clock_.OnRefusal(DateAhead(hours(1))));
  for (const int noise : {-2, -1, 0, 1, 2}) {
    EXPECT_FALSE(clock_.OnRefusal(DateAhead(hours(1) + seconds(noise)))) << noise;
  }
  EXPECT_EQ(Correction(), hours(1));
}

TEST_F(UpstreamClockTest, AnotherDifference_IsTaken) {
  ASSERT_TRUE(clock_.OnRefusal(DateAhead(hours(1))));
  EXPECT_TRUE(clock_.OnRefusal(DateAhead(seconds(3597))));
  EXPECT_EQ(Correction(), seconds(3597));
  EXPECT_TRUE(clock_.OnRefusal(DateAhead(seconds(4)))) << "small, but far from what it was";
  EXPECT_EQ(Correction(), seconds(4));
}

TEST_F(UpstreamClockTest, AnswerThatStillDiffers_KeepsTheCorrection) {
  ASSERT_TRUE(clock_.OnRefusal(DateAhead(hours(1))));
  clock_.OnAnswer(DateAhead(hours(1)));
  clock_.OnAnswer(DateAhead(hours(-1)));
  EXPECT_EQ(Correction(), hours(1));
}

// Somebody has set the clock: measured against this machine's time, not the corrected one.
TEST_F(UpstreamClockTest, ClockIsSetRight_AnswerEndsTheCorrection) {
  ASSERT_TRUE(clock_.OnRefusal(DateAhead(hours(1))));
  scheduler_.StepWallClock(hours(1));
  clock_.OnAnswer(DateAhead(hours(1)));
  EXPECT_EQ(Correction(), seconds(0));
}

TEST_F(UpstreamClockTest, ClockIsSetRight_RefusalEndsTheCorrection) {
  ASSERT_TRUE(clock_.OnRefusal(DateAhead(hours(1))));
  scheduler_.StepWallClock(hours(1));
  EXPECT_TRUE(clock_.OnRefusal(DateAhead(hours(1))));
  EXPECT_EQ(Correction(), seconds(0));
}

TEST_F(UpstreamClockTest, Changes_AreLoggedOnce) {
  const LogCapture log;
  for (int i = 0; i < 3; ++i) clock_.OnRefusal(DateAhead(hours(-1)));
  EXPECT_THAT(log.Lines(), ElementsAre("warning this machine's clock differs from that of EnOS: "
                                       "timestamps are corrected enos_is_ahead_s=-3600"));
  for (int i = 0; i < 3; ++i) clock_.OnAnswer(DateAhead(seconds(0)));
  EXPECT_THAT(log.Lines(), ElementsAre(HasSubstr("-3600"), HasSubstr("agrees")));
}

TEST_F(UpstreamClockTest, NothingWrong_NothingIsLogged) {
  const LogCapture log;
  clock_.OnAnswer(DateAhead(seconds(0)));
  clock_.OnRefusal(DateAhead(seconds(0)));
  clock_.OnRefusal(DateAhead(hours(48)));
  EXPECT_THAT(log.Lines(), IsEmpty());
}

}  // namespace
}  // namespace enos::gateway
