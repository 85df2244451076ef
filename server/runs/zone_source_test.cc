// The times of runs: read in the zone that EnOS names, or left out.
#include "server/runs/zone_source.h"

#include <gtest/gtest.h>

#include <string>

#include "server/testing/log_capture.h"
#include "server/testing/runs_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// 2023-11-14T22:13:20Z, in GMT+8.
constexpr char kTimes[] = R"(,"triggerTime":"2023-11-15 06:13:20","startTime":"","endTime":null)";
constexpr int64_t kInGmt8 = 1'700'000'000;

RunsRig::Call& GetWithTimes(RunsRig& rig, Duration answer_in = seconds(10)) {
  RunsRig::Call& call = rig.Get(RunOf(1), answer_in);
  rig.TellRun(2, kTimes);
  return call;
}

bool HasTime(const RunsRig::Call& call) { return call.answer.instance.has_trigger_time(); }

int64_t TimeOf(const RunsRig::Call& call) { return call.answer.instance.trigger_time().seconds(); }

TEST(ZoneSource, ZoneIsAskedFor_WhenARunHasTimes) {
  RunsRig rig;
  RunsRig::Call& call = GetWithTimes(rig);
  EXPECT_FALSE(call.is_done());
  ASSERT_EQ(rig.ZoneSends(), 1U);
  const FakeHttpClient::Sent sent = rig.http.last();
  EXPECT_EQ(sent.request.path_and_query, "/dataflow-batch-service/v2.0/time?action=getTimeZone");
  EXPECT_EQ(sent.request.body, nullptr);
  EXPECT_NE(sent.Header("apim-signature"), "");
  rig.TellZone("GMT+8");
  ASSERT_TRUE(call.succeeded());
  EXPECT_EQ(TimeOf(call), kInGmt8);
  EXPECT_FALSE(call.answer.instance.has_start_time());
  EXPECT_FALSE(call.answer.instance.has_end_time());
  EXPECT_EQ(rig.requests.back().operation, UpstreamOperation::kTimeZone);
  EXPECT_EQ(call.record->attempts, 1) << "the zone is nothing of the call's";
}

TEST(ZoneSource, OneQuestion_ServesAllWhoWait) {
  RunsRig rig;
  for (int i = 0; i < 3; ++i) GetWithTimes(rig);
  rig.runs->CallerGone(rig.calls[1].id);
  EXPECT_EQ(rig.ZoneSends(), 1U);
  rig.TellZone("GMT+8");
  EXPECT_EQ(TimeOf(rig.calls[0]), kInGmt8);
  EXPECT_FALSE(rig.calls[1].is_done());
  EXPECT_EQ(TimeOf(rig.calls[2]), kInGmt8);
}

// Who is told may drop another one that waits.
TEST(ZoneSource, OneWhoIsTold_EndsTheOthers) {
  RunsRig rig;
  GetWithTimes(rig);
  GetWithTimes(rig);
  rig.calls[0].then = [&rig] { rig.runs->EndAll(); };
  rig.TellZone("GMT+8");
  EXPECT_TRUE(rig.calls[0].succeeded());
  EXPECT_EQ(rig.calls[1].reason(), Reason::GATEWAY_SHUTTING_DOWN);
}

