#include "tests/soak/ledger.h"

#include <algorithm>
#include <unordered_set>

#include "absl/strings/str_cat.h"

namespace enos::soak {
namespace {

void Blame(Ledger& ledger, std::uint64_t& count, std::uint64_t call_id) {
  ++count;
  if (ledger.examples.size() < kMostExamples) ledger.examples.push_back(call_id);
}

void JudgeLast(const Told& told, const std::vector<std::string>& runs, Ledger& ledger) {
  if (told.ok) {
    if (runs.empty()) return Blame(ledger, ledger.ok_not_executed, told.call_id);
    const bool right = std::find(runs.begin(), runs.end(), told.instance_id) != runs.end();
    if (!right) Blame(ledger, ledger.ok_wrong_instance, told.call_id);
  } else if (told.not_executed) {
    if (!runs.empty()) Blame(ledger, ledger.not_executed_but_was, told.call_id);
  } else {
    ++(runs.empty() ? ledger.unknown_not_executed : ledger.unknown_executed);
  }
}

}  // namespace

Told Record(std::uint64_t call_id, const flow::FlowResult& result) {
  Told told;
  told.call_id = call_id;
  told.ok = result.ok();
  if (told.ok) {
    told.outcome = "OK";
    told.instance_id = result.flow().flow_instance_id;
    return told;
  }
  const flow::FlowError& error = result.error();
  told.not_executed = error.execution == flow::Execution::kNotExecuted;
  const bool ours = !error.reason.empty();
  told.breach = ours && error.code == grpc::StatusCode::UNAVAILABLE && !told.not_executed;
  told.outcome = absl::StrCat(flow::StatusCodeName(error.code), " ", ours ? error.reason : "-", " ",
                              flow::ExecutionName(error.execution));
  return told;
}

Ledger Compare(const std::vector<Told>& all, const Executed& executed) {
  static const std::vector<std::string> kNone;
  Ledger ledger;
  std::unordered_set<std::uint64_t> made;
  for (const Told& told : all) {
    made.insert(told.call_id);
    const auto found = executed.find(told.call_id);
    const auto& runs = found == executed.end() ? kNone : found->second;
    ++ledger.attempts;
    OutcomeCount& outcome = ledger.outcomes[told.outcome];
    ++outcome.attempts;
    if (told.breach) Blame(ledger, ledger.breaches, told.call_id);
    if (!told.last) continue;
    if (!runs.empty()) ++outcome.executed;
    JudgeLast(told, runs, ledger);
  }
  ledger.calls = made.size();
  for (const auto& [call_id, runs] : executed) {
    ledger.executed += runs.size();
    if (runs.size() > 1) Blame(ledger, ledger.duplicates, call_id);
    if (made.count(call_id) == 0) Blame(ledger, ledger.nobodys, call_id);
  }
  return ledger;
}

}  // namespace enos::soak
