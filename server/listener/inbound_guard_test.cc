#include "server/listener/inbound_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "server/listener/byte_account.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr uint64_t kKib = 1 << 10;
constexpr uint64_t kMib = 1 << 20;

CallBytes Calls(int number, uint64_t message_bytes) {
  CallBytes calls;
  for (int i = 0; i < number; ++i) calls.Add(message_bytes);
  return calls;
}

TEST(ByteAccount, CallsAccountForTheirMessagesHeadersAndFraming) {
  ByteAccount account;
  // The most that headers and frames may take.
  account.Update(10 * (kMib + kMib / 16 + 16 * kKib), Calls(10, kMib), milliseconds(1));
  EXPECT_EQ(account.unaccounted(), 0U);
}

TEST(ByteAccount, WhatBecameNoCall_StaysUntilItDoes) {
  ByteAccount account;
  account.Update(900 * kKib, {}, milliseconds(1));
  EXPECT_NEAR(static_cast<double>(account.unaccounted()), 900 * kKib, 10);
  account.Update(900 * kKib, {}, milliseconds(1));
  EXPECT_NEAR(static_cast<double>(account.unaccounted()), 900 * kKib, 10);
  account.Update(kMib, Calls(1, kMib), milliseconds(1));
  EXPECT_EQ(account.unaccounted(), 0U);
}

TEST(ByteAccount, AllowancesOfSmallCalls_AreNotSaved) {
  ByteAccount account;
  account.Update(10 * kKib, Calls(1000, 100), milliseconds(1));
  account.Update(10 * kKib + kMib, {}, milliseconds(1));
  EXPECT_NEAR(static_cast<double>(account.unaccounted()), kMib, 10);
}

TEST(ByteAccount, ALittle_IsForgivenWithTime) {
  ByteAccount account;
  account.Update(60 * kKib, {}, seconds(60));  // a minute of pings and acknowledgements
  EXPECT_EQ(account.unaccounted(), 0U);
}

// Some of a proxy's callers send what gRPC refuses without reporting it.
TEST(ByteAccount, More_IsForgivenWhileCallsArrive) {
  ByteAccount account;
  account.Update(kMib, {}, seconds(0));
  account.Update(kMib + 100, Calls(1, 100), seconds(1));
  EXPECT_EQ(account.unaccounted(), kMib + 100 - (256 + 16) * kKib - 106);
  account.Update(kMib + 200, Calls(1, 100), seconds(3));
  EXPECT_EQ(account.unaccounted(), 0U);
}

TEST(ByteAccount, Recent_IsNotHiddenBySmallCallsAndPassesAway) {
  ByteAccount account;
  account.Update(kMib, Calls(100, 1000), milliseconds(10));
  EXPECT_EQ(account.unaccounted(), 0U);
  EXPECT_EQ(account.recent(), kMib - 100 * 1512);
  account.Update(kMib, {}, seconds(5));
  EXPECT_EQ(account.recent(), (kMib - 100 * 1512) / 2);
  account.Update(kMib, {}, seconds(20));
  EXPECT_EQ(account.recent(), 0U);
}

class InboundGuardTest : public testing::Test {
 protected:
  // A check at this moment, if one is due; pairs of index and reason.
  std::vector<std::pair<size_t, CutReason>> Look(uint64_t memory,
                                                 const std::vector<ConnectionLoad>& loads) {
    std::vector<std::pair<size_t, CutReason>> cuts;
    if (!guard_.IsLookDue(now_, memory)) return cuts;
    for (const auto& cut : guard_.Decide(now_, now_, loads))
      cuts.emplace_back(cut.index, cut.reason);
    return cuts;
  }
  void Wait(milliseconds time) { now_ += time; }

  InboundLimits limits_{16 * kMib, 300 * kMib};
  InboundGuard guard_{limits_};
  SteadyTime now_{seconds(1000)};
};

TEST_F(InboundGuardTest, OneThatSendsMuchAndCallsNot_IsCut) {
  EXPECT_THAT(Look(kMib, {{16 * kMib, 0}, {16 * kMib + 1, 0}, {0, 99 * kMib}}),
              ElementsAre(Pair(1, CutReason::kUnfinished)));
}

TEST_F(InboundGuardTest, BelowTheMark_NobodyIsCutForMemory) {
  EXPECT_THAT(Look(300 * kMib, {{kMib, 0}, {15 * kMib, 0}}), IsEmpty());
}

