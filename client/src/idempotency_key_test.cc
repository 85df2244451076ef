#include "enos/flow/idempotency_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace enos::flow {
namespace {

using ::testing::MatchesRegex;

// The example of RFC 9562, A.6.
TEST(MakeIdempotencyKeyTest, TimeAndRandomness_UuidOfVersion7) {
  std::vector<uint32_t> random = {(0x18C4U << 12U) | 0xCC3U, 0xDC0C, 0x0C07398F};
  size_t next = 0;
  EXPECT_EQ(MakeIdempotencyKey(
                std::chrono::system_clock::time_point(std::chrono::milliseconds(0x017F22E279B0)),
                [&] { return random[next++]; }),
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(MakeIdempotencyKeyTest, AllBitsOfTheRandomness_VersionAndVariantStay) {
  const std::chrono::system_clock::time_point epoch;
  EXPECT_EQ(MakeIdempotencyKey(epoch, [] { return 0U; }), "00000000-0000-7000-8000-000000000000");
  EXPECT_EQ(MakeIdempotencyKey(epoch, [] { return ~0U; }), "00000000-0000-7fff-bfff-ffffffffffff");
}

TEST(NewIdempotencyKeyTest, Each_DifferentAndOfNow) {
  std::set<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.insert(NewIdempotencyKey());
  EXPECT_EQ(keys.size(), 1000U);
  EXPECT_THAT(*keys.begin(),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

}  // namespace
}  // namespace enos::flow
