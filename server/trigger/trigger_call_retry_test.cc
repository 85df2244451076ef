// Sending again what was certainly not executed: waits, limits, budget.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TriggerRig::Options Trusting503() {
  TriggerRig::Options options;
  options.trigger.trust_503 = true;
  return options;
}

// Everything that certainly was not executed and may pass.
struct Passing {
  const char* name;
  TransferEnd end;  // kAnswered: with what follows
  int status;
  std::string body;
  Reason reason;
};

const Passing kPassing[] = {
    {"Http429", TransferEnd::kAnswered, 429, "", Reason::ENOS_RATE_LIMITED},
    {"Code429", TransferEnd::kAnswered, 200, FlowErrorJson(429), Reason::ENOS_RATE_LIMITED},
    {"Http503", TransferEnd::kAnswered, 503, "", Reason::ENOS_UNAVAILABLE},
    {"Code503", TransferEnd::kAnswered, 200, FlowErrorJson(503), Reason::ENOS_UNAVAILABLE},
    {"NameNotResolved", TransferEnd::kNameNotResolved, 0, "", Reason::ENOS_UNREACHABLE},
    {"ConnectFailed", TransferEnd::kConnectFailed, 0, "", Reason::ENOS_UNREACHABLE},
    {"ConnectTimeout", TransferEnd::kConnectTimeout, 0, "", Reason::ENOS_UNREACHABLE},
    {"TlsFailed", TransferEnd::kTlsFailed, 0, "", Reason::ENOS_UNREACHABLE},
    {"LostUnsent", TransferEnd::kConnectionLost, 0, "", Reason::ENOS_UNREACHABLE},
};

class TriggerCallRetry : public ::testing::TestWithParam<Passing> {
 protected:
  void Fail(TriggerRig& rig) {
    if (GetParam().end == TransferEnd::kAnswered) {
      rig.AnswerFlow(GetParam().status, GetParam().body);
    } else {
      rig.FailFlow(GetParam().end, false);
    }
  }
};

TEST_P(TriggerCallRetry, Fails_IsSentAgainAfterGrowingWaits) {
  TriggerRig rig(Trusting503());
  TriggerRig::Call& call = rig.Start();
  Fail(rig);
  rig.scheduler.Advance(milliseconds(49));
  EXPECT_EQ(rig.Sends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), 2U);
  Fail(rig);
  rig.scheduler.Advance(milliseconds(99));
  EXPECT_EQ(rig.Sends(), 2U);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), 3U);
  rig.Succeed();
  EXPECT_NE(call.instance_id(), "");
}

TEST_P(TriggerCallRetry, FailsToTheLastAttempt_IsToldAsNotExecuted) {
  TriggerRig rig(Trusting503());
  TriggerRig::Call& call = rig.Start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(call.is_done());
    Fail(rig);
    rig.scheduler.Advance(seconds(1));
  }
  EXPECT_EQ(call.reason(), GetParam().reason);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.error().retry_after, milliseconds(1000));
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 3U);
}

TEST_P(TriggerCallRetry, OneAttemptPermitted_IsTheOnlyOne) {
  TriggerRig::Options options = Trusting503();
  options.upstream.max_attempts = 1;
  TriggerRig rig(options);
  TriggerRig::Call& call = rig.Start();
  Fail(rig);
  EXPECT_EQ(call.reason(), GetParam().reason);
  EXPECT_EQ(rig.Sends(), 1U);
}

TEST_P(TriggerCallRetry, TooLittleTimeLeft_IsToldAtOnce) {
  TriggerRig rig(Trusting503());
  TriggerRig::Call& call = rig.Start(milliseconds(99));
  Fail(rig);
  EXPECT_EQ(call.reason(), GetParam().reason) << "50 ms of waiting leave less than 50 to send";
  EXPECT_EQ(call.error().retry_after, milliseconds(1000));
}

TEST_P(TriggerCallRetry, JustEnoughTimeLeft_IsSentAgain) {
  TriggerRig rig(Trusting503());
  TriggerRig::Call& call = rig.Start(milliseconds(100));
  Fail(rig);
  rig.scheduler.Advance(milliseconds(50));
  EXPECT_EQ(rig.Sends(), 2U);
  rig.Succeed();
  EXPECT_NE(call.instance_id(), "");
}

TEST_P(TriggerCallRetry, LoopIsLate_TheLastFailureIsTold) {
  TriggerRig rig(Trusting503());
  TriggerRig::Call& call = rig.Start(seconds(1));
  Fail(rig);
  rig.scheduler.Stall(seconds(2));
  rig.scheduler.RunDue();
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(call.reason(), GetParam().reason);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.error().retry_after, milliseconds(1000));
}

INSTANTIATE_TEST_SUITE_P(All, TriggerCallRetry, ::testing::ValuesIn(kPassing),
                         [](const auto& test) { return test.param.name; });

