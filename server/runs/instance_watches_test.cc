#include "server/runs/instance_watches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/contract/gateway_errors.h"
#include "server/testing/runs_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr int kRunning = 2;
constexpr int kSucceeded = 1;
constexpr int kFailed = -1;

// With the rig's random source, polls are exactly one interval of 5 s apart.
constexpr seconds kInterval{5};

// The next poll of a run that is watched alone.
void PassInterval(RunsRig& rig) {
  const size_t sends = rig.Sends();
  rig.scheduler.Advance(kInterval);
  ASSERT_EQ(rig.Sends(), sends + 1);
}

TEST(InstanceWatches, FirstStateAtOnce_ThenEachChange_ThenTheEnd) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  ASSERT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(rig.http.last().request.path_and_query,
            "/dataflow-batch-service/v2.0/flowInstances"
            "?action=get&flowInstId=3377-run1&orgId=o%20rg&userId=user");
  rig.TellRun(0);
  EXPECT_THAT(watch.statuses(), ElementsAre(0));
  EXPECT_EQ(watch.states[0].flow_instance_id(), "3377-run1");
  for (const int status : {0, kRunning, kRunning, kRunning, kSucceeded}) {
    EXPECT_FALSE(watch.is_over());
    PassInterval(rig);
    rig.TellRun(status);
  }
  EXPECT_THAT(watch.statuses(), ElementsAre(0, kRunning, kSucceeded));
  EXPECT_TRUE(watch.states.back().ended());
  EXPECT_EQ(watch.times_ended, 1);
  EXPECT_FALSE(watch.failed) << "the run has ended, so all is well";
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 6U);
  EXPECT_EQ(watch.checks, 6);
  EXPECT_EQ(rig.polls_read, 6);
}

TEST(InstanceWatches, AnyPartOfTheMessage_IsAChange) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun(kRunning);
  PassInterval(rig);
  rig.TellRun(kRunning, R"(,"graph":{"tasks":[{"taskId":1,"status":2}]})");
  PassInterval(rig);
  rig.TellRun(kRunning, R"(,"graph":{"tasks":[{"taskId":1,"status":1}]})");
  PassInterval(rig);
  rig.TellRun(kRunning, R"(,"graph":{"tasks":[{"taskId":1,"status":1}]},"unknown":7)");
  EXPECT_EQ(watch.states.size(), 3U);
}

TEST(InstanceWatches, RunThatHasEnded_IsToldOnce) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun(kSucceeded);
  EXPECT_THAT(watch.statuses(), ElementsAre(kSucceeded));
  EXPECT_TRUE(watch.is_over());
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 1U);
}

TEST(InstanceWatches, RunThatHasEnded_IsToldWithTheIdOfTheLastPoll) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun(kRunning);
  PassInterval(rig);
  rig.AnswerRun(200,
                R"({"code":0,"requestId":"r-2","data":{"instanceId":"3377-run1","status":1}})");
  EXPECT_TRUE(watch.is_over());
  EXPECT_EQ(watch.enos_request_id, "r-2");
}

TEST(InstanceWatches, FailedWhileATaskGoesOn_IsNotTheEnd) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun(kFailed, R"(,"graph":{"tasks":[{"status":-1},{"status":2}]})");
  EXPECT_FALSE(watch.is_over());
  PassInterval(rig);
  rig.TellRun(kFailed, R"(,"graph":{"tasks":[{"status":-1},{"status":1}]})");
  EXPECT_TRUE(watch.is_over());
  EXPECT_THAT(watch.statuses(), ElementsAre(kFailed, kFailed));
}

TEST(InstanceWatches, Times_AreInEnossZone) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun(kRunning, R"(,"startTime":"2023-11-15 06:13:20")");
  EXPECT_TRUE(watch.states.empty());
  rig.TellZone("GMT+8");
  ASSERT_EQ(watch.states.size(), 1U);
  EXPECT_EQ(watch.states[0].start_time().seconds(), 1'700'000'000);
}

