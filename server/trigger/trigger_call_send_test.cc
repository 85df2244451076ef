// What is sent, how often, and what the caller is told: one call over a rig, nobody in a hurry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/secret_mask.h"
#include "server/testing/sha256.h"
#include "server/testing/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

// The signed headers of a send, computed again from what else is known of it.
void ExpectSigned(const FakeHttpClient::Sent& sent, const TriggerRig::Call& call,
                  const std::string& token, WallTime at) {
  const std::string timestamp =
      std::to_string(std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count());
  EXPECT_EQ(sent.Header("apim-accesstoken"), token);
  EXPECT_EQ(sent.Header("apim-timestamp"), timestamp);
  EXPECT_EQ(sent.Header("apim-signature"),
            IndependentSha256Hex(token + "actionupdateAndTriggerorgIdo rguserIdcaller" +
                                 std::to_string(call.number) +
                                 R"({"flowId":3377,"triggerTime":1,"parameters":[]})" + timestamp +
                                 "secret-key"));
}

TEST(TriggerCallSend, Success_IsOneSend) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  ASSERT_EQ(rig.Sends(), 1U);
  const FakeHttpClient::Sent sent = rig.SendsOf(call).at(0);
  EXPECT_EQ(sent.request.path_and_query,
            "/dataflow-batch-service/v2.0/flows"
            "?action=updateAndTrigger&orgId=o%20rg&userId=caller1");
  EXPECT_EQ(sent.Header("Content-Type"), "application/json;charset=UTF-8");
  EXPECT_EQ(sent.body(), R"({"flowId":3377,"triggerTime":1,"parameters":[]})");
  ExpectSigned(sent, call, "T1", FakeScheduler::kWallStart);
  EXPECT_FALSE(call.is_done());
  rig.Succeed();
  EXPECT_EQ(call.instance_id(), "3377-19700101000000");
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(rig.scheduler.pending(), 2U) << "the token's timers only";
}

TEST(TriggerCallSend, ApiVersion21_HasItsPath) {
  TriggerRig::Options options;
  options.trigger.api_version = ApiVersion::kV21;
  TriggerRig rig(options);
  rig.Start();
  EXPECT_THAT(rig.http.last().request.path_and_query,
              ::testing::StartsWith("/batch-processing-service/v2.1/flows?action="));
}

TEST(TriggerCallSend, NoTokenYet_WaitsForIt) {
  TriggerRig::Options options;
  options.with_token = false;
  TriggerRig rig(options);
  TriggerRig::Call& call = rig.Start();
  EXPECT_EQ(rig.Sends(), 0U);
  rig.scheduler.Advance(seconds(2));
  rig.GiveToken("T7");
  ExpectSigned(rig.SendsOf(call).at(0), call, "T7", FakeScheduler::kWallStart + seconds(2));
  rig.Succeed();
  EXPECT_NE(call.instance_id(), "");
}

TEST(TriggerCallSend, NoTokenToBeHad_IsUnreachable) {
  TriggerRig::Options options;
  options.with_token = false;
  TriggerRig rig(options);
  TriggerRig::Call& call = rig.Start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(call.is_done());
    rig.BreakToken();
    rig.scheduler.Advance(milliseconds(500));
  }
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(call.error().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.error().retry_after, milliseconds(1000)) << "a wait makes sense";
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST(TriggerCallSend, TokenServiceRefusesTheKeys_IsToldAtOnce) {
  TriggerRig::Options options;
  options.with_token = false;
  TriggerRig rig(options);
  TriggerRig::Call& call = rig.Start();
  rig.http.AnswerNext(200, TokenErrorJson(1003));
  EXPECT_EQ(call.reason(), Reason::ENOS_CREDENTIALS_REFUSED);
  EXPECT_EQ(call.error().retry_after, std::nullopt) << "waiting is no use";
  EXPECT_EQ(rig.Sends(), 0U);
}

// -- Refused for its token.

struct Refusal {
  const char* name;
  int status;
  std::string body;
};

std::string NameOf(const ::testing::TestParamInfo<Refusal>& test) { return test.param.name; }

class TokenRefusal : public ::testing::TestWithParam<Refusal> {
 protected:
  void Refuse(TriggerRig& rig) { rig.AnswerFlow(GetParam().status, GetParam().body); }
};

TEST_P(TokenRefusal, Once_IsSentAgainWithAFreshToken) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.scheduler.Advance(seconds(1));
  Refuse(rig);
  EXPECT_EQ(rig.Sends(), 1U);
  rig.scheduler.Advance(seconds(1));
  rig.GiveToken("T2");
  ASSERT_EQ(rig.Sends(), 2U);
  ExpectSigned(rig.SendsOf(call).at(0), call, "T1", FakeScheduler::kWallStart);
  ExpectSigned(rig.SendsOf(call).at(1), call, "T2", FakeScheduler::kWallStart + seconds(2));
  rig.Succeed();
  EXPECT_NE(call.instance_id(), "");
}

TEST_P(TokenRefusal, Twice_IsFinal) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  Refuse(rig);
  rig.scheduler.RunDue();
  rig.GiveToken("T2");
  Refuse(rig);
  EXPECT_EQ(call.reason(), Reason::ENOS_CREDENTIALS_REFUSED);
  EXPECT_EQ(call.error().code, absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 2U);
}

TEST_P(TokenRefusal, ManyAtOnce_CauseOneRenewal) {
  TriggerRig rig;
  for (int i = 0; i < 100; ++i) rig.Start();
  for (int i = 0; i < 100; ++i) Refuse(rig);
  rig.scheduler.RunDue();
  rig.GiveToken("T1");
  rig.GiveToken("T2");
  EXPECT_EQ(rig.http.CountOf(kTokenService), 3U) << "the first get, one get, one refresh";
  EXPECT_EQ(rig.Sends(), 200U);
  for (int i = 0; i < 100; ++i) rig.Succeed();
  for (const TriggerRig::Call& call : rig.calls) EXPECT_NE(call.instance_id(), "");
}

