// Time that runs out, callers that go, and the process's end: one call in each of its states.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/log_capture.h"
#include "server/testing/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Where a call can be when something happens to it.
enum class State { kNoToken, kRefused, kConnecting, kBackOff, kSent };

struct Row {
  const char* name;
  State state;
  Reason at_deadline;
  Execution execution;
};

const Row kRows[] = {
    {"NoToken", State::kNoToken, Reason::ENOS_UNREACHABLE, Execution::kNotExecuted},
    {"Refused", State::kRefused, Reason::ENOS_UNREACHABLE, Execution::kNotExecuted},
    {"Connecting", State::kConnecting, Reason::ENOS_UNREACHABLE, Execution::kNotExecuted},
    {"BackOff", State::kBackOff, Reason::ENOS_RATE_LIMITED, Execution::kNotExecuted},
    {"Sent", State::kSent, Reason::ENOS_TIMEOUT, Execution::kUnknown},
};

class TriggerCallIn : public ::testing::TestWithParam<Row> {
 protected:
  static TriggerRig::Options RigOptions() {
    TriggerRig::Options options;
    options.slots = 1;
    options.with_token = GetParam().state != State::kNoToken;
    return options;
  }

  TriggerRig::Call& StartAndReach() {
    TriggerRig::Call& call = rig_.Start(seconds(2), seconds(10));
    switch (GetParam().state) {
      case State::kNoToken:
        break;
      case State::kRefused:
        rig_.AnswerFlow(401);
        rig_.scheduler.RunDue();
        break;
      case State::kConnecting:
        break;
      case State::kBackOff:
        rig_.AnswerFlow(429, "", "1");
        break;
      case State::kSent:
        rig_.http.MarkSent(rig_.FlowTransfer());
        break;
    }
    EXPECT_FALSE(call.is_done());
    return call;
  }

  bool is_sent() const { return GetParam().state == State::kSent; }

  // Whatever still happens, a call that was not sent never is.
  void ExpectNothingElseIsSent() {
    const size_t sends = rig_.Sends();
    if (!rig_.http.Running(kTokenService).empty()) rig_.GiveToken("T9");
    rig_.scheduler.Advance(seconds(60));
    EXPECT_EQ(rig_.Sends(), sends);
  }

  TriggerRig rig_{RigOptions()};
};

TEST_P(TriggerCallIn, DeadlineComes_IsToldInTime) {
  TriggerRig::Call& call = StartAndReach();
  // In a back-off the deadline can only come when the loop is late: else there would be no wait.
  if (GetParam().state == State::kBackOff) rig_.scheduler.Stall(seconds(2));
  rig_.scheduler.Advance(seconds(2) - milliseconds(1));
  EXPECT_EQ(call.is_done(), GetParam().state == State::kBackOff);
  rig_.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(call.times_done, 1);
  EXPECT_EQ(call.reason(), GetParam().at_deadline);
  EXPECT_EQ(call.error().execution, GetParam().execution);
  EXPECT_EQ(call.slot_was_free, !is_sent()) << "a transfer that goes on holds its slot";
  EXPECT_EQ(rig_.FlowTransfer() != 0, is_sent());
  ExpectNothingElseIsSent();
  EXPECT_EQ(call.times_done, 1);
  EXPECT_EQ(rig_.admission.in_flight(), 0);
}

TEST_P(TriggerCallIn, CallerGoes_OnlyWhatIsSentGoesOn) {
  TriggerRig::Call& call = StartAndReach();
  rig_.Leave(call);
  EXPECT_EQ(rig_.admission.in_flight(), is_sent() ? 1 : 0);
  EXPECT_EQ(rig_.FlowTransfer() != 0, is_sent());
  EXPECT_EQ(call.times_settled, is_sent() ? 0 : 1);
  ExpectNothingElseIsSent();
  EXPECT_FALSE(call.is_done());
  EXPECT_EQ(rig_.admission.in_flight(), 0);
  EXPECT_EQ(call.times_settled, 1);
  EXPECT_EQ(call.settled.has_value(), is_sent());
}

