#include "sandbox/faults/latency.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::sandbox {
namespace {

using std::chrono::milliseconds;

TEST(ParseLatency, FixedIsTheSameEverywhere) {
  const auto latency = ParseLatency("1s");
  ASSERT_TRUE(latency.ok());
  EXPECT_EQ(latency->At(0), milliseconds(1000));
  EXPECT_EQ(latency->At(0.9), milliseconds(1000));
}

TEST(ParseLatency, RangeIsPickedFrom) {
  const auto latency = ParseLatency("50ms-200ms");
  ASSERT_TRUE(latency.ok());
  EXPECT_EQ(latency->At(0), milliseconds(50));
  EXPECT_EQ(latency->At(0.5), milliseconds(125));
}

class LatencyErrorTest : public testing::TestWithParam<std::string> {};

TEST_P(LatencyErrorTest, IsNamed) {
  const auto latency = ParseLatency(GetParam());
  ASSERT_FALSE(latency.ok());
  EXPECT_EQ(latency.status().message(),
            "\"" + GetParam() + "\" is no latency such as 1s or 50ms-200ms");
}

INSTANTIATE_TEST_SUITE_P(All, LatencyErrorTest,
                         testing::Values("", "1", "soon", "-1s", "1s-", "2s-1s", "25h", "inf"));

}  // namespace
}  // namespace enos::sandbox
