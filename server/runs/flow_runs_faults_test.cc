// What becomes of calls that read and end runs when EnOS, or the way to it, fails: what they are
// told, and how often they are sent.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "server/testing/runs_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Code = absl::StatusCode;
using State = CircuitBreaker::State;

constexpr TransferEnd kAnswered = TransferEnd::kAnswered;
constexpr bool kSent = true;
constexpr bool kUnsent = false;

// What reads and cancels are told alike.
struct Row {
  std::string name;
  TransferEnd end;  // kAnswered: with what follows
  bool maybe_sent;
  int status;
  std::string body;
  Code code;
  Reason reason;
  bool may_pass;  // is sent again, up to max_attempts
};

Row Http(int status, Code code, Reason reason, bool may_pass = false) {
  return {"Http" + std::to_string(status), kAnswered, kSent, status, "", code, reason, may_pass};
}

Row EnosCode(int64_t number, Code code, Reason reason, bool may_pass = false) {
  return {"Code" + std::to_string(number), kAnswered, kSent,  200,
          FlowErrorJson(number),           code,      reason, may_pass};
}

Row Unsent(TransferEnd end) {
  return {NameOf(end) + "Unsent",   end, kUnsent, 0, "", Code::kUnavailable,
          Reason::ENOS_UNREACHABLE, true};
}

Row Lost(TransferEnd end) {
  return {NameOf(end) + "Sent",         end, kSent, 0, "", Code::kUnavailable,
          Reason::ENOS_CONNECTION_LOST, true};
}

Row Senseless(std::string name, TransferEnd end, int status = 0, std::string body = "") {
  return {std::move(name),
          end,
          kSent,
          status,
          std::move(body),
          Code::kInternal,
          Reason::ENOS_MALFORMED_RESPONSE,
          false};
}

const Row kRows[] = {
    Unsent(TransferEnd::kNameNotResolved),
    Unsent(TransferEnd::kConnectFailed),
    Unsent(TransferEnd::kConnectTimeout),
    Unsent(TransferEnd::kTlsFailed),
    Unsent(TransferEnd::kConnectionLost),
    Unsent(TransferEnd::kMalformed),
    Unsent(TransferEnd::kTooLarge),
    Lost(TransferEnd::kNameNotResolved),
    Lost(TransferEnd::kConnectFailed),
    Lost(TransferEnd::kConnectTimeout),
    Lost(TransferEnd::kTlsFailed),
    Lost(TransferEnd::kConnectionLost),
    Senseless("MalformedSent", TransferEnd::kMalformed),
    Senseless("TooLargeSent", TransferEnd::kTooLarge),
    Senseless("Html", kAnswered, 200, "<html>"),
    Senseless("NoCode", kAnswered, 200, "{}"),
    Senseless("Redirect", kAnswered, 302),
    Senseless("SuccessUnder500", kAnswered, 500, R"({"code":0})"),
    Http(400, Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT),
    Http(403, Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED),
    Http(404, Code::kNotFound, Reason::ENOS_NOT_FOUND),
    Http(405, Code::kUnimplemented, Reason::ENOS_UNIMPLEMENTED),
    Http(409, Code::kAlreadyExists, Reason::ENOS_ALREADY_EXISTS),
    Http(413, Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT),
    Http(418, Code::kUnknown, Reason::ENOS_ERROR),
    Http(429, Code::kResourceExhausted, Reason::ENOS_RATE_LIMITED, true),
    Http(500, Code::kInternal, Reason::ENOS_INTERNAL),
    Http(501, Code::kUnimplemented, Reason::ENOS_UNIMPLEMENTED),
    Http(502, Code::kUnavailable, Reason::ENOS_CONNECTION_LOST, true),
    Http(503, Code::kUnavailable, Reason::ENOS_UNAVAILABLE, true),
    Http(504, Code::kDeadlineExceeded, Reason::ENOS_TIMEOUT),
    EnosCode(403, Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED),
    EnosCode(404, Code::kNotFound, Reason::ENOS_NOT_FOUND),
    EnosCode(415, Code::kOutOfRange, Reason::ENOS_OUT_OF_RANGE),
    EnosCode(429, Code::kResourceExhausted, Reason::ENOS_RATE_LIMITED, true),
    EnosCode(498, Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED),
    EnosCode(500, Code::kInternal, Reason::ENOS_INTERNAL),
    EnosCode(502, Code::kUnavailable, Reason::ENOS_CONNECTION_LOST, true),
    EnosCode(503, Code::kUnavailable, Reason::ENOS_UNAVAILABLE, true),
    EnosCode(504, Code::kDeadlineExceeded, Reason::ENOS_TIMEOUT),
    EnosCode(777, Code::kUnknown, Reason::ENOS_ERROR),
    EnosCode(62101, Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT),
    EnosCode(62102, Code::kNotFound, Reason::ENOS_NOT_FOUND),
    EnosCode(62103, Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED),
    EnosCode(62104, Code::kUnknown, Reason::ENOS_ERROR),
    EnosCode(62105, Code::kFailedPrecondition, Reason::ENOS_LOCKED),
    EnosCode(62109, Code::kInternal, Reason::ENOS_INTERNAL),
    EnosCode(99400, Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT),
    EnosCode(99403, Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED),
    EnosCode(99404, Code::kNotFound, Reason::ENOS_NOT_FOUND),
    EnosCode(99500, Code::kInternal, Reason::ENOS_INTERNAL),
    // The code decides.
    {"Code62102Under503", kAnswered, kSent, 503, FlowErrorJson(62102), Code::kNotFound,
     Reason::ENOS_NOT_FOUND, false},
    {"Code503Under404", kAnswered, kSent, 404, FlowErrorJson(503), Code::kUnavailable,
     Reason::ENOS_UNAVAILABLE, true},
};

