// Compares what callers with keys were told with what EnOS executed, and when.
#ifndef ENOS_TESTS_SOAK_KEYS_KEYED_LEDGER_H_
#define ENOS_TESTS_SOAK_KEYS_KEYED_LEDGER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "enos/flow/result.h"
#include "tests/soak/ledger.h"

namespace enos::soak {

// What one attempt came to. A key has one call id.
struct KeyedTold {
  std::uint64_t call_id = 0;
  absl::Time begin;
  absl::Time end;
  bool ok = false;
  bool replayed = false;
  std::string instance_id;  // of OK
  flow::KeyState key_state = flow::KeyState::kNotTold;
  bool not_executed = false;
  std::string outcome;  // "OK", "OK replayed", or "CODE REASON EXECUTION KEY_STATE"
  bool repeat = false;  // not the first attempt that this caller made
};
KeyedTold RecordKeyed(std::uint64_t call_id, absl::Time begin, const flow::FlowResult& result);

struct KeyedLedger {
  std::uint64_t keys = 0;
  std::uint64_t attempts = 0;
  std::uint64_t repeats = 0;
  std::uint64_t executed = 0;  // runs at EnOS
  std::map<std::string, std::uint64_t> outcomes;
  // Of the repeats, what they met. RESERVED: still under way when the repeat's time was over.
  std::uint64_t met_started = 0, met_reserved = 0, met_doubt = 0;
  // Of the keys: somebody was told OK; it is in doubt, and was executed or not; certainly not
  // executed; nobody knows yet.
  std::uint64_t known_ok = 0, doubt_executed = 0, doubt_not_executed = 0, known_not_executed = 0,
                open = 0;

  // Each has to be 0.
  std::uint64_t twice = 0;              // keys that were executed more than once
  std::uint64_t ok_not_executed = 0;    // told OK, and not executed
  std::uint64_t ok_wrong_instance = 0;  // told OK with another id
  std::uint64_t two_started_it = 0;     // two were told OK without `replayed`
  std::uint64_t none_but_was = 0;       // told NOT_EXECUTED, NONE after it had been executed
  std::uint64_t nobodys = 0;            // executed, and nobody has that key
  std::vector<std::uint64_t> examples;  // call ids behind those
  // Keys told NOT_EXECUTED, NONE, and executed later by an attempt that was then on its way: what
  // a repeating proxy does after its caller is gone.
  std::uint64_t none_then_executed = 0;

  std::uint64_t Lies() const {
    return twice + ok_not_executed + ok_wrong_instance + two_started_it + none_but_was + nobodys;
  }
};

KeyedLedger CompareKeyed(const std::vector<KeyedTold>& told, const Executed& executed,
                         const ExecutedAt& executed_at);

std::string ToText(const KeyedLedger& ledger);

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_KEYS_KEYED_LEDGER_H_