TEST_P(TriggerCallIn, AllEnd_IsToldWhatIsKnown) {
  TriggerRig::Call& call = StartAndReach();
  rig_.trigger->EndAll();
  EXPECT_EQ(call.reason(), is_sent() ? Reason::ENOS_TIMEOUT : Reason::GATEWAY_SHUTTING_DOWN);
  EXPECT_EQ(call.error().execution, GetParam().execution);
  EXPECT_TRUE(call.slot_was_free);
  EXPECT_EQ(rig_.FlowTransfer(), 0U);
  ExpectNothingElseIsSent();
}

TEST_P(TriggerCallIn, TriggerIsDestroyed_LeavesNothingBehind) {
  TriggerRig::Call& call = StartAndReach();
  rig_.trigger.reset();
  EXPECT_EQ(rig_.FlowTransfer(), 0U);
  ExpectNothingElseIsSent();
  EXPECT_FALSE(call.is_done());
}

TEST_P(TriggerCallIn, CallerGoesAndComesToItsEnd_ThenItIsIdle) {
  TriggerRig::Call& call = StartAndReach();
  bool idle = false;
  rig_.trigger->WhenIdle([&] { idle = true; });
  EXPECT_FALSE(idle);
  rig_.Leave(call);
  EXPECT_EQ(idle, !is_sent());
  rig_.scheduler.Advance(seconds(10));
  EXPECT_TRUE(idle);
}

INSTANTIATE_TEST_SUITE_P(All, TriggerCallIn, ::testing::ValuesIn(kRows),
                         [](const auto& test) { return test.param.name; });

TEST(TriggerCallTime, NotYetSent_DropsTheTransferAtTheDeadline) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start(seconds(1));
  rig.scheduler.Advance(seconds(1));
  EXPECT_TRUE(rig.SendsOf(call).at(0).dropped);
  EXPECT_FALSE(rig.SendsOf(call).at(0).maybe_sent);
}

TEST(TriggerCallTime, DeadlinePastAtTheStart_IsToldWithoutASend) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start(seconds(0));
  rig.scheduler.RunDue();
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(rig.Sends(), 0U);
  EXPECT_EQ(rig.admission.in_flight(), 0);
}

TEST(TriggerCallTime, TokenComesAtTheDeadline_IsNotSent) {
  TriggerRig::Options options;
  options.with_token = false;
  TriggerRig rig(options);
  TriggerRig::Call& call = rig.Start(seconds(1));
  rig.scheduler.Stall(seconds(1));
  rig.GiveToken("T1");
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(rig.Sends(), 0U);
}

TEST(TriggerCallTime, NoDeadline_EndsWithTheUpstreamTimeout) {
  TriggerRig rig;
  TriggerRig::Call& call = rig.Start(seconds(30), seconds(30));
  rig.http.MarkSent(rig.FlowTransfer());
  rig.scheduler.Advance(seconds(30));
  EXPECT_EQ(call.reason(), Reason::ENOS_TIMEOUT);
  EXPECT_EQ(call.error().execution, Execution::kUnknown);
  EXPECT_TRUE(call.slot_was_free);
  EXPECT_TRUE(rig.SendsOf(call).at(0).dropped);
}

// -- Results that come too late for the caller.

enum class Gone { kDeadline, kCancelled };

class LateResult : public ::testing::TestWithParam<Gone> {
 protected:
  // A call that was sent, and whose caller is gone; two seconds have passed.
  TriggerRig::Call& SentAndLeft() {
    TriggerRig::Call& call = rig_.Start(seconds(2), seconds(10));
    rig_.http.MarkSent(rig_.FlowTransfer());
    if (GetParam() == Gone::kCancelled) rig_.Leave(call);
    rig_.scheduler.Advance(seconds(2));
    EXPECT_EQ(call.is_done(), GetParam() == Gone::kDeadline);
    EXPECT_EQ(rig_.admission.in_flight(), 1);
    log_ = std::make_unique<LogCapture>();
    return call;
  }