class RunFault : public ::testing::TestWithParam<std::tuple<Row, bool>> {
 protected:
  static const Row& row() { return std::get<0>(GetParam()); }

  static RunsRig::Call& Start(RunsRig& rig, Duration answer_in = seconds(10)) {
    return std::get<1>(GetParam()) ? rig.Get(RunOf(1), answer_in) : rig.Cancel(RunOf(1), answer_in);
  }

  static void Fail(RunsRig& rig, const std::string& retry_after = "") {
    if (row().end == kAnswered) {
      rig.AnswerRun(row().status, row().body, retry_after);
    } else {
      rig.FailRun(row().end, row().maybe_sent);
    }
  }

  static RunsRig::Options Attempts(int most) {
    RunsRig::Options options;
    options.upstream.max_attempts = most;
    return options;
  }

  // No answer that says how EnOS is.
  static bool IsUnavailable() { return row().reason == Reason::ENOS_UNAVAILABLE; }
};

std::string FaultName(const ::testing::TestParamInfo<std::tuple<Row, bool>>& test) {
  return std::get<0>(test.param).name + (std::get<1>(test.param) ? "Get" : "Cancel");
}

TEST_P(RunFault, IsItsRow) {
  for (const int most : {1, 2, 3, 5}) {
    RunsRig rig(Attempts(most));
    RunsRig::Call& call = Start(rig);
    const int sends = row().may_pass ? most : 1;
    for (int i = 0; i < sends; ++i) {
      EXPECT_FALSE(call.is_done());
      Fail(rig);
      if (i + 1 < sends) rig.scheduler.Advance(seconds(1));
    }
    ASSERT_TRUE(call.is_done()) << most;
    EXPECT_EQ(call.error().code, row().code);
    EXPECT_EQ(call.reason(), row().reason);
    EXPECT_EQ(call.error().retry_after.has_value(), row().may_pass);
    EXPECT_TRUE(call.slots_were_free);
    rig.scheduler.Advance(seconds(60));
    EXPECT_EQ(rig.Sends(), static_cast<size_t>(sends));
    EXPECT_EQ(call.times_done, 1);
    EXPECT_EQ(rig.retries.size(), static_cast<size_t>(sends - 1));
  }
}

// Of 503 it says nothing: EnOS may well start flows.
TEST_P(RunFault, TenInARow_OpenTheBreakerWhereNothingCouldBeSent) {
  RunsRig rig(Attempts(1));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(rig.breaker.state(), State::kClosed);
    Start(rig);
    Fail(rig);
  }
  EXPECT_EQ(rig.breaker.state(), row().maybe_sent ? State::kClosed : State::kOpen);
}

void OpenBreaker(RunsRig& rig) {
  for (int i = 0; i < 10; ++i) {
    rig.Get();
    rig.FailRun(TransferEnd::kConnectFailed, false);
  }
  ASSERT_EQ(rig.breaker.state(), State::kOpen);
}

