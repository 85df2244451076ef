#include "sandbox/ledger/call_ledger.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

CallRecord Call(std::int32_t flow_id, bool executed, int code = 0, std::string fault = "") {
  CallRecord record;
  record.request = FlowRequest{flow_id, 0, {}};
  record.executed = executed;
  record.code = code;
  record.fault = std::move(fault);
  return record;
}

std::vector<std::uint64_t> Numbers(const CallPage& page) {
  std::vector<std::uint64_t> numbers;
  for (const auto& call : page.calls) numbers.push_back(call.number);
  return numbers;
}

TEST(CallLedger, PagesInOrder) {
  CallLedger ledger(100);
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(ledger.Add(Call(1, true)), static_cast<unsigned>(i));
  EXPECT_EQ(Numbers(ledger.Since(0, 2)), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(Numbers(ledger.Since(2, 9)), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_TRUE(ledger.Since(5, 9).calls.empty());
  EXPECT_EQ(ledger.Since(5, 9).last_number, 5U);
  EXPECT_EQ(ledger.Since(0, 9).forgotten, 0U);
}

TEST(CallLedger, ShowsTheNewestInOrder) {
  CallLedger ledger(100);
  for (int i = 1; i <= 5; ++i) ledger.Add(Call(1, true));
  EXPECT_EQ(Numbers(ledger.Newest(2)), (std::vector<std::uint64_t>{4, 5}));
  EXPECT_EQ(Numbers(ledger.Newest(9)), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(ledger.Newest(2).last_number, 5U);
  EXPECT_EQ(ledger.Newest(2).forgotten, 0U);
}

TEST(CallLedger, KeepsTheNewestAndCountsAll) {
  CallLedger ledger(2);
  for (int i = 0; i < 5; ++i) ledger.Add(Call(7, true));
  EXPECT_EQ(Numbers(ledger.Since(0, 9)), (std::vector<std::uint64_t>{4, 5}));
  EXPECT_EQ(ledger.Since(0, 9).forgotten, 3U);
  EXPECT_EQ(ledger.Stats().executed_by_flow.at(7), 5U);
}

TEST(CallLedger, StatisticsTellExecutedFromReceived) {
  CallLedger ledger(9);
  ledger.Add(Call(1, true));
  ledger.Add(Call(1, false, 0, "reset+before"));
  ledger.Add(Call(2, false, 62104));
  const CallStats stats = ledger.Stats();
  EXPECT_EQ(stats.received, 3U);
  EXPECT_EQ(stats.executed, 1U);
  EXPECT_EQ(stats.faults, 1U);
  EXPECT_EQ(stats.by_code, (std::map<int, std::uint64_t>{{0, 2}, {62104, 1}}));
  EXPECT_EQ(stats.executed_by_flow, (std::map<std::int32_t, std::uint64_t>{{1, 1}}));
}

TEST(CallLedger, ClearForgetsAllButTheNumbering) {
  CallLedger ledger(9);
  ledger.Add(Call(1, true));
  ledger.Clear();
  EXPECT_EQ(ledger.Stats().received, 0U);
  EXPECT_EQ(ledger.Since(0, 9).forgotten, 1U);
  EXPECT_EQ(ledger.Add(Call(1, true)), 2U);
}

}  // namespace
}  // namespace enos::sandbox
