// Runs that are read and ended: what is sent, what the caller is told, and how calls end.
#include "server/runs/flow_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/runs_rig.h"
#include "server/testing/sha256.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::StartsWith;

void ExpectSigned(const FakeHttpClient::Sent& sent, const std::string& query,
                  const std::string& token = "T1") {
  const std::string timestamp = sent.Header("apim-timestamp");
  EXPECT_EQ(timestamp, "1700000000123");
  EXPECT_EQ(sent.Header("apim-accesstoken"), token);
  EXPECT_EQ(sent.Header("apim-signature"),
            IndependentSha256Hex(token + query + sent.body() + timestamp + "secret-key"));
}

TEST(FlowRunsGet, Success_IsOneSignedGet) {
  RunsRig rig;
  RunsRig::Call& call = rig.Get();
  ASSERT_EQ(rig.Sends(), 1U);
  const FakeHttpClient::Sent sent = rig.http.last();
  EXPECT_EQ(sent.request.path_and_query,
            "/dataflow-batch-service/v2.0/flowInstances"
            "?action=get&flowInstId=3377-run1&orgId=o%20rg&userId=user");
  EXPECT_EQ(sent.request.body, nullptr);
  ExpectSigned(sent, "actiongetflowInstId3377-run1orgIdo rguserIduser");
  EXPECT_FALSE(call.is_done());
  rig.TellRun(2, R"(,"flowName":"nightly")");
  ASSERT_TRUE(call.succeeded());
  EXPECT_EQ(call.answer.instance.flow_instance_id(), "3377-run1");
  EXPECT_EQ(call.answer.instance.state(), dataflow::v1::FLOW_INSTANCE_STATE_RUNNING);
  EXPECT_EQ(call.answer.instance.flow_name(), "nightly");
  EXPECT_EQ(call.answer.enos_request_id, "r-1");
  EXPECT_EQ(rig.ZoneSends(), 0U) << "there are no times to read";
  EXPECT_EQ(rig.reads, 1);
  EXPECT_EQ(call.record->attempts, 1);
  EXPECT_EQ(call.record->http_status, 200);
}

TEST(FlowRunsGet, Request_IsReportedAsARead) {
  RunsRig rig;
  rig.Get();
  rig.scheduler.Advance(milliseconds(70));
  rig.TellRun();
  ASSERT_EQ(rig.requests.size(), 1U);
  EXPECT_EQ(rig.requests[0].operation, UpstreamOperation::kGetInstance);
  EXPECT_EQ(rig.requests[0].took, milliseconds(70));
}

TEST(FlowRunsGet, RefusedAnswer_IsNoRead) {
  RunsRig rig;
  rig.Get();
  rig.AnswerRun(404);
  EXPECT_EQ(rig.reads, 0);
}

TEST(FlowRunsGet, ApiVersion21_HasItsPath) {
  RunsRig::Options options;
  options.runs.api_version = ApiVersion::kV21;
  RunsRig rig(options);
  for (const bool get : {true, false}) {
    get ? rig.Get() : rig.Cancel();
    EXPECT_THAT(rig.http.last().request.path_and_query,
                StartsWith("/batch-processing-service/v2.1/flowInstances?action="));
  }
}

TEST(FlowRunsGet, AnotherRunsState_IsMalformed) {
  RunsRig rig;
  RunsRig::Call& call = rig.Get();
  rig.AnswerRun(200, RunJson("3377-run2", 1));
  EXPECT_EQ(call.reason(), Reason::ENOS_MALFORMED_RESPONSE);
}

TEST(FlowRunsGet, NothingIsKnown_IsNotFound) {
  RunsRig rig;
  RunsRig::Call& call = rig.Get();
  rig.AnswerRun(200, R"({"code":0,"msg":"OK","data":{}})");
  EXPECT_EQ(call.reason(), Reason::ENOS_NOT_FOUND);
  EXPECT_EQ(call.error().code, absl::StatusCode::kNotFound);
}