TEST_P(RunFault, OfTheProbe) {
  RunsRig rig(Attempts(1));
  OpenBreaker(rig);
  rig.scheduler.Advance(milliseconds(750));
  Start(rig);
  Fail(rig);
  State after = State::kOpen;
  if (row().end == kAnswered) after = IsUnavailable() ? State::kHalfOpen : State::kClosed;
  EXPECT_EQ(rig.breaker.state(), after);
  if (!IsUnavailable()) return;
  const size_t sends = rig.Sends();
  Start(rig);
  EXPECT_EQ(rig.Sends(), sends + 1) << "the next one is the probe";
}

INSTANTIATE_TEST_SUITE_P(All, RunFault,
                         ::testing::Combine(::testing::ValuesIn(kRows), ::testing::Bool()),
                         FaultName);

std::vector<Row> RowsThat(bool (*match)(const Row& row)) {
  std::vector<Row> rows;
  std::copy_if(std::begin(kRows), std::end(kRows), std::back_inserter(rows), match);
  return rows;
}

class AnsweredFault : public RunFault {};

TEST_P(AnsweredFault, RetryAfter_IsToldAndNotWaitedForBeyondTheDeadline) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig);
  Fail(rig, "60");
  ASSERT_TRUE(call.is_done());
  EXPECT_EQ(call.error().retry_after, seconds(60));
  EXPECT_EQ(rig.Sends(), 1U);
}

TEST_P(AnsweredFault, RetryAfter_IsHonouredWhereItMayPass) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig);
  Fail(rig, "3");
  rig.scheduler.Advance(milliseconds(2999));
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(call.is_done(), !row().may_pass);
  rig.scheduler.Advance(milliseconds(1));
  EXPECT_EQ(rig.Sends(), row().may_pass ? 2U : 1U);
}

TEST_P(AnsweredFault, BetweenFailures_503DoesNotBeginTheRowAnew) {
  RunsRig rig(Attempts(1));
  for (int i = 0; i < 9; ++i) {
    rig.Get();
    rig.FailRun(TransferEnd::kConnectFailed, false);
  }
  Start(rig);
  Fail(rig);
  rig.Get();
  rig.FailRun(TransferEnd::kConnectFailed, false);
  EXPECT_EQ(rig.breaker.state(), IsUnavailable() ? State::kOpen : State::kClosed);
}

INSTANTIATE_TEST_SUITE_P(All, AnsweredFault,
                         ::testing::Combine(::testing::ValuesIn(RowsThat([](const Row& row) {
                                              return row.end == kAnswered;
                                            })),
                                            ::testing::Bool()),
                         FaultName);

class PassingFault : public RunFault {};

TEST_P(PassingFault, IsSentAgainAfterGrowingWaits) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig);
  Fail(rig);
  rig.scheduler.Advance(milliseconds(49));
  EXPECT_EQ(rig.Sends(), 1U);
  rig.scheduler.Advance(milliseconds(1));
  ASSERT_EQ(rig.Sends(), 2U);
  Fail(rig);
  rig.scheduler.Advance(milliseconds(99));
  EXPECT_EQ(rig.Sends(), 2U);
  rig.scheduler.Advance(milliseconds(1));
  ASSERT_EQ(rig.Sends(), 3U);
  rig.TellRun();
  EXPECT_TRUE(call.succeeded());
  EXPECT_EQ(call.record->attempts, 3);
}

TEST_P(PassingFault, TooLittleTimeLeft_IsToldAtOnce) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig, milliseconds(99));
  Fail(rig);
  EXPECT_EQ(call.reason(), row().reason);
  EXPECT_EQ(call.error().retry_after, seconds(1));
}

TEST_P(PassingFault, LoopIsLate_TheLastFailureIsTold) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig, seconds(1));
  Fail(rig);
  rig.scheduler.Stall(seconds(2));
  rig.scheduler.RunDue();
  EXPECT_EQ(rig.Sends(), 1U);
  EXPECT_EQ(call.reason(), row().reason);
}

INSTANTIATE_TEST_SUITE_P(All, PassingFault,
                         ::testing::Combine(::testing::ValuesIn(RowsThat([](const Row& row) {
                                              return row.may_pass;
                                            })),
                                            ::testing::Bool()),
                         FaultName);