// -- Who shares a poll

TEST(InstanceWatches, OnePoll_ServesAllWhoWatchARun) {
  RunsRig rig;
  for (int i = 0; i < 3; ++i) rig.StartWatch();
  EXPECT_EQ(rig.Sends(), 1U);
  for (const int status : {kRunning, kSucceeded}) {
    rig.TellRun(status);
    rig.scheduler.Advance(kInterval);
  }
  EXPECT_EQ(rig.Sends(), 2U);
  for (const RunsRig::Watch& watch : rig.watches) {
    EXPECT_THAT(watch.statuses(), ElementsAre(kRunning, kSucceeded));
    EXPECT_EQ(watch.times_ended, 1);
    EXPECT_FALSE(watch.failed);
  }
}

TEST(InstanceWatches, AnotherUserOrganizationOrRun_IsPolledByItself) {
  RunsRig rig;
  rig.StartWatch(RunOf(1));
  rig.StartWatch(RunOf(1, "another"));
  rig.StartWatch(RunOf(1, "user", "another"));
  rig.StartWatch(RunOf(2));
  EXPECT_EQ(rig.Sends(), 4U);
  rig.TellRun(kSucceeded);
  EXPECT_TRUE(rig.watches[0].is_over());
  rig.AnswerRun(403);
  EXPECT_EQ(rig.watches[1].reason(), Reason::ENOS_PERMISSION_DENIED);
  EXPECT_FALSE(rig.watches[2].is_over());
  EXPECT_TRUE(rig.watches[2].states.empty());
  EXPECT_FALSE(rig.watches[3].is_over());
}

TEST(InstanceWatches, LaterWatcher_GetsTheLastStateAtOnce) {
  RunsRig rig;
  rig.StartWatch();
  rig.TellRun(kRunning);
  rig.scheduler.Advance(seconds(2));
  RunsRig::Watch& later = rig.StartWatch();
  EXPECT_THAT(later.statuses(), ElementsAre(kRunning));
  EXPECT_EQ(rig.Sends(), 1U) << "it waits for the next poll";
  rig.scheduler.Advance(seconds(3));
  rig.TellRun(kSucceeded);
  EXPECT_THAT(later.statuses(), ElementsAre(kRunning, kSucceeded));
}

TEST(InstanceWatches, WatchedAgainAfterItsEnd_IsReadAgain) {
  RunsRig rig;
  rig.StartWatch();
  rig.TellRun(kSucceeded);
  RunsRig::Watch& again = rig.StartWatch();
  EXPECT_TRUE(again.states.empty()) << "nothing is kept of what nobody watches";
  rig.TellRun(kSucceeded);
  EXPECT_THAT(again.statuses(), ElementsAre(kSucceeded));
}

// -- When polls are made

TEST(InstanceWatches, Polls_AreThreeToFiveQuartersOfTheIntervalApart) {
  for (const double random : {0.0, 0.5, 0.999}) {
    RunsRig rig;
    rig.random = [random] { return random; };
    rig.StartWatch();
    rig.TellRun();
    const auto wait = std::chrono::duration_cast<milliseconds>(kInterval) * (0.75 + 0.5 * random);
    rig.scheduler.Advance(std::chrono::duration_cast<Duration>(wait) - milliseconds(1));
    EXPECT_EQ(rig.Sends(), 1U);
    rig.scheduler.Advance(milliseconds(1));
    EXPECT_EQ(rig.Sends(), 2U);
  }
}

TEST(InstanceWatches, Interval_CountsFromTheAnswer) {
  RunsRig rig;
  rig.StartWatch();
  rig.scheduler.Advance(seconds(20));
  EXPECT_EQ(rig.Sends(), 1U) << "one poll of a run at a time";
  rig.TellRun();
  rig.scheduler.Advance(kInterval - milliseconds(1));
  EXPECT_EQ(rig.Sends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), 2U);
}

