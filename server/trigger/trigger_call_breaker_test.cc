// Calls to an EnOS that is down: what counts as that, what is not sent then, and how it ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "server/testing/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = CircuitBreaker::State;

// One send of each call, so that rows are easy to count; it opens for 750 ms, then for twice that.
TriggerRig::Options OneSendEach() {
  TriggerRig::Options options;
  options.upstream.max_attempts = 1;
  return options;
}

void Refuse(TriggerRig& rig) { rig.FailFlow(TransferEnd::kConnectFailed, false); }

void OpenBreaker(TriggerRig& rig) {
  for (int i = 0; i < 10; ++i) {
    rig.Start();
    Refuse(rig);
  }
  ASSERT_EQ(rig.breaker.state(), State::kOpen);
}

void ExpectNotSent(const TriggerRig& rig, const TriggerRig::Call& call) {
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(call.error().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.error().execution, Execution::kNotExecuted);
  EXPECT_TRUE(call.slot_was_free);
  EXPECT_TRUE(rig.SendsOf(call).empty());
}

struct Ending {
  const char* name;
  TransferEnd end;  // kAnswered: with what follows
  bool maybe_sent;
  int status;
  std::string body;
  State after;  // ten of these in a row
  State after_probe;
};

const Ending kEndings[] = {
    {"NameNotResolved", TransferEnd::kNameNotResolved, false, 0, "", State::kOpen, State::kOpen},
    {"ConnectFailed", TransferEnd::kConnectFailed, false, 0, "", State::kOpen, State::kOpen},
    {"ConnectTimeout", TransferEnd::kConnectTimeout, false, 0, "", State::kOpen, State::kOpen},
    {"TlsFailed", TransferEnd::kTlsFailed, false, 0, "", State::kOpen, State::kOpen},
    {"LostUnsent", TransferEnd::kConnectionLost, false, 0, "", State::kOpen, State::kOpen},
    {"Http503", TransferEnd::kAnswered, true, 503, "", State::kOpen, State::kOpen},
    {"Code503", TransferEnd::kAnswered, true, 200, FlowErrorJson(503), State::kOpen, State::kOpen},
    {"Lost", TransferEnd::kConnectionLost, true, 0, "", State::kClosed, State::kOpen},
    {"NoHttp", TransferEnd::kMalformed, true, 0, "", State::kClosed, State::kOpen},
    {"TooLarge", TransferEnd::kTooLarge, true, 0, "", State::kClosed, State::kOpen},
    {"Success", TransferEnd::kAnswered, true, 200, std::string(kStartedJson), State::kClosed,
     State::kClosed},
    {"Http429", TransferEnd::kAnswered, true, 429, "", State::kClosed, State::kClosed},
    {"Http500", TransferEnd::kAnswered, true, 500, "", State::kClosed, State::kClosed},
    {"Http502", TransferEnd::kAnswered, true, 502, "", State::kClosed, State::kClosed},
    {"Http504", TransferEnd::kAnswered, true, 504, "", State::kClosed, State::kClosed},
    {"NoTask", TransferEnd::kAnswered, true, 200, FlowErrorJson(62104), State::kClosed,
     State::kClosed},
    {"CodeUnder503", TransferEnd::kAnswered, true, 503, FlowErrorJson(62104), State::kClosed,
     State::kClosed},
    {"Malformed", TransferEnd::kAnswered, true, 200, "<html>", State::kClosed, State::kClosed},
};

class BreakerVerdict : public ::testing::TestWithParam<Ending> {
 protected:
  static void End(TriggerRig& rig) {
    if (GetParam().end == TransferEnd::kAnswered) {
      rig.AnswerFlow(GetParam().status, GetParam().body);
    } else {
      rig.FailFlow(GetParam().end, GetParam().maybe_sent);
    }
  }
};

TEST_P(BreakerVerdict, TenInARow) {
  TriggerRig rig(OneSendEach());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(rig.breaker.state(), State::kClosed);
    rig.Start();
    End(rig);
  }
  EXPECT_EQ(rig.breaker.state(), GetParam().after);
}

TEST_P(BreakerVerdict, OfTheProbe) {
  TriggerRig rig(OneSendEach());
  OpenBreaker(rig);
  rig.scheduler.Advance(milliseconds(750));
  rig.Start();
  End(rig);
  EXPECT_EQ(rig.breaker.state(), GetParam().after_probe);
}

INSTANTIATE_TEST_SUITE_P(All, BreakerVerdict, ::testing::ValuesIn(kEndings),
                         [](const auto& test) { return test.param.name; });

