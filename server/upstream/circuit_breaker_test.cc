#include "server/upstream/circuit_breaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "server/testing/log_capture.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using State = CircuitBreaker::State;
using Pass = CircuitBreaker::Pass;

CallError NotReached() {
  CallError error;
  error.reason = Reason::ENOS_UNREACHABLE;
  error.message = "connection refused";
  return error;
}

// A clock that stands still; random gives the longest waits.
class CircuitBreakerTest : public ::testing::Test {
 protected:
  void Fail(int times) {
    for (int i = 0; i < times; ++i) breaker_.Failed(Begin(), NotReached(), now_);
  }
  Pass Begin() {
    EXPECT_FALSE(breaker_.Rest(now_).has_value()) << "nothing may be sent";
    return breaker_.Begin();
  }
  void Open() { Fail(10); }
  // Open, and its time is over.
  void OpenAndWait() {
    Open();
    now_ += seconds(1);
  }
  std::optional<milliseconds> Rest() const { return breaker_.Rest(now_); }

  double random_ = 1;
  SteadyTime now_{std::chrono::hours(1000)};
  std::vector<State> changes_;
  CircuitBreaker breaker_{[this] { return random_; }, CircuitBreakerOptions(),
                          [this](State state) { changes_.push_back(state); }};
};

TEST_F(CircuitBreakerTest, AtFirst_IsClosed) {
  EXPECT_EQ(breaker_.state(), State::kClosed);
  EXPECT_EQ(Rest(), std::nullopt);
}

