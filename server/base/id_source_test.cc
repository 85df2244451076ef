#include "server/base/id_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace enos::gateway {
namespace {

using ::testing::MatchesRegex;
using ::testing::Ne;

// Numbers that differ from each other and from those with another start.
RandomSource From(double start) {
  return [start]() mutable { return start += 0.001; };
}

TEST(IdSource, RequestId_Is32HexadecimalDigits) {
  IdSource ids(From(0.25));
  EXPECT_THAT(ids.NewRequestId(), MatchesRegex("[0-9a-f]{32}"));
}

TEST(IdSource, SpanId_Is16HexadecimalDigitsAndNotZero) {
  // The mix of 0 is 0, which is not a valid span id.
  IdSource ids([] { return 0.0; });
  EXPECT_THAT(ids.NewSpanId(), MatchesRegex("[0-9a-f]{16}"));
  IdSource same([] { return 0.0; });
  EXPECT_THAT(same.NewSpanId(), Ne("0000000000000000"));
}

TEST(IdSource, SameStart_GivesTheSameIds) {
  IdSource one(From(0.25));
  IdSource other(From(0.25));
  EXPECT_EQ(one.NewRequestId(), other.NewRequestId());
}

TEST(IdSource, OtherStart_GivesOtherIds) {
  IdSource one(From(0.25));
  IdSource other(From(0.5));
  EXPECT_NE(one.NewRequestId(), other.NewRequestId());
}

TEST(IdSource, ManyThreads_NeverGetTheSameId) {
  IdSource ids(From(0.25));
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) mine.push_back(ids.NewRequestId());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 4000U);
}

}  // namespace
}  // namespace enos::gateway
