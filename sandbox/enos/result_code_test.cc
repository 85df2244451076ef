#include "sandbox/enos/result_code.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

TEST(MessageOf, KnownAndUnknownCodes) {
  EXPECT_EQ(MessageOf(62103), "User has no privilege.");
  EXPECT_EQ(MessageOf(1005), "internal service exception");
  EXPECT_EQ(MessageOf(31415), "Error");
}

class RefusalCodeTest : public testing::TestWithParam<int> {};
class DoubtfulCodeTest : public testing::TestWithParam<int> {};

TEST_P(RefusalCodeTest, MeansNotExecuted) { EXPECT_TRUE(IsRefusal(GetParam())); }
TEST_P(DoubtfulCodeTest, MayHaveBeenExecuted) { EXPECT_FALSE(IsRefusal(GetParam())); }

INSTANTIATE_TEST_SUITE_P(All, RefusalCodeTest,
                         testing::Values(400, 401, 403, 404, 405, 409, 413, 415, 429, 497, 498, 501,
                                         503, 1203, 62101, 62103, 62104, 99400, 99403, 99404));
INSTANTIATE_TEST_SUITE_P(All, DoubtfulCodeTest,
                         testing::Values(0, 200, 307, 499, 500, 502, 504, 62109, 99500, 12345));

}  // namespace
}  // namespace enos::sandbox
