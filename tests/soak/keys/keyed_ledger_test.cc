#include "tests/soak/keys/keyed_ledger.h"

#include <gtest/gtest.h>

namespace enos::soak {
namespace {

absl::Time At(int seconds) { return absl::FromUnixSeconds(seconds); }

KeyedTold Ok(std::uint64_t call_id, std::string instance, bool replayed = false) {
  KeyedTold told;
  told.call_id = call_id;
  told.begin = told.end = At(10);
  told.ok = true;
  told.replayed = replayed;
  told.instance_id = std::move(instance);
  return told;
}

KeyedTold NotExecuted(std::uint64_t call_id, flow::KeyState state) {
  KeyedTold told;
  told.call_id = call_id;
  told.begin = told.end = At(10);
  told.not_executed = true;
  told.key_state = state;
  return told;
}

TEST(KeyedLedgerTest, TrueAnswers_NoLies) {
  KeyedTold repeat = Ok(1, "a", true);
  repeat.repeat = true;
  const KeyedLedger ledger = CompareKeyed(
      {Ok(1, "a"), repeat, NotExecuted(2, flow::KeyState::kNone)}, {{1, {"a"}}}, {{1, At(9)}});
  EXPECT_EQ(ledger.Lies(), 0U);
  EXPECT_EQ(ledger.keys, 2U);
  EXPECT_EQ(ledger.met_started, 1U);
  EXPECT_EQ(ledger.known_ok, 1U);
  EXPECT_EQ(ledger.known_not_executed, 1U);
}

TEST(KeyedLedgerTest, EachLieIsFound) {
  EXPECT_EQ(CompareKeyed({Ok(1, "a")}, {{1, {"a", "b"}}}, {}).twice, 1U);
  EXPECT_EQ(CompareKeyed({Ok(1, "a")}, {}, {}).ok_not_executed, 1U);
  EXPECT_EQ(CompareKeyed({Ok(1, "a")}, {{1, {"b"}}}, {}).ok_wrong_instance, 1U);
  EXPECT_EQ(CompareKeyed({Ok(1, "a"), Ok(1, "a")}, {{1, {"a"}}}, {}).two_started_it, 1U);
  EXPECT_EQ(CompareKeyed({}, {{1, {"a"}}}, {}).nobodys, 1U);
  const auto none = NotExecuted(1, flow::KeyState::kNone);
  EXPECT_EQ(CompareKeyed({none}, {{1, {"a"}}}, {{1, At(9)}}).none_but_was, 1U);
}

TEST(KeyedLedgerTest, ExecutedAfterNone_IsCountedButNoLie) {
  const auto none = NotExecuted(1, flow::KeyState::kNone);
  const KeyedLedger ledger = CompareKeyed({none}, {{1, {"a"}}}, {{1, At(11)}});
  EXPECT_EQ(ledger.Lies(), 0U);
  EXPECT_EQ(ledger.none_then_executed, 1U);
}

TEST(KeyedLedgerTest, NotExecutedOfThisCallAlone_IsNoLie) {
  const auto reserved = NotExecuted(1, flow::KeyState::kReserved);
  EXPECT_EQ(CompareKeyed({reserved}, {{1, {"a"}}}, {{1, At(9)}}).Lies(), 0U);
}

}  // namespace
}  // namespace enos::soak
