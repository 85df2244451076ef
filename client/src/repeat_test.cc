#include "enos/flow/repeat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/support/files.h"

namespace enos::flow {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

FlowError MakeError(grpc::StatusCode code, Execution execution,
                    std::optional<milliseconds> retry_after = std::nullopt) {
  FlowError error;
  error.code = code;
  error.execution = execution;
  error.retry_after = retry_after;
  return error;
}

FlowError Busy(std::optional<milliseconds> retry_after = std::nullopt) {
  return MakeError(grpc::StatusCode::UNAVAILABLE, Execution::kNotExecuted, retry_after);
}

struct WorthCase {
  grpc::StatusCode code;
  bool worth_when_not_executed;
};

class IsWorthRepeatingTest : public ::testing::TestWithParam<WorthCase> {};

TEST_P(IsWorthRepeatingTest, CodeAndExecution_DecideTogether) {
  EXPECT_EQ(IsWorthRepeating(MakeError(GetParam().code, Execution::kNotExecuted)),
            GetParam().worth_when_not_executed);
  EXPECT_FALSE(IsWorthRepeating(MakeError(GetParam().code, Execution::kUnknown)));
}

INSTANTIATE_TEST_SUITE_P(Rows, IsWorthRepeatingTest,
                         ::testing::Values(WorthCase{grpc::StatusCode::UNAVAILABLE, true},
                                           WorthCase{grpc::StatusCode::RESOURCE_EXHAUSTED, true},
                                           WorthCase{grpc::StatusCode::CANCELLED, false},
                                           WorthCase{grpc::StatusCode::UNKNOWN, false},
                                           WorthCase{grpc::StatusCode::INVALID_ARGUMENT, false},
                                           WorthCase{grpc::StatusCode::DEADLINE_EXCEEDED, false},
                                           WorthCase{grpc::StatusCode::NOT_FOUND, false},
                                           WorthCase{grpc::StatusCode::ALREADY_EXISTS, false},
                                           WorthCase{grpc::StatusCode::PERMISSION_DENIED, false},
                                           WorthCase{grpc::StatusCode::FAILED_PRECONDITION, false},
                                           WorthCase{grpc::StatusCode::OUT_OF_RANGE, false},
                                           WorthCase{grpc::StatusCode::UNIMPLEMENTED, false},
                                           WorthCase{grpc::StatusCode::INTERNAL, false},
                                           WorthCase{grpc::StatusCode::UNAUTHENTICATED, false}));

// An error of a call whose key the gateway keeps.
FlowError Keyed(grpc::StatusCode code, Execution execution, KeyState state = KeyState::kNotTold) {
  FlowError error = MakeError(code, execution);
  error.key_kept = true;
  error.key_state = state;
  return error;
}

struct KeyedCase {
  const char* name;
  FlowError error;
  bool worth;
};

class IsWorthRepeatingWithKeyTest : public ::testing::TestWithParam<KeyedCase> {};

TEST_P(IsWorthRepeatingWithKeyTest, WhatTheKeyAllows) {
  EXPECT_EQ(IsWorthRepeating(GetParam().error), GetParam().worth);
  FlowError not_kept = GetParam().error;
  not_kept.key_kept = false;
  EXPECT_EQ(IsWorthRepeating(not_kept), GetParam().worth && not_kept.SafeToRepeat())
      << "a gateway that may not keep the key";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, IsWorthRepeatingWithKeyTest,
    ::testing::Values(
        KeyedCase{"lost", Keyed(grpc::StatusCode::UNKNOWN, Execution::kUnknown), true},
        KeyedCase{"made_by_a_library", Keyed(grpc::StatusCode::UNAVAILABLE, Execution::kUnknown),
                  true},
        KeyedCase{"in_progress",
                  Keyed(grpc::StatusCode::ABORTED, Execution::kUnknown, KeyState::kReserved), true},
        KeyedCase{"doubt", Keyed(grpc::StatusCode::UNKNOWN, Execution::kUnknown, KeyState::kDoubt),
                  false},
        KeyedCase{"refused_by_a_proxy",
                  Keyed(grpc::StatusCode::PERMISSION_DENIED, Execution::kUnknown), false},
        KeyedCase{"busy", Keyed(grpc::StatusCode::UNAVAILABLE, Execution::kNotExecuted), true},
        KeyedCase{"refused",
                  Keyed(grpc::StatusCode::NOT_FOUND, Execution::kNotExecuted, KeyState::kNone),
                  false}),
    [](const auto& row) { return row.param.name; });

struct WaitCase {
  const char* name;
  FlowError error;
  int attempts_made;
  milliseconds time_left;
  double random;
  std::optional<milliseconds> expected;
};

class WaitBeforeRepeatTest : public ::testing::TestWithParam<WaitCase> {};

TEST_P(WaitBeforeRepeatTest, ErrorAndTimeLeft_WaitOrNothing) {
  RepeatOptions options;
  options.max_attempts = 5;
  options.initial_backoff = milliseconds(100);
  options.max_backoff = milliseconds(350);
  const WaitCase& row = GetParam();
  EXPECT_EQ(WaitBeforeRepeat(row.error, row.attempts_made, row.time_left, row.random, options),
            row.expected);
}

constexpr milliseconds kLong{60'000};

INSTANTIATE_TEST_SUITE_P(
    Rows, WaitBeforeRepeatTest,
    ::testing::Values(
        WaitCase{"first_at_half_chance", Busy(), 1, kLong, 0.5, milliseconds(50)},
        WaitCase{"second_doubles", Busy(), 2, kLong, 0.5, milliseconds(100)},
        WaitCase{"third_is_capped", Busy(), 3, kLong, 0.5, milliseconds(175)},
        WaitCase{"fourth_is_capped", Busy(), 4, kLong, 0.5, milliseconds(175)},
        WaitCase{"chance_zero_is_at_once", Busy(), 1, kLong, 0.0, milliseconds(0)},
        WaitCase{"last_attempt_made", Busy(), 5, kLong, 0.5, std::nullopt},
        WaitCase{"retry_info_beats_backoff", Busy(milliseconds(7000)), 1, kLong, 0.5,
                 milliseconds(7000)},
        WaitCase{"retry_info_of_zero", Busy(milliseconds(0)), 1, kLong, 0.5, milliseconds(0)},
        WaitCase{"wait_uses_up_the_time", Busy(milliseconds(7000)), 1, milliseconds(7000), 0.5,
                 std::nullopt},
        WaitCase{"wait_leaves_a_millisecond", Busy(milliseconds(7000)), 1, milliseconds(7001), 0.5,
                 milliseconds(7000)},
        WaitCase{"no_time_left", Busy(milliseconds(0)), 1, milliseconds(0), 0.0, std::nullopt},
        WaitCase{"may_have_run",
                 MakeError(grpc::StatusCode::UNAVAILABLE, Execution::kUnknown, milliseconds(1)), 1,
                 kLong, 0.5, std::nullopt},
        WaitCase{"will_be_refused_again",
                 MakeError(grpc::StatusCode::INVALID_ARGUMENT, Execution::kNotExecuted), 1, kLong,
                 0.5, std::nullopt}),
    [](const auto& row) { return row.param.name; });

TEST(WaitBeforeRepeatTest, HugeLimits_NoOverflow) {
  RepeatOptions options;
  options.max_attempts = 2000;
  options.initial_backoff = milliseconds(1);
  options.max_backoff = milliseconds(INT64_MAX / 2);
  const auto wait = WaitBeforeRepeat(Busy(), 1999, milliseconds::max(), 0.5, options);
  ASSERT_TRUE(wait.has_value());
  EXPECT_GT(wait->count(), 0);
}

// A call with prepared outcomes, and a clock that only advances by sleeping and calling.
class RepeatWhileSafeTest : public ::testing::Test {
 protected:
  FlowResult Run(std::deque<FlowResult> outcomes, milliseconds timeout,
                 milliseconds each_call_takes = milliseconds(0)) {
    const Attempt attempt = [&](milliseconds time_left, bool may_have_started) {
      budgets_.push_back(time_left.count());
      may_have_started_.push_back(may_have_started);
      now_ += each_call_takes;
      FlowResult outcome = outcomes.front();
      outcomes.pop_front();
      return outcome;
    };
    const RepeatHooks hooks = {[this] { return now_; },
                               [this](milliseconds wait) {
                                 sleeps_.push_back(wait.count());
                                 now_ += wait;
                               },
                               [] { return 0.5; }};
    return RepeatWhileSafe(attempt, timeout, options_, hooks);
  }

  RepeatOptions options_;  // 3 attempts, 200 ms
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  std::vector<int64_t> budgets_;
  std::vector<int64_t> sleeps_;
  std::vector<bool> may_have_started_;  // as each attempt was told
};

TEST_F(RepeatWhileSafeTest, FirstAttemptSucceeds_OneCall) {
  const FlowResult result = Run({TriggeredFlow{"1-2", ""}}, milliseconds(1000));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(budgets_, ElementsAre(1000));
  EXPECT_THAT(sleeps_, IsEmpty());
}

TEST_F(RepeatWhileSafeTest, BusyTwice_RepeatedWithinTheSameTime) {
  const FlowResult result = Run({Busy(), Busy(milliseconds(300)), TriggeredFlow{"1-2", ""}},
                                milliseconds(10'000), milliseconds(50));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.flow().flow_instance_id, "1-2");
  EXPECT_THAT(sleeps_, ElementsAre(100, 300));
  EXPECT_THAT(budgets_, ElementsAre(10'000, 9'850, 9'500));
}

TEST_F(RepeatWhileSafeTest, AlwaysBusy_StopsAtTheLimit) {
  const FlowResult result = Run({Busy(), Busy(), Busy(milliseconds(9))}, milliseconds(10'000));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().retry_after, milliseconds(9)) << "the last answer is the one returned";
  EXPECT_EQ(budgets_.size(), 3U);
}

TEST_F(RepeatWhileSafeTest, MayHaveRun_NeverRepeated) {
  const FlowResult result =
      Run({MakeError(grpc::StatusCode::UNAVAILABLE, Execution::kUnknown)}, milliseconds(10'000));
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(budgets_.size(), 1U);
}

TEST_F(RepeatWhileSafeTest, BusyThenMayHaveRun_StopsThere) {
  const FlowResult result = Run({Busy(), MakeError(grpc::StatusCode::UNKNOWN, Execution::kUnknown)},
                                milliseconds(10'000));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
  EXPECT_EQ(budgets_.size(), 2U);
}

TEST_F(RepeatWhileSafeTest, WaitLongerThanTheTimeLeft_ReturnsWithoutSleeping) {
  const FlowResult result = Run({Busy(milliseconds(900))}, milliseconds(1000), milliseconds(200));
  EXPECT_FALSE(result.ok());
  EXPECT_THAT(sleeps_, IsEmpty());
  EXPECT_EQ(budgets_.size(), 1U);
}

TEST_F(RepeatWhileSafeTest, OneAttemptAllowed_OneCall) {
  options_.max_attempts = 1;
  EXPECT_FALSE(Run({Busy()}, milliseconds(1000)).ok());
  EXPECT_EQ(budgets_.size(), 1U);
}

TEST_F(RepeatWhileSafeTest, HugeTimeout_NoOverflow) {
  const FlowResult result = Run({Busy(), TriggeredFlow{"1-2", ""}}, milliseconds::max());
  EXPECT_TRUE(result.ok());
}

TEST_F(RepeatWhileSafeTest, MayHaveRunWithAKeptKey_RepeatedAsTheWaitSays) {
  FlowError in_progress =
      Keyed(grpc::StatusCode::ABORTED, Execution::kUnknown, KeyState::kReserved);
  in_progress.retry_after = milliseconds(300);
  const FlowResult result = Run({Keyed(grpc::StatusCode::UNAVAILABLE, Execution::kUnknown),
                                 in_progress, TriggeredFlow{"1-2", "", true}},
                                milliseconds(10'000));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(sleeps_, ElementsAre(100, 300));
  EXPECT_THAT(may_have_started_, ElementsAre(false, true, true));
}

struct HistoryCase {
  const char* name;
  FlowError last;
  Execution expected;
};

class AttemptHistoryTest : public ::testing::TestWithParam<HistoryCase> {};

// The rule that only NOT_EXECUTED with NONE undoes an earlier UNKNOWN.
TEST_P(AttemptHistoryTest, AfterOneThatMayHaveRun_UnlessCertainOfAll) {
  FlowError lost = Keyed(grpc::StatusCode::UNKNOWN, Execution::kUnknown);
  lost.likely_flow_instance_id = "1-2";
  AttemptHistory history;
  history.Add(lost);
  const FlowResult result = history.Add(GetParam().last);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().execution, GetParam().expected);
  const bool may_have_started = GetParam().expected == Execution::kUnknown;
  EXPECT_EQ(history.may_have_started(), may_have_started);
  EXPECT_EQ(result.error().likely_flow_instance_id, may_have_started ? "1-2" : "");
  EXPECT_EQ(AttemptHistory().Add(GetParam().last).error().execution, Execution::kNotExecuted)
      << "without an earlier one";
  EXPECT_EQ(AttemptHistory(true).Add(GetParam().last).error().execution, GetParam().expected)
      << "with one of another process";
}

FlowError Expired() {
  FlowError error =
      Keyed(grpc::StatusCode::INVALID_ARGUMENT, Execution::kNotExecuted, KeyState::kNone);
  error.reason_kind = Reason::IDEMPOTENCY_KEY_EXPIRED;
  return error;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, AttemptHistoryTest,
    ::testing::Values(
        HistoryCase{"none",
                    Keyed(grpc::StatusCode::NOT_FOUND, Execution::kNotExecuted, KeyState::kNone),
                    Execution::kNotExecuted},
        HistoryCase{"not_looked_up", Keyed(grpc::StatusCode::UNAVAILABLE, Execution::kNotExecuted),
                    Execution::kUnknown},
        HistoryCase{
            "reused",
            Keyed(grpc::StatusCode::INVALID_ARGUMENT, Execution::kNotExecuted, KeyState::kReused),
            Execution::kUnknown},
        HistoryCase{"expired", Expired(), Execution::kUnknown}),
    [](const auto& row) { return row.param.name; });

TEST_F(RepeatWhileSafeTest, BusyAfterOneThatMayHaveRun_RepeatedAndStillUnknown) {
  const FlowError busy = Keyed(grpc::StatusCode::UNAVAILABLE, Execution::kNotExecuted);
  const FlowResult result = Run({Keyed(grpc::StatusCode::UNKNOWN, Execution::kUnknown), busy, busy},
                                milliseconds(10'000));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
  EXPECT_THAT(may_have_started_, ElementsAre(false, true, true));
}

TEST_F(RepeatWhileSafeTest, BusyAfterOneThatMayHaveRunAndKeysNotKept_NotRepeated) {
  const FlowResult result =
      Run({Keyed(grpc::StatusCode::UNKNOWN, Execution::kUnknown), Busy()}, milliseconds(10'000));
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
  EXPECT_EQ(budgets_.size(), 2U);
}

// One answer of client/testing/repeat_cases.txt.
FlowError AnswerOf(absl::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  FlowError error;
  for (int code = 0; code <= grpc::StatusCode::UNAUTHENTICATED; ++code) {
    error.code = static_cast<grpc::StatusCode>(code);
    if (StatusCodeName(error.code) == words[0]) break;
  }
  EXPECT_EQ(StatusCodeName(error.code), words[0]);
  error.execution = words[1] == "NOT_EXECUTED" ? Execution::kNotExecuted : Execution::kUnknown;
  for (size_t i = 2; i < words.size(); ++i) {
    const std::pair<std::string, std::string> word = absl::StrSplit(words[i], '=');
    if (word.first == "kept") {
      error.key_kept = true;
    } else if (word.first == "likely") {
      error.likely_flow_instance_id = word.second;
    } else if (word.first == "reason") {
      EXPECT_TRUE(dataflow::v1::ErrorReason_Parse(word.second, &error.reason_kind)) << text;
    } else if (word.first == "retry_after") {
      error.retry_after = milliseconds(std::stoi(word.second));
    } else {
      for (const KeyState state :
           {KeyState::kNone, KeyState::kReserved, KeyState::kDoubt, KeyState::kReused}) {
        if (word.second == KeyStateName(state)) error.key_state = state;
      }
      EXPECT_EQ(KeyStateName(error.key_state), word.second) << text;
    }
  }
  return error;
}

// The same cases that the packages of the other languages play.
TEST(RepeatRule, CasesOfAllClients) {
  const std::string text = ReadFile(ENOS_FLOW_REPEAT_CASES_FILE);
  int cases = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (line[0] == '#') continue;
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(line, " => ");
    const std::pair<absl::string_view, absl::string_view> name =
        absl::StrSplit(sides.first, absl::MaxSplits(": ", 1));
    const std::vector<absl::string_view> answers = absl::StrSplit(name.second, "; ");
    std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
    std::vector<int64_t> waits;
    size_t calls = 0;
    const FlowResult end = RepeatWhileSafe(
        [&](milliseconds, bool) {
          return calls++ < answers.size() ? FlowResult(AnswerOf(answers[calls - 1]))
                                          : FlowResult(TriggeredFlow{"1-2", ""});
        },
        milliseconds(10'000), {},
        {[&] { return now; },
         [&](milliseconds wait) {
           waits.push_back(wait.count());
           now += wait;
         },
         [] { return 0.5; }});
    std::string got = absl::StrCat("calls=", calls, " waits=", absl::StrJoin(waits, ","),
                                   " end=", end.ok() ? "OK" : ExecutionName(end.error().execution));
    if (!end.ok() && !end.error().likely_flow_instance_id.empty()) {
      absl::StrAppend(&got, " likely=", end.error().likely_flow_instance_id);
    }
    EXPECT_EQ(got, sides.second) << name.first;
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace enos::flow