TEST(FlowRunsCancel, Success_IsOneSignedPost) {
  RunsRig rig;
  RunsRig::Call& call = rig.Cancel();
  ASSERT_EQ(rig.Sends(), 1U);
  const FakeHttpClient::Sent sent = rig.http.last();
  EXPECT_EQ(sent.request.path_and_query,
            "/dataflow-batch-service/v2.0/flowInstances?action=cancel&orgId=o%20rg&userId=user");
  ASSERT_NE(sent.request.body, nullptr);
  EXPECT_EQ(sent.body(), R"({"flowInstId":"3377-run1"})");
  ExpectSigned(sent, "actioncancelorgIdo rguserIduser");
  rig.AnswerRun(200, R"({"code":0,"msg":"OK","requestId":"r-2","data":""})");
  EXPECT_TRUE(call.succeeded());
  EXPECT_EQ(call.accepted.enos_request_id, "r-2");
  EXPECT_EQ(rig.Sends(), 1U);
  ASSERT_EQ(rig.requests.size(), 1U);
  EXPECT_EQ(rig.requests[0].operation, UpstreamOperation::kCancelInstance);
}

TEST(FlowRunsCancel, AnyData_IsSuccess) {
  for (const char* data : {R"("")", "null", "{}", R"({"x":1})", "true"}) {
    RunsRig rig;
    RunsRig::Call& call = rig.Cancel();
    rig.AnswerRun(200, std::string(R"({"status":0,"data":)") + data + "}");
    EXPECT_TRUE(call.succeeded()) << data;
  }
}

TEST(FlowRunsCancel, SentAgain_HasTheSameBodyAndASignatureOfItsOwn) {
  RunsRig rig;
  RunsRig::Call& call = rig.Cancel();
  rig.AnswerRun(503);
  rig.scheduler.Advance(milliseconds(50));
  ASSERT_EQ(rig.Sends(), 2U);
  EXPECT_EQ(rig.http.last().body(), R"({"flowInstId":"3377-run1"})");
  EXPECT_EQ(rig.http.last().Header("apim-timestamp"), "1700000000173");
  rig.TellRun();
  EXPECT_TRUE(call.succeeded());
}

TEST(FlowRunsCancel, OfARunThatHasEnded_MayBeRepeated) {
  RunsRig rig;
  for (int i = 0; i < 2; ++i) {
    RunsRig::Call& call = rig.Cancel();
    rig.TellRun();
    EXPECT_TRUE(call.succeeded());
  }
  EXPECT_EQ(rig.Sends(), 2U);
}

TEST(FlowRunsCall, CallersTrace_GoesAlong) {
  RunsRig rig;
  RunJob job;
  job.request.target = RunOf(1);
  job.request.headers = {"traceparent: 00-1-2-01"};
  job.request.answer_by = rig.scheduler.Now() + seconds(1);
  rig.runs->Get(std::move(job), [](const InstanceResult&) {});
  EXPECT_EQ(rig.http.last().Header("traceparent"), "00-1-2-01");
}

// The rest holds for both kinds of calls.
class FlowRunsCall : public ::testing::TestWithParam<bool> {
 protected:
  static RunsRig::Call& Start(RunsRig& rig, Duration answer_in = seconds(10)) {
    return GetParam() ? rig.Get(RunOf(1), answer_in) : rig.Cancel(RunOf(1), answer_in);
  }
};

TEST_P(FlowRunsCall, Slots_AreFreeBeforeItsCallerIsTold) {
  RunsRig rig;
  RunsRig::Call& good = Start(rig);
  EXPECT_EQ(rig.admission.in_flight(), 1);
  rig.TellRun();
  EXPECT_TRUE(good.slots_were_free);
  RunsRig::Call& bad = Start(rig);
  rig.AnswerRun(404);
  EXPECT_TRUE(bad.slots_were_free);
  RunsRig::Call& late = Start(rig);
  rig.scheduler.Advance(seconds(10));
  EXPECT_TRUE(late.slots_were_free);
  RunsRig::Call& open = Start(rig);
  rig.runs->EndAll();
  EXPECT_TRUE(open.slots_were_free);
  RunsRig::Call& after = Start(rig);
  EXPECT_TRUE(after.slots_were_free);
}

TEST_P(FlowRunsCall, CallsAgainFromWithinDone) {
  RunsRig rig;
  RunsRig::Call& first = Start(rig);
  first.then = [&rig] { Start(rig); };
  rig.TellRun();
  EXPECT_TRUE(first.succeeded());
  rig.TellRun();
  EXPECT_TRUE(rig.calls[1].succeeded());
}