  void ExpectEnded(const TriggerRig::Call& call) {
    EXPECT_EQ(rig_.admission.in_flight(), 0);
    EXPECT_EQ(rig_.FlowTransfer(), 0U);
    EXPECT_EQ(call.times_done, GetParam() == Gone::kDeadline ? 1 : 0);
    rig_.scheduler.Advance(seconds(60));
    EXPECT_EQ(rig_.Sends(), 1U) << "nobody waits: it is not sent again";
  }

  TriggerRig rig_;
  std::unique_ptr<LogCapture> log_;
};

TEST_P(LateResult, Success_IsLoggedWithFlowAndInstance) {
  TriggerRig::Call& call = SentAndLeft();
  rig_.Succeed();
  EXPECT_THAT(log_->Lines(),
              Contains(AllOf(StartsWith("warning flow started after its caller was gone"),
                             HasSubstr("flow_id=3377"), HasSubstr("request_id=request-1"),
                             HasSubstr("flow_instance_id=3377-19700101000000"))));
  ExpectEnded(call);
}

TEST_P(LateResult, Refusal_IsLoggedAndNotSentAgain) {
  for (const int status : {401, 429, 503}) {
    const size_t sends = rig_.Sends();
    TriggerRig::Call& call = SentAndLeft();
    rig_.AnswerFlow(status);
    EXPECT_THAT(log_->Lines(),
                Contains(AllOf(StartsWith("warning call ended after its caller was gone"),
                               HasSubstr("flow_id=3377"), HasSubstr("execution="))));
    EXPECT_EQ(rig_.admission.in_flight(), 0);
    rig_.scheduler.Advance(seconds(60));
    EXPECT_EQ(rig_.Sends(), sends + 1);
    EXPECT_LE(call.times_done, 1);
    log_.reset();
  }
}

TEST_P(LateResult, LostConnection_IsLogged) {
  TriggerRig::Call& call = SentAndLeft();
  rig_.FailFlow(TransferEnd::kConnectionLost, true);
  EXPECT_THAT(log_->Lines(), Contains(AllOf(HasSubstr("flow_id=3377"), StartsWith("warning"),
                                            HasSubstr("execution=UNKNOWN"))));
  ExpectEnded(call);
}

TEST_P(LateResult, NeverComes_IsLoggedAtTheEndOfItsTime) {
  TriggerRig::Call& call = SentAndLeft();
  rig_.scheduler.Advance(seconds(8) - milliseconds(1));
  EXPECT_THAT(log_->Lines(), IsEmpty());
  EXPECT_EQ(rig_.admission.in_flight(), 1) << "counted in flight all the time";
  rig_.scheduler.Advance(milliseconds(1));
  EXPECT_THAT(log_->Lines(), Contains(AllOf(StartsWith("warning"), HasSubstr("flow_id=3377"),
                                            HasSubstr("reason=ENOS_TIMEOUT"))));
  EXPECT_TRUE(rig_.SendsOf(call).at(0).dropped);
  ExpectEnded(call);
}

TEST_P(LateResult, AllEndBeforeIt_IsLogged) {
  TriggerRig::Call& call = SentAndLeft();
  rig_.trigger->EndAll();
  EXPECT_THAT(log_->Lines(), Contains(AllOf(StartsWith("warning"), HasSubstr("flow_id=3377"),
                                            HasSubstr("execution=UNKNOWN"))));
  ExpectEnded(call);
}

TEST_P(LateResult, CallerGoesAgain_ChangesNothing) {
  TriggerRig::Call& call = SentAndLeft();
  rig_.Leave(call);
  rig_.Leave(call);
  EXPECT_EQ(rig_.admission.in_flight(), 1);
  rig_.Succeed();
  ExpectEnded(call);
}

INSTANTIATE_TEST_SUITE_P(All, LateResult, ::testing::Values(Gone::kDeadline, Gone::kCancelled),
                         [](const auto& test) {
                           return test.param == Gone::kDeadline ? "Deadline" : "Cancelled";
                         });

}  // namespace
}  // namespace enos::gateway
