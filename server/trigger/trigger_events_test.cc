// What calls report for metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(TriggerEvents, AnswerThatStartsAFlow_IsReportedWithCodeZeroAndItsTime) {
  TriggerRig rig;
  rig.Start();
  rig.scheduler.Advance(milliseconds(250));
  rig.Succeed();
  ASSERT_THAT(rig.requests, SizeIs(1));
  const UpstreamRequest& request = rig.requests[0];
  EXPECT_EQ(request.operation, UpstreamOperation::kTrigger);
  EXPECT_EQ(request.end, TransferEnd::kAnswered);
  EXPECT_EQ(request.http_status, 200);
  EXPECT_EQ(request.enos_code, 0);
  EXPECT_EQ(request.took, milliseconds(250));
  EXPECT_THAT(rig.retries, IsEmpty());
}

TEST(TriggerEvents, AnswerThatRefuses_IsReportedWithItsCode) {
  TriggerRig rig;
  rig.Start();
  rig.AnswerFlow(200, FlowErrorJson(62104));
  ASSERT_THAT(rig.requests, SizeIs(1));
  EXPECT_EQ(rig.requests[0].enos_code, 62104);
}

TEST(TriggerEvents, AnswerWithoutACode_IsReportedWithoutOne) {
  TriggerRig rig;
  rig.Start();
  rig.AnswerFlow(502, "<html>");
  ASSERT_THAT(rig.requests, SizeIs(1));
  EXPECT_EQ(rig.requests[0].http_status, 502);
  EXPECT_EQ(rig.requests[0].enos_code, std::nullopt);
}

TEST(TriggerEvents, EachSend_IsReportedByItselfAndEachRetryByReason) {
  TriggerRig rig;
  rig.Start();
  rig.FailFlow(TransferEnd::kConnectFailed, false);
  rig.scheduler.Advance(seconds(1));
  rig.AnswerFlow(429);
  rig.scheduler.Advance(seconds(1));
  rig.Succeed();
  ASSERT_THAT(rig.requests, SizeIs(3));
  EXPECT_EQ(rig.requests[0].end, TransferEnd::kConnectFailed);
  EXPECT_EQ(rig.requests[0].http_status, 0);
  EXPECT_EQ(rig.requests[1].http_status, 429);
  EXPECT_EQ(rig.requests[2].enos_code, 0);
  EXPECT_THAT(rig.retries, ElementsAre(Reason::ENOS_UNREACHABLE, Reason::ENOS_RATE_LIMITED));
}

TEST(TriggerEvents, ResendWithAFreshToken_IsARetry) {
  TriggerRig rig;
  rig.Start();
  rig.AnswerFlow(401);
  EXPECT_THAT(rig.retries, ElementsAre(Reason::ENOS_CREDENTIALS_REFUSED));
}

TEST(TriggerEvents, LastAttempt_IsNoRetry) {
  TriggerRig::Options options;
  options.upstream.max_attempts = 1;
  TriggerRig rig(options);
  rig.Start();
  rig.AnswerFlow(429);
  EXPECT_THAT(rig.retries, IsEmpty());
}

TEST(TriggerEvents, SentAndNeverAnswered_IsReportedWhenItIsGivenUp) {
  TriggerRig rig;
  rig.Start(seconds(10), seconds(30));
  rig.http.MarkSent(rig.FlowTransfer());
  rig.scheduler.Advance(seconds(10));
  EXPECT_THAT(rig.requests, IsEmpty()) << "it still runs";
  rig.scheduler.Advance(seconds(20));
  ASSERT_THAT(rig.requests, SizeIs(1));
  EXPECT_EQ(rig.requests[0].end, std::nullopt);
  EXPECT_EQ(rig.requests[0].took, seconds(30));
}

TEST(TriggerEvents, NeverSent_IsNotReported) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.Leave(call);
  EXPECT_THAT(rig.requests, IsEmpty());
}

TEST(TriggerEvents, CallerGone_TellsWhetherTheCallRunsOn) {
  TriggerRig rig;
  TriggerRig::Call& unsent = rig.Start();
  EXPECT_FALSE(rig.trigger->CallerGone(unsent.id));
  TriggerRig::Call& sent = rig.Start();
  rig.http.MarkSent(rig.TransferOf(sent));
  EXPECT_TRUE(rig.trigger->CallerGone(sent.id));
}

}  // namespace
}  // namespace enos::gateway