TEST(ZoneSource, Zone_IsKeptForAnHourThenAskedForAgain) {
  RunsRig rig;
  GetWithTimes(rig);
  rig.TellZone("GMT+8");
  rig.scheduler.Advance(minutes(60) - milliseconds(1));
  EXPECT_EQ(TimeOf(GetWithTimes(rig)), kInGmt8);
  EXPECT_EQ(rig.ZoneSends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  RunsRig::Call& call = GetWithTimes(rig);
  EXPECT_EQ(rig.ZoneSends(), 2U);
  rig.TellZone("UTC");
  EXPECT_EQ(TimeOf(call), kInGmt8 + 8 * 3600) << "the new one";
}

TEST(ZoneSource, OldZone_IsBetterThanNone) {
  RunsRig rig;
  GetWithTimes(rig);
  rig.TellZone("GMT+8");
  rig.scheduler.Advance(minutes(60));
  RunsRig::Call& call = GetWithTimes(rig);
  rig.http.Answer(rig.http.Running(kTime).at(0), 404, "");
  rig.scheduler.RunDue();
  EXPECT_EQ(TimeOf(call), kInGmt8);
  EXPECT_EQ(TimeOf(GetWithTimes(rig)), kInGmt8) << "nor is it asked for at each read";
  EXPECT_EQ(rig.ZoneSends(), 2U);
}

// Ways in which EnOS does not tell it.
class NoZone : public ::testing::TestWithParam<std::pair<int, std::string>> {};

TEST_P(NoZone, RunIsToldWithoutTimes_AndTheZoneAskedForLater) {
  const LogCapture log;
  RunsRig rig;
  RunsRig::Call& call = GetWithTimes(rig);
  rig.http.Answer(rig.http.Running(kTime).at(0), GetParam().first, GetParam().second);
  rig.scheduler.RunDue();
  ASSERT_TRUE(call.succeeded());
  EXPECT_FALSE(HasTime(call));
  EXPECT_EQ(call.answer.instance.enos_status(), 2);
  rig.scheduler.Advance(seconds(30) - milliseconds(1));
  EXPECT_TRUE(GetWithTimes(rig).is_done());
  EXPECT_EQ(rig.ZoneSends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  RunsRig::Call& later = GetWithTimes(rig);
  EXPECT_EQ(rig.ZoneSends(), 2U);
  rig.TellZone("GMT+8");
  EXPECT_EQ(TimeOf(later), kInGmt8);
}

INSTANTIATE_TEST_SUITE_P(
    All, NoZone,
    ::testing::Values(std::pair(200, ZoneJson("Mars/Olympus")), std::pair(200, ZoneJson("")),
                      std::pair(200, ZoneJson("../../etc/passwd")), std::pair(200, R"({"code":0})"),
                      std::pair(200, "<html>"), std::pair(404, ""), std::pair(500, ""),
                      std::pair(200, FlowErrorJson(62103))));

TEST(ZoneSource, QuestionThatFailsInTransit_IsAskedAgain) {
  RunsRig rig;
  RunsRig::Call& call = GetWithTimes(rig);
  rig.http.Fail(rig.http.Running(kTime).at(0), TransferEnd::kConnectionLost, true);
  rig.scheduler.Advance(milliseconds(50));
  EXPECT_FALSE(call.is_done());
  rig.TellZone("GMT+8");
  EXPECT_EQ(TimeOf(call), kInGmt8);
}

TEST(ZoneSource, SlowerThanTheDeadline_RunIsToldInTimeWithoutTimes) {
  RunsRig rig;
  RunsRig::Call& call = GetWithTimes(rig, seconds(2));
  rig.scheduler.Advance(milliseconds(1999));
  EXPECT_FALSE(call.is_done());
  rig.scheduler.Advance(milliseconds(1));
  ASSERT_TRUE(call.succeeded());
  EXPECT_FALSE(HasTime(call));
  rig.TellZone("GMT+8");
  EXPECT_EQ(call.times_done, 1);
  EXPECT_EQ(TimeOf(GetWithTimes(rig)), kInGmt8) << "the answer was not for nothing";
}

TEST(ZoneSource, SlowerThanTheDeadline_TheOldZoneIsUsed) {
  RunsRig rig;
  GetWithTimes(rig);
  rig.TellZone("GMT+8");
  rig.scheduler.Advance(minutes(60));
  RunsRig::Call& call = GetWithTimes(rig, seconds(2));
  EXPECT_EQ(rig.ZoneSends(), 2U);
  rig.scheduler.Advance(seconds(2));
  EXPECT_EQ(TimeOf(call), kInGmt8);
}

TEST(ZoneSource, NoAnswerAtAll_IsNotWaitedForLongerThanFiveSeconds) {
  const LogCapture log;
  RunsRig rig;
  RunsRig::Call& call = GetWithTimes(rig);
  rig.http.MarkSent(rig.http.Running(kTime).at(0));
  rig.scheduler.Advance(seconds(5));
  ASSERT_TRUE(call.succeeded());
  EXPECT_FALSE(HasTime(call));
  EXPECT_EQ(call.done_at, FakeScheduler::kStart + seconds(5));
  EXPECT_TRUE(rig.http.Running(kTime).empty());
}

TEST(ZoneSource, CallerGoneWhileTheZoneIsAwaited_IsNotTold) {
  RunsRig rig;
  RunsRig::Call& call = GetWithTimes(rig);
  rig.runs->CallerGone(call.id);
  EXPECT_EQ(rig.admission.in_flight(), 0);
  rig.TellZone("GMT+8");
  EXPECT_FALSE(call.is_done());
}

TEST(ZoneSource, DestroyedWithAQuestionUnderWay_LeavesNothingBehind) {
  for (const bool answered : {false, true}) {
    RunsRig rig;
    const size_t timers = rig.scheduler.pending();
    GetWithTimes(rig);
    if (answered) rig.http.Answer(rig.http.Running(kTime).at(0), 200, ZoneJson("UTC"));
    rig.runs.reset();
    EXPECT_EQ(rig.scheduler.pending(), timers);
    EXPECT_TRUE(rig.http.Running().empty());
  }
}

}  // namespace
}  // namespace enos::gateway