TEST_F(CircuitBreakerTest, NineFailures_StayClosed) {
  Fail(9);
  EXPECT_EQ(Rest(), std::nullopt);
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(CircuitBreakerTest, TenFailuresInARow_Open) {
  Open();
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_EQ(Rest(), seconds(1));
  EXPECT_THAT(changes_, ElementsAre(State::kOpen));
}

TEST_F(CircuitBreakerTest, AnAnswerInBetween_BeginsTheRowAnew) {
  Fail(9);
  breaker_.Answered(Begin());
  Fail(9);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Fail(1);
  EXPECT_EQ(breaker_.state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, LostAndGivenUpInBetween_NeitherCountNorBeginTheRowAnew) {
  Fail(9);
  breaker_.Lost(Begin(), NotReached(), now_);
  breaker_.GivenUp(Begin());
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Fail(1);
  EXPECT_EQ(breaker_.state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, Rest_IsTheTimeLeftRoundedUp) {
  Open();
  now_ += std::chrono::microseconds(400'500);
  EXPECT_EQ(Rest(), milliseconds(600));
  now_ += std::chrono::microseconds(599'499);
  EXPECT_EQ(Rest(), milliseconds(1));
  now_ += std::chrono::microseconds(1);
  EXPECT_EQ(Rest(), std::nullopt);
  EXPECT_EQ(breaker_.state(), State::kOpen) << "until somebody sends";
}

TEST_F(CircuitBreakerTest, FailuresOfWhatWasUnderWay_DoNotProlongIt) {
  std::vector<Pass> passes;
  for (int i = 0; i < 20; ++i) passes.push_back(Begin());
  for (const Pass pass : passes) breaker_.Failed(pass, NotReached(), now_);
  EXPECT_EQ(Rest(), seconds(1));
  EXPECT_THAT(changes_, ElementsAre(State::kOpen));
}

TEST_F(CircuitBreakerTest, AnswersOfWhatWasUnderWay_DoNotEndIt) {
  const Pass early = Begin();
  Open();
  breaker_.Answered(early);
  EXPECT_EQ(breaker_.state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, AfterItsTime_OneProbeMayGo) {
  OpenAndWait();
  Begin();
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
  EXPECT_EQ(Rest(), seconds(1));
  now_ += seconds(3600);
  EXPECT_EQ(Rest(), seconds(1)) << "however long the probe takes";
}

TEST_F(CircuitBreakerTest, ProbeIsAnswered_Closes) {
  OpenAndWait();
  breaker_.Answered(Begin());
  EXPECT_EQ(breaker_.state(), State::kClosed);
  EXPECT_THAT(changes_, ElementsAre(State::kOpen, State::kHalfOpen, State::kClosed));
  Fail(9);
  EXPECT_EQ(breaker_.state(), State::kClosed) << "the row begins anew";
  Fail(1);
  EXPECT_EQ(Rest(), seconds(1)) << "and so do the waits";
}

TEST_F(CircuitBreakerTest, ProbeIsLost_OpensForLonger) {
  OpenAndWait();
  breaker_.Lost(Begin(), NotReached(), now_);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_EQ(Rest(), seconds(2));
}

TEST_F(CircuitBreakerTest, ProbeIsGivenUp_TheNextSendIsTheProbe) {
  OpenAndWait();
  breaker_.GivenUp(Begin());
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
  const Pass next = Begin();
  EXPECT_EQ(Rest(), seconds(1)) << "one at a time";
  breaker_.Answered(next);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, WhatWasUnderWayEndsDuringAProbe_HasNoSay) {
  const Pass early = Begin();
  OpenAndWait();
  const Pass probe = Begin();
  breaker_.Answered(early);
  breaker_.Failed(early, NotReached(), now_);
  breaker_.Lost(early, NotReached(), now_);
  breaker_.GivenUp(early);
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
  EXPECT_EQ(Rest(), seconds(1));
  breaker_.Answered(probe);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, NoPass_IsIgnored) {
  OpenAndWait();
  Begin();
  breaker_.GivenUp(0);
  EXPECT_EQ(Rest(), seconds(1));
}

struct Waits {
  const char* name;
  double random;
  std::vector<milliseconds> waits;
};

class CircuitBreakerWaits : public CircuitBreakerTest,
                            public ::testing::WithParamInterface<Waits> {};

TEST_P(CircuitBreakerWaits, ProbesThatFail_DoubleItUpToTheLongest) {
  random_ = GetParam().random;
  Open();
  std::vector<milliseconds> waits;
  for (size_t i = 0; i < GetParam().waits.size(); ++i) {
    waits.push_back(*Rest());
    now_ += waits.back();
    breaker_.Failed(Begin(), NotReached(), now_);
  }
  EXPECT_EQ(waits, GetParam().waits);
}

INSTANTIATE_TEST_SUITE_P(
    Jitter, CircuitBreakerWaits,
    ::testing::Values(Waits{"Longest",
                            1,
                            {seconds(1), seconds(2), seconds(4), seconds(8), seconds(16),
                             seconds(30), seconds(30), seconds(30)}},
                      Waits{"Shortest",
                            0,
                            {milliseconds(500), seconds(1), seconds(2), seconds(4), seconds(8),
                             seconds(15), seconds(15)}}),
    [](const auto& test) { return test.param.name; });

TEST_F(CircuitBreakerTest, AThousandProbesFail_DoesNotOverflow) {
  Open();
  for (int i = 0; i < 1000; ++i) {
    now_ += *Rest();
    Fail(1);
  }
  EXPECT_EQ(Rest(), seconds(30));
}

TEST_F(CircuitBreakerTest, Changes_AreLogged) {
  const LogCapture log(LogLevel::kInfo);
  OpenAndWait();
  Fail(1);
  now_ += seconds(2);
  breaker_.Answered(Begin());
  EXPECT_THAT(log.Lines(),
              ElementsAre(HasSubstr("warning EnOS is down: calls are refused at once failures=10 "
                                    "next_probe_ms=1000 reason=ENOS_UNREACHABLE "
                                    "message=\"connection refused\""),
                          HasSubstr("failures=11 next_probe_ms=2000"),
                          HasSubstr("info  EnOS is up again")));
}

}  // namespace
}  // namespace enos::gateway