void TellAll(RunsRig& rig) {
  for (const TransferId transfer : rig.http.Running(kInstances)) rig.TellRun(transfer, kRunning);
}

TEST(InstanceWatches, AThousandThatBeganTogether_SpreadOut) {
  RunsRig rig;
  std::mt19937_64 engine(1);
  rig.random = [&engine] { return static_cast<double>(engine() >> 11) * 0x1.0p-53; };
  constexpr int kWatches = 1000;
  for (int i = 0; i < kWatches; ++i) {
    rig.StartWatch(RunOf(i));
    TellAll(rig);
  }
  // From 3.75 to 6.25 s on, 40 in each tenth of a second on average.
  size_t sends = rig.Sends();
  ASSERT_EQ(sends, static_cast<size_t>(kWatches));
  rig.scheduler.Advance(milliseconds(3740));
  EXPECT_EQ(rig.Sends(), sends);
  size_t most = 0;
  for (int tenth = 0; tenth < 26; ++tenth) {
    rig.scheduler.Advance(milliseconds(100));
    most = std::max(most, rig.Sends() - sends);
    sends = rig.Sends();
    TellAll(rig);
  }
  EXPECT_EQ(sends, 2U * kWatches) << "each was polled once";
  EXPECT_LT(most, 80U);
}

TEST(InstanceWatches, EnosHangs_PollsUnderWayAreLimited) {
  RunsRig rig;
  constexpr auto kMost = static_cast<size_t>(kMostPolls);
  for (int i = 0; i < 300; ++i) rig.StartWatch(RunOf(i));
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(rig.http.Running(kInstances).size(), kMost);
    rig.scheduler.Advance(seconds(2));
  }
  EXPECT_EQ(rig.Sends(), kMost) << "the others wait for their turn";
  // Then it is well again: each way in which a poll ends makes room for another at once.
  rig.TellRun();
  rig.AnswerRun(404);
  rig.runs->watches().Stop(rig.watches[2].id);
  rig.scheduler.Advance(milliseconds(0));
  EXPECT_EQ(rig.Sends(), kMost + 3);
  EXPECT_EQ(rig.http.Running(kInstances).size(), kMost);
  for (int i = 0; i < 12; ++i) {
    TellAll(rig);
    rig.scheduler.Advance(kInterval);
    EXPECT_LE(rig.http.Running(kInstances).size(), kMost);
  }
  for (const RunsRig::Watch& watch : rig.watches) {
    if (watch.id != rig.watches[2].id) {
      EXPECT_FALSE(watch.states.empty() && !watch.is_over()) << watch.id;
    }
  }
}

// As after a roll-out: a thousand watches begin together.
TEST(InstanceWatches, MoreAtOnceThanPolls_EachSeesItsStateAsSoonAsEnosAnswers) {
  RunsRig rig;
  for (int i = 0; i < 350; ++i) rig.StartWatch(RunOf(i));
  rig.runs->watches().Stop(rig.watches[150].id);  // while it waits
  for (int i = 0; i < 4; ++i) {
    TellAll(rig);
    rig.scheduler.Advance(milliseconds(0));
  }
  for (const RunsRig::Watch& watch : rig.watches) {
    EXPECT_EQ(watch.states.empty(), watch.id == rig.watches[150].id) << watch.id;
  }
}

TEST(InstanceWatches, EnosHangs_CallsAreNotHeldUp) {
  RunsRig rig;
  for (int i = 0; i < 300; ++i) rig.StartWatch(RunOf(i));
  const size_t sends = rig.Sends();
  rig.Get();
  EXPECT_EQ(rig.Sends(), sends + 1);
}

// -- Polls that fail

struct Failure {
  const char* name;
  TransferEnd end;  // kAnswered: with what follows
  bool maybe_sent;
  int status;
  std::string body;
  Reason reason;
};

