#include "tests/soak/keys/keyed_ledger.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace enos::soak {
namespace {

// What all attempts with one key were told.
struct ByKey {
  bool ok = false;
  bool doubt = false;
  std::uint64_t started = 0;  // told OK, not replayed
  const KeyedTold* last_none = nullptr;
};

void Blame(KeyedLedger& ledger, std::uint64_t& count, std::uint64_t call_id) {
  ++count;
  if (ledger.examples.size() < kMostExamples) ledger.examples.push_back(call_id);
}

void CountMet(const KeyedTold& told, KeyedLedger& ledger) {
  if (!told.repeat) return;
  ++ledger.repeats;
  if (told.replayed) ++ledger.met_started;
  if (told.key_state == flow::KeyState::kReserved) ++ledger.met_reserved;
  if (told.key_state == flow::KeyState::kDoubt) ++ledger.met_doubt;
}

// `runs`: the instances of the key; `at`: when the first was executed.
void JudgeAttempt(const KeyedTold& told, const std::vector<std::string>& runs, absl::Time at,
                  KeyedLedger& ledger) {
  if (told.ok) {
    if (runs.empty()) return Blame(ledger, ledger.ok_not_executed, told.call_id);
    if (runs[0] != told.instance_id) Blame(ledger, ledger.ok_wrong_instance, told.call_id);
  }
  const bool none = told.not_executed && told.key_state == flow::KeyState::kNone;
  if (none && at < told.begin) Blame(ledger, ledger.none_but_was, told.call_id);
}

void JudgeKey(std::uint64_t call_id, const ByKey& key, bool executed, KeyedLedger& ledger) {
  if (key.started > 1) Blame(ledger, ledger.two_started_it, call_id);
  if (key.last_none != nullptr && executed && !key.ok && !key.doubt) ++ledger.none_then_executed;
  if (key.ok) {
    ++ledger.known_ok;
  } else if (key.doubt) {
    ++(executed ? ledger.doubt_executed : ledger.doubt_not_executed);
  } else if (key.last_none != nullptr) {
    ++ledger.known_not_executed;
  } else {
    ++ledger.open;
  }
}

}  // namespace

KeyedTold RecordKeyed(std::uint64_t call_id, absl::Time begin, const flow::FlowResult& result) {
  KeyedTold told;
  told.call_id = call_id;
  told.begin = begin;
  told.end = absl::Now();
  told.ok = result.ok();
  if (told.ok) {
    told.replayed = result.flow().replayed;
    told.instance_id = result.flow().flow_instance_id;
    told.outcome = told.replayed ? "OK replayed" : "OK";
    return told;
  }
  const flow::FlowError& error = result.error();
  told.key_state = error.key_state;
  told.not_executed = error.execution == flow::Execution::kNotExecuted;
  told.outcome = absl::StrCat(
      flow::StatusCodeName(error.code), " ", error.reason.empty() ? "-" : error.reason, " ",
      flow::ExecutionName(error.execution), " ", flow::KeyStateName(error.key_state));
  return told;
}

KeyedLedger CompareKeyed(const std::vector<KeyedTold>& all, const Executed& executed,
                         const ExecutedAt& executed_at) {
  static const std::vector<std::string> kNone;
  KeyedLedger ledger;
  std::unordered_map<std::uint64_t, ByKey> keys;
  const auto runs_of = [&](std::uint64_t call_id) -> const std::vector<std::string>& {
    const auto found = executed.find(call_id);
    return found == executed.end() ? kNone : found->second;
  };
  for (const KeyedTold& told : all) {
    ++ledger.attempts;
    ++ledger.outcomes[told.outcome];
    CountMet(told, ledger);
    const auto at = executed_at.find(told.call_id);
    JudgeAttempt(told, runs_of(told.call_id),
                 at == executed_at.end() ? absl::InfiniteFuture() : at->second, ledger);
    ByKey& key = keys[told.call_id];
    key.ok = key.ok || told.ok;
    key.doubt = key.doubt || told.key_state == flow::KeyState::kDoubt;
    if (told.ok && !told.replayed) ++key.started;
    if (told.not_executed && told.key_state == flow::KeyState::kNone) key.last_none = &told;
  }
  ledger.keys = keys.size();
  for (const auto& [call_id, key] : keys) JudgeKey(call_id, key, !runs_of(call_id).empty(), ledger);
  for (const auto& [call_id, runs] : executed) {
    ledger.executed += runs.size();
    if (runs.size() > 1) Blame(ledger, ledger.twice, call_id);
    if (keys.count(call_id) == 0) Blame(ledger, ledger.nobodys, call_id);
  }
  return ledger;
}

std::string ToText(const KeyedLedger& l) {
  std::string text = absl::StrFormat(
      "  keys %d, attempts %d, of them repeats %d; EnOS executed %d\n"
      "  repeats met: STARTED %d, RESERVED %d, DOUBT %d\n"
      "  keys at the end: OK %d, in doubt %d (executed %d, not %d), certainly not executed %d, "
      "open %d\n"
      "  told NOT_EXECUTED with NONE, then executed by an attempt under way: %d\n",
      l.keys, l.attempts, l.repeats, l.executed, l.met_started, l.met_reserved, l.met_doubt,
      l.known_ok, l.doubt_executed + l.doubt_not_executed, l.doubt_executed, l.doubt_not_executed,
      l.known_not_executed, l.open, l.none_then_executed);
  for (const auto& [outcome, count] : l.outcomes)
    absl::StrAppendFormat(&text, "    %8d  %s\n", count, outcome);
  absl::StrAppendFormat(
      &text,
      "  executed twice %d, OK and not executed %d, OK with another id %d, two told that they "
      "started it %d, NONE after it was executed %d, nobody's %d\n",
      l.twice, l.ok_not_executed, l.ok_wrong_instance, l.two_started_it, l.none_but_was, l.nobodys);
  if (!l.examples.empty())
    absl::StrAppend(&text, "  call ids behind these: ", absl::StrJoin(l.examples, " "), "\n");
  return text;
}

}  // namespace enos::soak