TEST_F(InboundGuardTest, AboveTheMark_TheWorstAreCutTogether) {
  EXPECT_THAT(Look(301 * kMib, {{kMib, 0}, {499 * kKib, 0}, {600 * kKib, 0}, {0, 0}}),
              ElementsAre(Pair(0, CutReason::kMemory), Pair(2, CutReason::kMemory)));
}

TEST_F(InboundGuardTest, MemoryHasTimeToComeBack) {
  const std::vector<ConnectionLoad> loads = {{kMib, 0}, {100 * kKib, 0}};
  EXPECT_THAT(Look(301 * kMib, loads), ElementsAre(Pair(0, CutReason::kMemory)));
  Wait(milliseconds(40));
  EXPECT_THAT(Look(301 * kMib, {loads[1]}), IsEmpty());
  Wait(milliseconds(10));
  EXPECT_THAT(Look(301 * kMib, {loads[1]}), ElementsAre(Pair(0, CutReason::kMemory)));
}

TEST_F(InboundGuardTest, ThoseThatCanDoNoHarm_AreNotCut) {
  EXPECT_THAT(Look(301 * kMib, {{16 * kKib - 1, 0}, {0, kMib}}), IsEmpty());
  EXPECT_FALSE(guard_.is_critical());
}

TEST_F(InboundGuardTest, NearTheEnd_WhoSentMostLatelyIsCutAndNobodyNewIsTaken) {
  EXPECT_THAT(Look(360 * kMib, {{0, 900 * kKib}, {0, 100 * kKib}, {0, kMib}}),
              ElementsAre(Pair(0, CutReason::kMemory), Pair(2, CutReason::kMemory)));
  EXPECT_TRUE(guard_.is_critical());
  // Memory has more time to be freed.
  Wait(milliseconds(1900));
  EXPECT_THAT(Look(360 * kMib, {{0, 900 * kKib}}), IsEmpty());
  Wait(milliseconds(100));
  EXPECT_THAT(Look(360 * kMib, {{0, 60 * kKib}}), IsEmpty());
  EXPECT_THAT(Look(100 * kMib, {}), IsEmpty());
  EXPECT_FALSE(guard_.is_critical());
}

TEST_F(InboundGuardTest, WithoutAMark_MemoryDoesNotMatter) {
  guard_ = InboundGuard({16 * kMib, 0});
  EXPECT_THAT(Look(99'000 * kMib, {{15 * kMib, 15 * kMib}}), IsEmpty());
  EXPECT_FALSE(guard_.is_critical());
}

TEST_F(InboundGuardTest, InCalm_ConnectionsAreLookedAtNowAndThen) {
  EXPECT_TRUE(guard_.IsLookDue(now_, kMib));
  guard_.Decide(now_, now_, {{1000, 1000}});
  Wait(milliseconds(99));
  EXPECT_FALSE(guard_.IsLookDue(now_, kMib));
  Wait(milliseconds(1));
  EXPECT_TRUE(guard_.IsLookDue(now_, kMib));
}

TEST_F(InboundGuardTest, WhenMemoryGrowsOrAConnectionIsSuspicious_TheyAreLookedAtSoon) {
  guard_.IsLookDue(now_, 10 * kMib);
  guard_.Decide(now_, now_, {});
  guard_.IsLookDue(now_, 10 * kMib);
  const auto calm = guard_.wait();
  EXPECT_TRUE(guard_.IsLookDue(now_, 15 * kMib));
  EXPECT_LT(guard_.wait(), calm);
  guard_.Decide(now_, now_, {{kMib, 0}});
  EXPECT_TRUE(guard_.IsLookDue(now_, 15 * kMib));
}

// Returning it would take a third of the calls' time.
TEST_F(InboundGuardTest, MemoryIsNeededOnceHalfOfWhatThereMayBeIsUsed) {
  guard_.IsLookDue(now_, limits_.max_memory / 2);
  guard_.Decide(now_, now_, {{kMib, 0}});
  EXPECT_FALSE(guard_.is_memory_needed());
  guard_.IsLookDue(now_, limits_.max_memory / 2 + 1);
  EXPECT_TRUE(guard_.is_memory_needed());
}

TEST_F(InboundGuardTest, LooksThatTakeLong_AreFollowedByARest) {
  guard_.IsLookDue(now_, kMib);
  guard_.Decide(now_ - milliseconds(10), now_, {{kMib, 0}});
  Wait(milliseconds(99));
  EXPECT_FALSE(guard_.IsLookDue(now_, 200 * kMib));
  Wait(milliseconds(1));
  EXPECT_TRUE(guard_.IsLookDue(now_, 250 * kMib));
}

}  // namespace
}  // namespace enos::gateway