// Of what was sent.
class LateBreakerVerdict : public BreakerVerdict {};

TEST_P(LateBreakerVerdict, OfTheProbeWhoseCallerIsGone) {
  TriggerRig rig(OneSendEach());
  OpenBreaker(rig);
  rig.scheduler.Advance(milliseconds(750));
  TriggerRig::Call& probe = rig.Start();
  rig.http.MarkSent(rig.TransferOf(probe));
  rig.Leave(probe);
  ExpectNotSent(rig, rig.Start());
  End(rig);
  EXPECT_EQ(rig.breaker.state(), GetParam().after_probe);
}

std::vector<Ending> SentEndings() {
  std::vector<Ending> sent;
  std::copy_if(std::begin(kEndings), std::end(kEndings), std::back_inserter(sent),
               [](const Ending& ending) { return ending.maybe_sent; });
  return sent;
}

INSTANTIATE_TEST_SUITE_P(All, LateBreakerVerdict, ::testing::ValuesIn(SentEndings()),
                         [](const auto& test) { return test.param.name; });

TEST(TriggerCallBreaker, Open_CallIsRefusedWithTheTimeUntilTheNextProbe) {
  TriggerRig rig(OneSendEach());
  OpenBreaker(rig);
  rig.scheduler.Advance(milliseconds(250));
  const TriggerRig::Call& call = rig.Start();
  ExpectNotSent(rig, call);
  EXPECT_EQ(call.error().retry_after, milliseconds(500));
}

TEST(TriggerCallBreaker, Open_CallDoesNotWaitForATokenEither) {
  TriggerRig::Options options = OneSendEach();
  options.with_token = false;
  options.breaker.first = seconds(10);
  TriggerRig rig(options);
  rig.GiveToken("T1", 1);
  OpenBreaker(rig);
  rig.scheduler.Advance(seconds(1));
  ASSERT_EQ(rig.tokens.Current(), nullptr);
  ExpectNotSent(rig, rig.Start());
}