TEST(TriggerCallRetryWait, RetryAfter_IsHonoured) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(429, "", "3");
  rig.scheduler.Advance(milliseconds(2999));
  EXPECT_EQ(rig.Sends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), 2U);
  rig.Succeed();
  EXPECT_NE(call.instance_id(), "");
}

TEST(TriggerCallRetryWait, RetryAfterAsADate_IsCountedFromEnossTime) {
  TriggerRig rig;
  ASSERT_TRUE(rig.clock.OnRefusal("Tue, 14 Nov 2023 23:13:20 GMT"));
  rig.Start();
  rig.AnswerFlow(429, "", "Tue, 14 Nov 2023 23:13:23 GMT", "Tue, 14 Nov 2023 23:13:20 GMT");
  rig.scheduler.Advance(milliseconds(2876));
  EXPECT_EQ(rig.Sends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), 2U);
}

TEST(TriggerCallRetryWait, RetryAfterZero_StillBacksOff) {
  TriggerRig rig;
  rig.Start();
  rig.AnswerFlow(429, "", "0");
  rig.scheduler.Advance(milliseconds(49));
  EXPECT_EQ(rig.Sends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), 2U);
}

TEST(TriggerCallRetryWait, RetryAfterBeyondTheDeadline_IsToldAtOnceWithRetryInfo) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start(seconds(10));
  rig.AnswerFlow(429, "", "10");
  EXPECT_EQ(call.reason(), Reason::ENOS_RATE_LIMITED);
  EXPECT_EQ(call.error().retry_after, seconds(10));
  EXPECT_EQ(rig.Sends(), 1U);
}

TEST(TriggerCallRetryWait, Untrusted503_OnlyTellsItsRetryAfter) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(503, "", "4");
  EXPECT_EQ(call.reason(), Reason::ENOS_UNAVAILABLE);
  EXPECT_EQ(call.error().code, absl::StatusCode::kUnknown);
  EXPECT_EQ(call.error().execution, Execution::kUnknown);
  EXPECT_EQ(call.error().retry_after, seconds(4));
}

TEST(TriggerCallRetryWait, TokenReplacedMeanwhile_IsSignedWithTheNewOneAndTheTimeOfNow) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  TriggerRig::Call& other = rig.Start();
  rig.http.Answer(rig.TransferOf(call), 429, "", "3");
  rig.http.Answer(rig.TransferOf(other), 401, "");
  rig.scheduler.Advance(seconds(1));
  rig.GiveToken("T2");
  rig.scheduler.Advance(seconds(2));
  const auto sends = rig.SendsOf(call);
  ASSERT_EQ(sends.size(), 2U);
  EXPECT_EQ(sends[0].Header("apim-accesstoken"), "T1");
  EXPECT_EQ(sends[1].Header("apim-accesstoken"), "T2");
  EXPECT_EQ(sends[1].Header("apim-timestamp"), "1700000003123");
  EXPECT_NE(sends[1].Header("apim-signature"), sends[0].Header("apim-signature"));
}

TEST(TriggerCallRetryWait, TokenDiedMeanwhile_WaitsForAnother) {
  TriggerRig::Options options;
  options.with_token = false;
  TriggerRig rig(options);
  rig.GiveToken("T1", 1);
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(429, "", "2");
  rig.scheduler.Advance(seconds(2));
  EXPECT_EQ(rig.Sends(), 1U);
  rig.GiveToken("T2");
  EXPECT_EQ(rig.SendsOf(call).at(1).Header("apim-accesstoken"), "T2");
}

TEST(TriggerCallRetryBudget, UsedUp_IsToldAtOnce) {
  TriggerRig rig;
  for (int i = 0; i < 20; ++i) rig.Start();
  for (int i = 0; i < 20; ++i) rig.AnswerFlow(429);
  size_t told = 0;
  for (const TriggerRig::Call& call : rig.calls) told += call.is_done() ? 1U : 0U;
  EXPECT_EQ(told, 10U) << "10 retries are always allowed";
  rig.scheduler.Advance(seconds(1));
  EXPECT_EQ(rig.Sends(), 30U);
}

TEST(TriggerCallRetryBudget, FreshTokens_DoNotCount) {
  TriggerRig rig;
  for (int i = 0; i < 20; ++i) rig.Start();
  for (int i = 0; i < 20; ++i) rig.AnswerFlow(401);
  rig.scheduler.RunDue();
  rig.GiveToken("T2");
  EXPECT_EQ(rig.Sends(), 40U);
  EXPECT_TRUE(rig.retry_budget.TakeRetry(rig.scheduler.Now()));
}

TEST(TriggerCallRetryBudget, RetryThatTimeForbids_TakesNothing) {
  TriggerRig rig;
  for (int i = 0; i < 20; ++i) rig.Start(milliseconds(60));
  for (int i = 0; i < 20; ++i) rig.AnswerFlow(429);
  int left = 0;
  while (rig.retry_budget.TakeRetry(rig.scheduler.Now())) ++left;
  EXPECT_EQ(left, 10);
}

}  // namespace
}  // namespace enos::gateway
