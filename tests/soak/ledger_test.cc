#include "tests/soak/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::soak {
namespace {

using testing::ElementsAre;

enum class Said { kOk, kOkOther, kNotExecuted, kUnknown };

flow::FlowResult Result(Said said) {
  if (said == Said::kOk) return flow::TriggeredFlow{"run", ""};
  if (said == Said::kOkOther) return flow::TriggeredFlow{"other", ""};
  flow::FlowError error;
  error.code = grpc::StatusCode::UNKNOWN;
  if (said == Said::kNotExecuted) error.execution = flow::Execution::kNotExecuted;
  return error;
}

struct Case {
  const char* name;
  Said said;
  std::vector<std::string> runs;
  std::uint64_t duplicates;
  std::uint64_t lies;
};

class LedgerTest : public testing::TestWithParam<Case> {};

TEST_P(LedgerTest, OneCall_IsJudged) {
  const Case& c = GetParam();
  Executed executed;
  if (!c.runs.empty()) executed[7] = c.runs;
  const Ledger ledger = Compare({Record(7, Result(c.said))}, executed);
  EXPECT_EQ(ledger.duplicates, c.duplicates);
  EXPECT_EQ(ledger.Lies(), c.lies);
  EXPECT_EQ(ledger.examples.empty(), c.duplicates + c.lies == 0);
  EXPECT_EQ(ledger.calls, 1U);
  EXPECT_EQ(ledger.executed, c.runs.size());
}

INSTANTIATE_TEST_SUITE_P(
    Calls, LedgerTest,
    testing::Values(Case{"OkAndRan", Said::kOk, {"run"}, 0, 0},
                    Case{"OkAndDidNotRun", Said::kOk, {}, 0, 1},
                    Case{"OkWithAnotherRun", Said::kOkOther, {"run"}, 0, 1},
                    Case{"OkAndRanTwice", Said::kOk, {"run", "run"}, 1, 0},
                    Case{"NotExecutedAndDidNotRun", Said::kNotExecuted, {}, 0, 0},
                    Case{"NotExecutedAndRan", Said::kNotExecuted, {"run"}, 0, 1},
                    Case{"UnknownAndRan", Said::kUnknown, {"run"}, 0, 0},
                    Case{"UnknownAndDidNotRun", Said::kUnknown, {}, 0, 0},
                    Case{"UnknownAndRanTwice", Said::kUnknown, {"run", "run"}, 1, 0}),
    [](const auto& test) { return test.param.name; });

TEST(LedgerTest, CallMadeAgain_IsJudgedByItsLastAttempt) {
  Told first = Record(1, Result(Said::kNotExecuted));
  first.last = false;
  const Ledger ledger = Compare({first, Record(1, Result(Said::kOk))}, {{1, {"run"}}});
  EXPECT_EQ(ledger.Lies(), 0U);
  EXPECT_EQ(ledger.calls, 1U);
  EXPECT_EQ(ledger.attempts, 2U);
  EXPECT_EQ(ledger.outcomes.at("OK").executed, 1U);
}

TEST(LedgerTest, RunThatNobodyCalled_IsALie) {
  const Ledger ledger = Compare({}, {{3, {"run"}}});
  EXPECT_EQ(ledger.nobodys, 1U);
  EXPECT_THAT(ledger.examples, ElementsAre(3));
}

TEST(LedgerTest, UnavailableThatMayHaveRun_IsABreachOnlyWhereItIsOurs) {
  flow::FlowError error;
  error.code = grpc::StatusCode::UNAVAILABLE;
  EXPECT_FALSE(Record(1, error).breach);
  error.reason = "ENOS_UNREACHABLE";
  EXPECT_TRUE(Record(1, error).breach);
  EXPECT_EQ(Compare({Record(1, error)}, {}).Lies(), 1U);
  EXPECT_EQ(Record(1, error).outcome, "UNAVAILABLE ENOS_UNREACHABLE UNKNOWN");
}

}  // namespace
}  // namespace enos::soak