void Fail(RunsRig& rig, const Failure& failure, const std::string& retry_after = "") {
  if (failure.end == TransferEnd::kAnswered) {
    rig.AnswerRun(failure.status, failure.body, retry_after);
  } else {
    rig.FailRun(failure.end, failure.maybe_sent);
  }
}

Failure Http(const char* name, int status, Reason reason, std::string body = "") {
  return {name, TransferEnd::kAnswered, true, status, std::move(body), reason};
}

const Failure kPassing[] = {
    {"NotReached", TransferEnd::kConnectFailed, false, 0, "", Reason::ENOS_UNREACHABLE},
    {"NotResolved", TransferEnd::kNameNotResolved, false, 0, "", Reason::ENOS_UNREACHABLE},
    {"Lost", TransferEnd::kConnectionLost, true, 0, "", Reason::ENOS_CONNECTION_LOST},
    Http("Http429", 429, Reason::ENOS_RATE_LIMITED),
    Http("Http500", 500, Reason::ENOS_INTERNAL),
    Http("Http501", 501, Reason::ENOS_UNIMPLEMENTED),
    Http("Http502", 502, Reason::ENOS_CONNECTION_LOST),
    Http("Http503", 503, Reason::ENOS_UNAVAILABLE),
    Http("Http504", 504, Reason::ENOS_TIMEOUT),
    Http("Http520", 520, Reason::ENOS_ERROR),
    Http("SuccessUnder500", 500, Reason::ENOS_MALFORMED_RESPONSE, R"({"code":0})"),
    Http("Code429", 200, Reason::ENOS_RATE_LIMITED, FlowErrorJson(429)),
    Http("Code500", 200, Reason::ENOS_INTERNAL, FlowErrorJson(500)),
    Http("Code503", 200, Reason::ENOS_UNAVAILABLE, FlowErrorJson(503)),
    Http("Code62109", 200, Reason::ENOS_INTERNAL, FlowErrorJson(62109)),
    Http("Code99500", 200, Reason::ENOS_INTERNAL, FlowErrorJson(99500)),
};

class PassingFailure : public ::testing::TestWithParam<Failure> {};

TEST_P(PassingFailure, FiveInARow_EndTheWatchWithTheLastError) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  RunsRig::Watch& other = rig.StartWatch();
  rig.TellRun();
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(watch.is_over());
    PassInterval(rig);
    Fail(rig, GetParam());
  }
  EXPECT_EQ(watch.times_ended, 1);
  EXPECT_EQ(watch.reason(), GetParam().reason);
  EXPECT_EQ(other.reason(), GetParam().reason);
  EXPECT_THAT(watch.statuses(), ElementsAre(kRunning));
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 6U) << "each was sent once, whatever --max_attempts is";
  EXPECT_EQ(rig.polls_failed.size(), 5U);
}

TEST_P(PassingFailure, BeforeTheFirstState_Counts) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  for (int i = 0; i < 4; ++i) {
    Fail(rig, GetParam());
    PassInterval(rig);
  }
  EXPECT_FALSE(watch.is_over());
  Fail(rig, GetParam());
  EXPECT_EQ(watch.reason(), GetParam().reason);
}

