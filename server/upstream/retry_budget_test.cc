#include "server/upstream/retry_budget.h"

#include <gtest/gtest.h>

#include <chrono>

namespace enos::gateway {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kNow{hours(5)};

int64_t TakeAll(RetryBudget& budget, SteadyTime now) {
  int64_t taken = 0;
  while (taken < 100'000 && budget.TakeRetry(now)) ++taken;
  return taken;
}

void CountCalls(RetryBudget& budget, int count, SteadyTime now) {
  for (int i = 0; i < count; ++i) budget.CountCall(now);
}

TEST(RetryBudget, NoCalls_StillAllowsTen) {
  RetryBudget budget;
  EXPECT_EQ(TakeAll(budget, kNow), 10);
  EXPECT_FALSE(budget.TakeRetry(kNow));
}

TEST(RetryBudget, AtTheClocksBeginning_AllowsTen) {
  RetryBudget budget;
  EXPECT_EQ(TakeAll(budget, SteadyTime()), 10);
}

struct Share {
  int calls;
  int64_t retries;
};

class RetryBudgetShare : public ::testing::TestWithParam<Share> {};

TEST_P(RetryBudgetShare, Calls_AllowAFifthOfThemAndNeverLessThanTen) {
  RetryBudget budget;
  CountCalls(budget, GetParam().calls, kNow);
  EXPECT_EQ(TakeAll(budget, kNow), GetParam().retries);
}

INSTANTIATE_TEST_SUITE_P(All, RetryBudgetShare,
                         ::testing::Values(Share{1, 10}, Share{50, 10}, Share{54, 10},
                                           Share{55, 11}, Share{100, 20}, Share{1000, 200}),
                         [](const auto& test) {
                           return "Calls" + std::to_string(test.param.calls);
                         });

TEST(RetryBudget, RetriesTaken_ComeBackTenSecondsLater) {
  RetryBudget budget;
  TakeAll(budget, kNow);
  EXPECT_FALSE(budget.TakeRetry(kNow + milliseconds(9999)));
  EXPECT_EQ(TakeAll(budget, kNow + seconds(10)), 10);
}

TEST(RetryBudget, CallsCounted_CountForTenSeconds) {
  RetryBudget budget;
  CountCalls(budget, 500, kNow);
  EXPECT_EQ(TakeAll(budget, kNow + milliseconds(9999)), 100);
  RetryBudget later;
  CountCalls(later, 500, kNow);
  EXPECT_EQ(TakeAll(later, kNow + seconds(10)), 10);
}

TEST(RetryBudget, CallsOfSeveralSeconds_AddUp) {
  RetryBudget budget;
  for (int i = 0; i < 10; ++i) CountCalls(budget, 20, kNow + seconds(i));
  EXPECT_EQ(TakeAll(budget, kNow + seconds(9)), 40);
}

TEST(RetryBudget, WindowMoves_OldestSecondLeavesFirst) {
  RetryBudget budget;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.TakeRetry(kNow + seconds(i)));
  EXPECT_FALSE(budget.TakeRetry(kNow + seconds(9)));
  EXPECT_TRUE(budget.TakeRetry(kNow + seconds(10)));
  EXPECT_FALSE(budget.TakeRetry(kNow + seconds(10)));
}

TEST(RetryBudget, LongSilence_ForgetsEverything) {
  RetryBudget budget;
  CountCalls(budget, 1000, kNow);
  TakeAll(budget, kNow);
  EXPECT_EQ(TakeAll(budget, kNow + hours(24)), 10);
}

}  // namespace
}  // namespace enos::gateway