TEST(RunFaults, RetryBudgetUsedUp_IsToldAtOnce) {
  RunsRig rig;
  while (rig.retry_budget.TakeRetry(rig.scheduler.Now())) {
  }
  RunsRig::Call& call = rig.Get();
  rig.AnswerRun(503);
  EXPECT_EQ(call.reason(), Reason::ENOS_UNAVAILABLE);
}

TEST(RunFaults, OpenBreaker_RefusesWithTheTimeUntilTheNextProbe) {
  RunsRig::Options options;
  options.upstream.max_attempts = 1;
  for (const bool get : {true, false}) {
    RunsRig rig(options);
    OpenBreaker(rig);
    rig.scheduler.Advance(milliseconds(250));
    const size_t sends = rig.Sends();
    RunsRig::Call& call = get ? rig.Get() : rig.Cancel();
    EXPECT_EQ(call.reason(), Reason::ENOS_UNREACHABLE);
    EXPECT_EQ(call.error().code, Code::kUnavailable);
    EXPECT_EQ(call.error().retry_after, milliseconds(500));
    EXPECT_EQ(rig.Sends(), sends);
  }
}

TEST(RunFaults, ReadThatSucceedsAsTheProbe_ClosesTheBreaker) {
  RunsRig::Options options;
  options.upstream.max_attempts = 1;
  RunsRig rig(options);
  OpenBreaker(rig);
  rig.scheduler.Advance(milliseconds(750));
  rig.Get();
  rig.TellRun();
  EXPECT_EQ(rig.breaker.state(), State::kClosed);
}

TEST(RunFaults, ProbeThatIsGivenUp_LeavesThePlaceToTheNext) {
  RunsRig::Options options;
  options.upstream.max_attempts = 1;
  RunsRig rig(options);
  OpenBreaker(rig);
  rig.scheduler.Advance(milliseconds(750));
  RunsRig::Call& gone = rig.Get();
  rig.runs->CallerGone(gone.id);
  const size_t sends = rig.Sends();
  rig.Get();
  EXPECT_EQ(rig.Sends(), sends + 1);
}

// Refused for its token.
struct Refused {
  const char* name;
  int status;
  int64_t code;  // 0: no body
};

class RunTokenRefusal : public ::testing::TestWithParam<std::tuple<Refused, bool>> {
 protected:
  static RunsRig::Call& Start(RunsRig& rig) {
    return std::get<1>(GetParam()) ? rig.Get() : rig.Cancel();
  }
  static void Refuse(RunsRig& rig) {
    const Refused& refused = std::get<0>(GetParam());
    rig.AnswerRun(refused.status, refused.code == 0 ? "" : FlowErrorJson(refused.code));
  }
};

TEST_P(RunTokenRefusal, Once_IsSentAgainWithAFreshToken) {
  RunsRig::Options options;
  options.upstream.max_attempts = 1;  // which it does not count for
  RunsRig rig(options);
  RunsRig::Call& call = Start(rig);
  Refuse(rig);
  EXPECT_FALSE(call.is_done());
  rig.scheduler.RunDue();
  rig.GiveToken("T2");
  rig.scheduler.RunDue();
  ASSERT_EQ(rig.Sends(), 2U);
  EXPECT_EQ(rig.http.last().Header("apim-accesstoken"), "T2");
  rig.TellRun();
  EXPECT_TRUE(call.succeeded());
}

TEST_P(RunTokenRefusal, Twice_IsFinal) {
  RunsRig rig;
  RunsRig::Call& call = Start(rig);
  Refuse(rig);
  rig.scheduler.RunDue();
  rig.GiveToken("T2");
  rig.scheduler.RunDue();
  Refuse(rig);
  EXPECT_EQ(call.reason(), Reason::ENOS_CREDENTIALS_REFUSED);
  EXPECT_EQ(call.error().code, Code::kUnauthenticated);
  EXPECT_EQ(rig.Sends(), 2U);
}

constexpr Refused kRefused[] = {
    {"Http401", 401, 0}, {"Code401", 200, 401}, {"Code497", 200, 497}, {"Code1203", 200, 1203}};

INSTANTIATE_TEST_SUITE_P(All, RunTokenRefusal,
                         ::testing::Combine(::testing::ValuesIn(kRefused), ::testing::Bool()),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) +
                                  (std::get<1>(test.param) ? "Get" : "Cancel");
                         });

}  // namespace
}  // namespace enos::gateway
