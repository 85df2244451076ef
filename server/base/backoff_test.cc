#include "server/base/backoff.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

struct Row {
  int failures;
  int64_t longest_ms;  // for first = 100, cap = 2000
};

class BackoffTest : public ::testing::TestWithParam<Row> {
 protected:
  static milliseconds WaitWith(double random) {
    return Backoff().Wait(GetParam().failures, [random] { return random; });
  }
};

TEST_P(BackoffTest, Wait_IsSpreadFromNothingToTheLongest) {
  EXPECT_EQ(WaitWith(0).count(), 0);
  EXPECT_EQ(WaitWith(0.5).count(), GetParam().longest_ms / 2);
  EXPECT_EQ(WaitWith(0.9999999).count(), GetParam().longest_ms - 1);
}

INSTANTIATE_TEST_SUITE_P(All, BackoffTest,
                         ::testing::Values(Row{0, 100}, Row{1, 100}, Row{2, 200}, Row{3, 400},
                                           Row{4, 800}, Row{5, 1600}, Row{6, 2000}, Row{7, 2000},
                                           Row{64, 2000}, Row{1'000'000, 2000},
                                           Row{std::numeric_limits<int>::max(), 2000}),
                         [](const auto& test) {
                           return "Failures" + std::to_string(test.param.failures);
                         });

TEST(Backoff, FirstAboveTheCap_IsCut) {
  const Backoff backoff{milliseconds(5000), milliseconds(1000)};
  EXPECT_EQ(backoff.Wait(1, [] { return 0.5; }), milliseconds(500));
}

TEST(Backoff, LeastWait_IsNeverUndercut) {
  const Backoff backoff{milliseconds(100), milliseconds(2000), milliseconds(20)};
  EXPECT_EQ(backoff.Wait(1, [] { return 0.0; }), milliseconds(20));
  EXPECT_EQ(backoff.Wait(1, [] { return 0.1; }), milliseconds(20));
  EXPECT_EQ(backoff.Wait(1, [] { return 0.5; }), milliseconds(50));
}

TEST(Backoff, HugeCap_DoesNotOverflow) {
  const Backoff backoff{std::chrono::hours(1), milliseconds::max() / 4};
  EXPECT_GT(backoff.Wait(1000, [] { return 0.9; }), std::chrono::hours(1));
}

}  // namespace
}  // namespace enos::gateway
