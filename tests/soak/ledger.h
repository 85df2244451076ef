// Compares what callers were told with what EnOS executed.
#ifndef ENOS_TESTS_SOAK_LEDGER_H_
#define ENOS_TESTS_SOAK_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "enos/flow/result.h"

namespace enos::soak {

// Call ids that a ledger gives for the numbers in it.
inline constexpr std::size_t kMostExamples = 20;

// What one attempt of a call came to, as its caller sees it.
struct Told {
  std::uint64_t call_id = 0;
  bool last = true;  // false: told NOT_EXECUTED, and the call was made again
  bool ok = false;
  std::string outcome;  // "OK", or "CODE REASON EXECUTION"
  bool not_executed = false;
  bool breach = false;      // UNAVAILABLE, with our details, that is not NOT_EXECUTED
  std::string instance_id;  // only of OK
};
Told Record(std::uint64_t call_id, const flow::FlowResult& result);

// What EnOS executed: the instances by call.
using Executed = std::unordered_map<std::uint64_t, std::vector<std::string>>;

using ExecutedAt = std::unordered_map<std::uint64_t, absl::Time>;

struct OutcomeCount {
  std::uint64_t attempts = 0;
  std::uint64_t executed = 0;  // last attempts whose call was executed
};

struct Ledger {
  std::uint64_t calls = 0;
  std::uint64_t attempts = 0;
  std::uint64_t executed = 0;  // runs at EnOS
  std::map<std::string, OutcomeCount> outcomes;

  std::uint64_t duplicates = 0;            // calls executed more than once
  std::uint64_t ok_not_executed = 0;       // told OK, but no such call was executed
  std::uint64_t ok_wrong_instance = 0;     // told OK with another call's instance id
  std::uint64_t not_executed_but_was = 0;  // the last attempt was told NOT_EXECUTED
  std::uint64_t unknown_executed = 0;      // of those told UNKNOWN; both are honest
  std::uint64_t unknown_not_executed = 0;
  std::uint64_t nobodys = 0;            // executed, but nobody made such a call
  std::uint64_t breaches = 0;           // see Told::breach
  std::vector<std::uint64_t> examples;  // call ids behind the numbers above

  std::uint64_t Lies() const {
    return ok_not_executed + ok_wrong_instance + not_executed_but_was + nobodys + breaches;
  }
};

Ledger Compare(const std::vector<Told>& told, const Executed& executed);

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_LEDGER_H_