TEST_P(PassingFailure, Success_BeginsTheRowAnew) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  for (int i = 0; i < 3; ++i) {
    for (int failures = 0; failures < 4; ++failures) {
      Fail(rig, GetParam());
      PassInterval(rig);
    }
    rig.TellRun();
    PassInterval(rig);
  }
  EXPECT_FALSE(watch.is_over());
  EXPECT_EQ(watch.states.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(All, PassingFailure, ::testing::ValuesIn(kPassing),
                         [](const auto& test) { return test.param.name; });

const Failure kFinal[] = {
    {"NoHttp", TransferEnd::kMalformed, true, 0, "", Reason::ENOS_MALFORMED_RESPONSE},
    {"TooLarge", TransferEnd::kTooLarge, true, 0, "", Reason::ENOS_MALFORMED_RESPONSE},
    Http("Html", 200, Reason::ENOS_MALFORMED_RESPONSE, "<html>"),
    Http("AnotherRun", 200, Reason::ENOS_MALFORMED_RESPONSE, RunJson("3377-run9", 2)),
    Http("Http400", 400, Reason::ENOS_INVALID_ARGUMENT),
    Http("Http403", 403, Reason::ENOS_PERMISSION_DENIED),
    Http("Http418", 418, Reason::ENOS_ERROR),
    Http("Code62103", 200, Reason::ENOS_PERMISSION_DENIED, FlowErrorJson(62103)),
    Http("Code62103Under500", 500, Reason::ENOS_PERMISSION_DENIED, FlowErrorJson(62103)),
    Http("Code62105", 200, Reason::ENOS_LOCKED, FlowErrorJson(62105)),
    Http("Code777", 200, Reason::ENOS_ERROR, FlowErrorJson(777)),
};

class FinalFailure : public ::testing::TestWithParam<Failure> {};

TEST_P(FinalFailure, EndsTheWatchAtOnce) {
  for (const bool seen : {false, true}) {
    RunsRig rig;
    RunsRig::Watch& watch = rig.StartWatch();
    if (seen) {
      rig.TellRun();
      PassInterval(rig);
    }
    Fail(rig, GetParam());
    EXPECT_EQ(watch.times_ended, 1);
    EXPECT_EQ(watch.reason(), GetParam().reason);
    const size_t sends = rig.Sends();
    rig.scheduler.Advance(seconds(60));
    EXPECT_EQ(rig.Sends(), sends);
  }
}

INSTANTIATE_TEST_SUITE_P(All, FinalFailure, ::testing::ValuesIn(kFinal),
                         [](const auto& test) { return test.param.name; });

// Ways to say that there is no such run.
const Failure kNotFound[] = {
    Http("Http404", 404, Reason::ENOS_NOT_FOUND),
    Http("Code99404", 200, Reason::ENOS_NOT_FOUND, FlowErrorJson(99404)),
    Http("Code62102", 200, Reason::ENOS_NOT_FOUND, FlowErrorJson(62102)),
    Http("NoData", 200, Reason::ENOS_NOT_FOUND, R"({"code":0,"data":null})"),
};

class RunNotFound : public ::testing::TestWithParam<Failure> {};

TEST_P(RunNotFound, JustStarted_IsSeenSoon) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  for (int i = 0; i < 4; ++i) {
    Fail(rig, GetParam());
    PassInterval(rig);
  }
  rig.TellRun();
  EXPECT_THAT(watch.statuses(), ElementsAre(kRunning));
  EXPECT_FALSE(watch.is_over());
}

TEST_P(RunNotFound, FiveInARow_EndTheWatch) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  for (int i = 0; i < 4; ++i) {
    Fail(rig, GetParam());
    PassInterval(rig);
  }
  Fail(rig, GetParam());
  EXPECT_EQ(watch.reason(), Reason::ENOS_NOT_FOUND);
}

TEST_P(RunNotFound, OnceItWasSeen_EndsTheWatchAtOnce) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun();
  PassInterval(rig);
  Fail(rig, GetParam());
  EXPECT_EQ(watch.reason(), Reason::ENOS_NOT_FOUND);
}

INSTANTIATE_TEST_SUITE_P(All, RunNotFound, ::testing::ValuesIn(kNotFound),
                         [](const auto& test) { return test.param.name; });

TEST(InstanceWatches, RetryAfter_IsHonoured) {
  RunsRig rig;
  rig.StartWatch();
  rig.AnswerRun(429, "", "42");
  rig.scheduler.Advance(seconds(42) - milliseconds(1));
  EXPECT_EQ(rig.Sends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), 2U);
}

