#include "server/trigger/caller_slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace enos::gateway {
namespace {

TEST(CallerSlots, BeyondItsLimit_OneCallerWaitsAndOthersDoNot) {
  CallerSlots slots(2);
  CallerSlot first = slots.TryEnter("a");
  const CallerSlot second = slots.TryEnter("a");
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(slots.TryEnter("a"));
  EXPECT_TRUE(slots.TryEnter("b"));
  first.Release();
  first.Release();
  EXPECT_TRUE(slots.TryEnter("a"));
}

TEST(CallerSlots, MovedSlot_IsGivenBackOnce) {
  CallerSlots slots(1);
  CallerSlot slot = slots.TryEnter("a");
  CallerSlot moved = std::move(slot);
  EXPECT_FALSE(slots.TryEnter("a"));
  moved = {};
  EXPECT_EQ(slots.callers(), 0U);
  EXPECT_TRUE(slots.TryEnter("a"));
}

TEST(CallerSlots, CallersWithoutCalls_AreForgotten) {
  CallerSlots slots(1);
  for (int i = 0; i < 1000; ++i) slots.TryEnter(std::to_string(i));
  EXPECT_EQ(slots.callers(), 0U);
}

TEST(CallerSlots, ManyThreads_NeverHaveMore) {
  CallerSlots slots(3);
  std::atomic<int> held{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        CallerSlot slot = slots.TryEnter("a");
        if (!slot) continue;
        EXPECT_LE(++held, 3);
        --held;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(slots.callers(), 0U);
}

}  // namespace
}  // namespace enos::gateway