// The fake clock is at Tue, 14 Nov 2023 22:13:20.123 GMT.
TEST_P(TokenRefusal, DateAnHourAhead_IsSignedWithTheCorrectedTime) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(GetParam().status, GetParam().body, "", "Tue, 14 Nov 2023 23:13:20 GMT");
  rig.scheduler.RunDue();
  rig.GiveToken("T2");
  const auto sends = rig.SendsOf(call);
  ASSERT_EQ(sends.size(), 2U);
  EXPECT_EQ(sends[0].Header("apim-timestamp"), "1700000000123");
  EXPECT_EQ(sends[1].Header("apim-timestamp"), "1700003600123");
  rig.Succeed();
  EXPECT_NE(call.instance_id(), "");
}

INSTANTIATE_TEST_SUITE_P(All, TokenRefusal,
                         ::testing::Values(Refusal{"Http401", 401, ""},
                                           Refusal{"Code401", 200, FlowErrorJson(401)},
                                           Refusal{"Code497", 200, FlowErrorJson(497)},
                                           Refusal{"Code1203", 200, FlowErrorJson(1203)}),
                         NameOf);

TEST(TriggerCallSend, OtherAnswersDate_CorrectsNothing) {
  TriggerRig rig;
  for (const int status : {403, 429, 500, 200}) {
    rig.Start(milliseconds(10));
    rig.AnswerFlow(status, "", "", "Tue, 14 Nov 2023 23:13:20 GMT");
  }
  EXPECT_EQ(rig.clock.Now(), rig.scheduler.WallNow());
}

TEST(TriggerCallSend, AnswersDateAgreesAgain_EndsTheCorrection) {
  TriggerRig rig;
  ASSERT_TRUE(rig.clock.OnRefusal("Tue, 14 Nov 2023 23:13:20 GMT"));
  rig.Start();
  rig.AnswerFlow(200, std::string(kStartedJson), "", "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(rig.clock.Now(), rig.scheduler.WallNow());
}

TEST(TriggerCallSend, RefusedForItsToken_NoFreshOneToBeHad_IsNotExecuted) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(401);
  rig.scheduler.RunDue();
  for (int i = 0; i < 3; ++i) {
    rig.BreakToken();
    rig.scheduler.Advance(milliseconds(500));
  }
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(rig.Sends(), 1U);
}

TEST(TriggerCallSend, FreshToken_DoesNotCountAsAnAttempt) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(429);
  rig.scheduler.Advance(seconds(1));
  rig.AnswerFlow(401);
  rig.scheduler.RunDue();
  rig.GiveToken("T2");
  rig.AnswerFlow(429);
  rig.scheduler.Advance(seconds(1));
  EXPECT_EQ(rig.Sends(), 4U);
  rig.AnswerFlow(429);
  EXPECT_EQ(call.reason(), Reason::ENOS_RATE_LIMITED);
  EXPECT_EQ(rig.Sends(), 4U);
}

// -- Final answers: whatever comes, nothing is sent again.

class FinalAnswer : public ::testing::TestWithParam<Refusal> {};

TEST_P(FinalAnswer, IsToldAndNeverSentAgain) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(GetParam().status, GetParam().body);
  EXPECT_EQ(call.times_done, 1);
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(call.times_done, 1);
}

INSTANTIATE_TEST_SUITE_P(
    All, FinalAnswer,
    ::testing::Values(Refusal{"NoTask", 200, FlowErrorJson(62104)}, Refusal{"Http400", 400, ""},
                      Refusal{"Http403", 403, ""}, Refusal{"Http500", 500, ""},
                      Refusal{"Http502", 502, ""}, Refusal{"Http503", 503, ""},
                      Refusal{"Http504", 504, ""}, Refusal{"Code503", 200, FlowErrorJson(503)},
                      Refusal{"Code62109", 200, FlowErrorJson(62109)},
                      Refusal{"UnknownCode", 200, FlowErrorJson(31337)}, Refusal{"Empty", 200, ""},
                      Refusal{"Html", 200, "<html>"}, Refusal{"Redirect", 302, ""},
                      Refusal{"NoInstanceId", 200, R"({"status":0})"}),
    NameOf);

class SentAndLost : public ::testing::TestWithParam<TransferEnd> {};

TEST_P(SentAndLost, IsUnknownAndNeverSentAgain) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.FailFlow(GetParam(), true);
  EXPECT_EQ(call.error().execution, Execution::kUnknown);
  rig.scheduler.Advance(seconds(60));
  EXPECT_EQ(rig.Sends(), 1U);
}

INSTANTIATE_TEST_SUITE_P(All, SentAndLost,
                         ::testing::Values(TransferEnd::kNameNotResolved,
                                           TransferEnd::kConnectFailed,
                                           TransferEnd::kConnectTimeout, TransferEnd::kTlsFailed,
                                           TransferEnd::kConnectionLost, TransferEnd::kMalformed,
                                           TransferEnd::kTooLarge),
                         [](const auto& test) { return NameOf(test.param); });

TEST(TriggerCallSend, TextsFromEnos_ShowNoSecret) {
  RegisterSecret("secret-key", SecretLife::kForever);
  RegisterSecret("an-older-token");
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(200, R"({"code":62104,"msg":"an-older-token and secret-key"})");
  EXPECT_EQ(call.error().enos_message, "*** and ***");
  EXPECT_THAT(call.error().message, Not(HasSubstr("secret-key")));
}

}  // namespace
}  // namespace enos::gateway