// What EnOS says with other failures, and what is suggested to callers, is not for polls.
TEST_P(PassingFailure, RetryAfter_IsHonouredWith429Alone) {
  RunsRig rig;
  rig.StartWatch();
  Fail(rig, GetParam(), "42");
  rig.scheduler.Advance(kInterval);
  EXPECT_EQ(rig.Sends(), GetParam().reason == Reason::ENOS_RATE_LIMITED ? 1U : 2U);
}

TEST_P(RunNotFound, RetryAfter_IsNotHonoured) {
  RunsRig rig;
  rig.StartWatch();
  Fail(rig, GetParam(), "42");
  PassInterval(rig);
}

TEST(InstanceWatches, ShortRetryAfter_DoesNotMakePollsMoreFrequent) {
  RunsRig rig;
  rig.StartWatch();
  rig.AnswerRun(429, "", "1");
  rig.scheduler.Advance(kInterval - milliseconds(1));
  EXPECT_EQ(rig.Sends(), 1U);
}

TEST(InstanceWatches, FailuresSetting_IsTheNumber) {
  RunsRig::Options options;
  options.runs.watch.failures = 1;
  RunsRig rig(options);
  RunsRig::Watch& watch = rig.StartWatch();
  rig.AnswerRun(503);
  EXPECT_EQ(watch.reason(), Reason::ENOS_UNAVAILABLE);
}

TEST(InstanceWatches, NoAnswer_IsAFailedPoll) {
  RunsRig::Options options;
  options.runs.watch.poll_timeout = seconds(30);
  options.runs.watch.failures = 2;
  RunsRig rig(options);
  RunsRig::Watch& watch = rig.StartWatch();
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(watch.is_over());
    rig.http.MarkSent(rig.RunTransfer());
    rig.scheduler.Advance(seconds(30));
    EXPECT_TRUE(rig.http.Running(kInstances).empty());
    if (i == 0) PassInterval(rig);
  }
  EXPECT_EQ(watch.reason(), Reason::ENOS_TIMEOUT);
}

TEST(InstanceWatches, RefusedToken_IsReplacedOnceInAPoll) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.AnswerRun(401);
  rig.scheduler.RunDue();
  rig.GiveToken("T2");
  rig.scheduler.RunDue();
  ASSERT_EQ(rig.Sends(), 2U);
  EXPECT_EQ(rig.http.last().Header("apim-accesstoken"), "T2");
  rig.AnswerRun(401);
  EXPECT_EQ(watch.reason(), Reason::ENOS_CREDENTIALS_REFUSED);
}

TEST(InstanceWatches, OpenBreaker_IsAFailedPollAndTheNextOneWaitsForItsRest) {
  RunsRig::Options options;
  options.upstream.max_attempts = 1;
  options.breaker.failures_to_open = 1;
  options.breaker.first = seconds(24);  // which it stays open for three quarters of
  RunsRig rig(options);
  rig.Get();
  rig.FailRun(TransferEnd::kConnectFailed, false);
  RunsRig::Watch& watch = rig.StartWatch();
  EXPECT_THAT(rig.polls_failed, ElementsAre(Reason::ENOS_UNREACHABLE));
  rig.scheduler.Advance(seconds(18) - milliseconds(1));
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(rig.polls_failed.size(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), 2U);
  rig.TellRun();
  EXPECT_THAT(watch.statuses(), ElementsAre(kRunning));
}

// -- Who may watch

TEST(InstanceWatches, NoLongerAllowed_EndsThatWatchOnly) {
  RunsRig rig;
  for (int i = 0; i < 3; ++i) rig.StartWatch();
  rig.TellRun();
  rig.watches[1].refusal = CallerNotAllowed();
  PassInterval(rig);
  EXPECT_EQ(rig.watches[1].reason(), Reason::CALLER_NOT_ALLOWED);
  rig.TellRun(kSucceeded);
  EXPECT_EQ(rig.watches[1].times_ended, 1);
  EXPECT_THAT(rig.watches[1].statuses(), ElementsAre(kRunning));
  for (const size_t i : {0U, 2U}) {
    EXPECT_THAT(rig.watches[i].statuses(), ElementsAre(kRunning, kSucceeded));
    EXPECT_FALSE(rig.watches[i].failed);
  }
}

