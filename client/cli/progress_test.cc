#include "progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace enos::flow::cli {
namespace {

using std::chrono::milliseconds;

BatchCounts Counts() {
  BatchCounts counts;
  counts.started = 490;
  counts.not_executed = 9;
  counts.unknown = 1;
  counts.in_flight = 16;
  counts.waiting = 484;
  return counts;
}

TEST(ProgressTextTest, HalfWay_BarCountsAndTimeLeft) {
  EXPECT_EQ(
      ProgressText(Counts(), milliseconds(2000), 200),
      "[############............] 500/1000  9 failed  1 unclear  16 in flight  250/s  2s left");
}

TEST(ProgressTextTest, NarrowTerminal_OneLine) {
  EXPECT_EQ(ProgressText(Counts(), milliseconds(2000), 30).size(), 29U);
}

TEST(ProgressTextTest, NothingSoFar_NoRate) {
  BatchCounts counts;
  counts.waiting = 3;
  EXPECT_EQ(ProgressText(counts, milliseconds(0), 80),
            "[........................] 0/3  0 in flight");
}

TEST(ProgressBarTest, ShownOften_DrawnTenTimesASecondAndClearedAtTheEnd) {
  std::ostringstream terminal;
  ProgressBar bar(terminal, 80);
  const std::chrono::steady_clock::time_point start{std::chrono::hours(1)};
  for (int ms = 0; ms < 1000; ms += 10) bar.Show(Counts(), start + milliseconds(ms));
  const std::string drawn = terminal.str();
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\r'), 10);
  bar.Clear();
  bar.Clear();
  EXPECT_EQ(terminal.str(), drawn + "\r\x1b[K");
}

}  // namespace
}  // namespace enos::flow::cli