TEST_P(FlowRunsCall, CallerGone_DropsTheTransfer) {
  for (const bool sent : {false, true}) {
    RunsRig rig;
    RunsRig::Call& call = Start(rig);
    const TransferId transfer = rig.RunTransfer();
    if (sent) rig.http.MarkSent(transfer);
    const size_t timers = rig.scheduler.pending();
    rig.runs->CallerGone(call.id);
    EXPECT_TRUE(rig.http.at(transfer).dropped);
    EXPECT_EQ(rig.admission.in_flight(), 0);
    EXPECT_EQ(rig.scheduler.pending(), timers - 1);
    rig.scheduler.Advance(seconds(60));
    EXPECT_FALSE(call.is_done());
    EXPECT_EQ(rig.Sends(), 1U);
    rig.runs->CallerGone(call.id);  // is ignored
  }
}

TEST_P(FlowRunsCall, CallerGoneDuringAWait_IsNotSentAgain) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig);
  rig.AnswerRun(502);
  rig.runs->CallerGone(call.id);
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_FALSE(call.is_done());
}

TEST_P(FlowRunsCall, CallerOfACallThatEnded_IsIgnored) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig);
  rig.TellRun();
  rig.runs->CallerGone(call.id);
  EXPECT_EQ(call.times_done, 1);
}

TEST_P(FlowRunsCall, EndAll_AnswersEach) {
  RunsRig rig;
  for (int i = 0; i < 3; ++i) Start(rig);
  rig.http.MarkSent(rig.RunTransfer());
  rig.calls[0].then = [&rig] { Start(rig); };  // in the middle of it
  rig.runs->EndAll();
  ASSERT_EQ(rig.calls.size(), 4U);
  for (const RunsRig::Call& call : rig.calls) {
    EXPECT_EQ(call.times_done, 1);
    EXPECT_EQ(call.reason(), Reason::GATEWAY_SHUTTING_DOWN);
  }
  EXPECT_TRUE(rig.http.Running(kInstances).empty());
  EXPECT_EQ(rig.admission.in_flight(), 0);
}

TEST_P(FlowRunsCall, AfterEndAll_IsRefusedAtOnce) {
  RunsRig rig;
  rig.runs->EndAll();
  EXPECT_EQ(Start(rig).reason(), Reason::GATEWAY_SHUTTING_DOWN);
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST_P(FlowRunsCall, Destroyed_LeavesNothingBehind) {
  RunsRig rig;
  const size_t timers = rig.scheduler.pending();
  Start(rig);
  Start(rig);
  rig.AnswerRun(503);
  rig.runs.reset();
  EXPECT_EQ(rig.scheduler.pending(), timers);
  EXPECT_TRUE(rig.http.Running(kInstances).empty());
  EXPECT_EQ(rig.admission.in_flight(), 0);
}

TEST_P(FlowRunsCall, SentAndNotAnsweredInTime) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig, seconds(2));
  const TransferId transfer = rig.RunTransfer();
  rig.http.MarkSent(transfer);
  rig.scheduler.Advance(milliseconds(1999));
  EXPECT_FALSE(call.is_done());
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(call.reason(), Reason::ENOS_TIMEOUT);
  EXPECT_EQ(call.error().code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(rig.http.at(transfer).dropped);
  ASSERT_EQ(rig.requests.size(), 1U);
  EXPECT_EQ(rig.requests[0].end, std::nullopt);
}

TEST_P(FlowRunsCall, NotSentInTime) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig, seconds(2));
  rig.scheduler.Advance(seconds(2));
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(call.error().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.error().retry_after, seconds(1));
}

TEST_P(FlowRunsCall, NoTokenInTime) {
  RunsRig::Options options;
  options.with_token = false;
  RunsRig rig(options);
  RunsRig::Call& call = Start(rig, seconds(2));
  rig.scheduler.Advance(seconds(2));
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST_P(FlowRunsCall, NoTokenYet_WaitsForIt) {
  RunsRig::Options options;
  options.with_token = false;
  RunsRig rig(options);
  RunsRig::Call& call = Start(rig);
  EXPECT_EQ(rig.Sends(), 0U);
  rig.GiveToken("T1");
  rig.scheduler.RunDue();
  rig.TellRun();
  EXPECT_TRUE(call.succeeded());
}

TEST_P(FlowRunsCall, NoTimeAtAll_IsNotSent) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig, seconds(0));
  rig.scheduler.RunDue();
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(rig.Sends(), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, FlowRunsCall, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Get" : "Cancel"; });

}  // namespace
}  // namespace enos::gateway