TEST(InstanceWatches, NobodyIsAllowedAnyLonger_PollingEnds) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun();
  const size_t timers = rig.scheduler.pending();
  watch.refusal = CallerNotAllowed();
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(watch.reason(), Reason::CALLER_NOT_ALLOWED);
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(rig.scheduler.pending(), timers - 1);
  rig.StartWatch();
  EXPECT_EQ(rig.Sends(), 2U) << "it begins anew";
}

// -- The end

TEST(InstanceWatches, Stop_OfTheLastEndsPollingAndDropsThePoll) {
  RunsRig rig;
  const size_t timers = rig.scheduler.pending();
  rig.StartWatch();
  rig.StartWatch();
  const TransferId poll = rig.RunTransfer();
  rig.runs->watches().Stop(rig.watches[0].id);
  EXPECT_FALSE(rig.http.at(poll).dropped);
  rig.runs->watches().Stop(rig.watches[1].id);
  EXPECT_TRUE(rig.http.at(poll).dropped);
  EXPECT_EQ(rig.scheduler.pending(), timers);
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 1U);
  for (const RunsRig::Watch& watch : rig.watches) EXPECT_FALSE(watch.is_over());
}

TEST(InstanceWatches, StopBetweenPolls_EndsThem) {
  RunsRig rig;
  const size_t timers = rig.scheduler.pending();
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun();
  rig.runs->watches().Stop(watch.id);
  EXPECT_EQ(rig.scheduler.pending(), timers);
  rig.runs->watches().Stop(watch.id);  // is ignored
}

TEST(InstanceWatches, StopOfOneThatEnded_IsIgnored) {
  RunsRig rig;
  RunsRig::Watch& watch = rig.StartWatch();
  rig.TellRun(kSucceeded);
  RunsRig::Watch& other = rig.StartWatch();
  rig.runs->watches().Stop(watch.id);
  rig.TellRun(kSucceeded);
  EXPECT_TRUE(other.is_over());
}

TEST(InstanceWatches, EndAll_TellsEach) {
  RunsRig rig;
  const size_t timers = rig.scheduler.pending();
  rig.StartWatch(RunOf(1));
  rig.StartWatch(RunOf(1));
  rig.TellRun();
  rig.StartWatch(RunOf(2));
  rig.runs->EndAll();
  for (const RunsRig::Watch& watch : rig.watches) {
    EXPECT_EQ(watch.times_ended, 1);
    EXPECT_EQ(watch.reason(), Reason::GATEWAY_SHUTTING_DOWN);
    EXPECT_EQ(watch.error().code, absl::StatusCode::kUnavailable);
  }
  EXPECT_TRUE(rig.http.Running(kInstances).empty());
  EXPECT_EQ(rig.scheduler.pending(), timers);
}

TEST(InstanceWatches, AfterEndAll_AWatchEndsAtOnce) {
  RunsRig rig;
  rig.runs->EndAll();
  EXPECT_EQ(rig.StartWatch().reason(), Reason::GATEWAY_SHUTTING_DOWN);
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST(InstanceWatches, Destroyed_LeavesNothingBehind) {
  RunsRig rig;
  const size_t timers = rig.scheduler.pending();
  rig.StartWatch(RunOf(1));
  rig.TellRun();
  rig.StartWatch(RunOf(2));
  rig.runs.reset();
  EXPECT_EQ(rig.scheduler.pending(), timers);
  EXPECT_TRUE(rig.http.Running(kInstances).empty());
  for (const RunsRig::Watch& watch : rig.watches) EXPECT_FALSE(watch.is_over());
}

}  // namespace
}  // namespace enos::gateway