// The tenth failure is its own call's first: that one is not tried again while it is open.
TEST(TriggerCallBreaker, Opens_TheCallThatFailedIsToldAtOnce) {
  TriggerRig rig;
  std::vector<TriggerRig::Call*> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(&rig.Start());
  for (int i = 0; i < 10; ++i) Refuse(rig);
  EXPECT_FALSE(calls[8]->is_done());
  ASSERT_TRUE(calls[9]->is_done());
  EXPECT_EQ(calls[9]->reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(calls[9]->error().retry_after, seconds(1)) << "never less than otherwise";
}

TEST(TriggerCallBreaker, OpensWhileACallBacksOff_ItIsToldItsOwnLastFailure) {
  TriggerRig rig;
  TriggerRig::Call& limited = rig.Start();
  rig.AnswerFlow(429);
  for (int i = 0; i < 10; ++i) rig.Start();
  for (int i = 0; i < 10; ++i) Refuse(rig);
  ASSERT_EQ(rig.breaker.state(), State::kOpen);
  const size_t sends = rig.Sends();
  rig.scheduler.Advance(milliseconds(50));
  EXPECT_EQ(limited.reason(), Reason::ENOS_RATE_LIMITED);
  EXPECT_EQ(limited.error().execution, Execution::kNotExecuted);
  EXPECT_EQ(limited.error().retry_after, seconds(1));
  EXPECT_EQ(rig.Sends(), sends);
  for (const TriggerRig::Call& call : rig.calls) EXPECT_TRUE(call.is_done()) << call.number;
}

TEST(TriggerCallBreaker, BackOffThatEndsAfterTheRest_IsSentAsTheProbe) {
  TriggerRig rig;
  for (int i = 0; i < 9; ++i) {
    rig.Start(milliseconds(60));  // too short to be tried again
    Refuse(rig);
  }
  TriggerRig::Call& call = rig.Start();
  TriggerRig::Call& other = rig.Start(milliseconds(60));
  rig.http.Fail(rig.TransferOf(other), TransferEnd::kConnectFailed, false);
  ASSERT_EQ(rig.breaker.state(), State::kOpen);
  rig.http.Answer(rig.TransferOf(call), 429, "", "1");
  EXPECT_FALSE(call.is_done());
  rig.scheduler.Advance(seconds(1));
  EXPECT_EQ(rig.breaker.state(), State::kHalfOpen);
  rig.Succeed();
  EXPECT_NE(call.instance_id(), "");
  EXPECT_EQ(rig.breaker.state(), State::kClosed);
}

TEST(TriggerCallBreaker, OpensWhileACallWaitsForAFreshToken_ItIsNotSent) {
  TriggerRig rig(OneSendEach());
  TriggerRig::Call& call = rig.Start();
  rig.AnswerFlow(401);
  OpenBreaker(rig);
  rig.scheduler.RunDue();
  rig.GiveToken("T2");
  EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
  EXPECT_EQ(rig.SendsOf(call).size(), 1U);
}

TEST(TriggerCallBreaker, TokenServiceDown_DoesNotOpenIt) {
  TriggerRig::Options options = OneSendEach();
  options.with_token = false;
  TriggerRig rig(options);
  for (int i = 0; i < 30; ++i) {
    rig.BreakToken();
    rig.scheduler.Advance(rig.scheduler.next_due() - rig.scheduler.Now());
  }
  EXPECT_EQ(rig.breaker.state(), State::kClosed);
}

TEST(TriggerCallBreaker, OneLongRetryAfter_DoesNotOpenIt) {
  for (const int status : {429, 503}) {
    TriggerRig rig;
    rig.Start();
    rig.AnswerFlow(status, "", "3600");
    EXPECT_EQ(rig.breaker.state(), State::kClosed) << status;
  }
}

TEST(TriggerCallBreaker, RefusedCalls_DoNotEnlargeTheRetryBudget) {
  TriggerRig rig(OneSendEach());
  OpenBreaker(rig);
  for (int i = 0; i < 500; ++i) rig.Start();
  int left = 0;
  while (rig.retry_budget.TakeRetry(rig.scheduler.Now())) ++left;
  EXPECT_EQ(left, 10);
}

TEST(TriggerCallBreaker, CallThatIsNotRetriedForIt_TakesNothingOfTheRetryBudget) {
  TriggerRig rig;
  for (int i = 0; i < 30; ++i) rig.Start();
  for (int i = 0; i < 30; ++i) Refuse(rig);
  int left = 0;
  while (rig.retry_budget.TakeRetry(rig.scheduler.Now())) ++left;
  EXPECT_EQ(left, 1) << "the first nine were to be tried again";
}

// Every way in which a probe ends without a verdict.
struct NoVerdict {
  const char* name;
  void (*end)(TriggerRig& rig, TriggerRig::Call& probe);
};

const NoVerdict kNoVerdicts[] = {
    {"CancelledUnsent", [](TriggerRig& rig, TriggerRig::Call& probe) { rig.Leave(probe); }},
    {"DeadlineUnsent",
     [](TriggerRig& rig, TriggerRig::Call&) { rig.scheduler.Advance(seconds(10)); }},
    {"NoAnswerAtAll",
     [](TriggerRig& rig, TriggerRig::Call& probe) {
       rig.http.MarkSent(rig.TransferOf(probe));
       rig.scheduler.Advance(seconds(30));
     }},
};

class BreakerProbe : public ::testing::TestWithParam<NoVerdict> {};

TEST_P(BreakerProbe, EndsWithoutAVerdict_TheNextCallIsTheProbe) {
  TriggerRig rig(OneSendEach());
  OpenBreaker(rig);
  rig.scheduler.Advance(milliseconds(750));
  TriggerRig::Call& probe = rig.Start();
  ASSERT_EQ(rig.SendsOf(probe).size(), 1U);
  ExpectNotSent(rig, rig.Start());
  GetParam().end(rig, probe);
  ASSERT_EQ(rig.breaker.state(), State::kHalfOpen);
  const TriggerRig::Call& next = rig.Start();
  EXPECT_EQ(rig.SendsOf(next).size(), 1U);
  ExpectNotSent(rig, rig.Start());
  rig.Succeed();
  EXPECT_EQ(rig.breaker.state(), State::kClosed);
}

INSTANTIATE_TEST_SUITE_P(All, BreakerProbe, ::testing::ValuesIn(kNoVerdicts),
                         [](const auto& test) { return test.param.name; });

TEST(TriggerCallBreaker, DestroyedWithAProbeUnderWay_IsFine) {
  TriggerRig rig(OneSendEach());
  OpenBreaker(rig);
  rig.scheduler.Advance(milliseconds(750));
  rig.Start();
  rig.trigger.reset();
  EXPECT_FALSE(rig.breaker.Rest(rig.scheduler.Now()).has_value());
}

}  // namespace
}  // namespace enos::gateway
