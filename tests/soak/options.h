#ifndef ENOS_TESTS_SOAK_OPTIONS_H_
#define ENOS_TESTS_SOAK_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace enos::soak {

// What tests/soak.sh passes on.
struct Options {
  std::string gateway;                // the program enos-flow-gateway
  std::string directory = ".";        // takes the gateways' logs and ledger.json
  std::chrono::seconds seconds{600};  // how long calls are made; ending takes some seconds more
  std::uint64_t seed = 1;             // of every random choice
  int callers = 64;                   // calls in flight at most, one thread each
  std::uint64_t max_calls = 2'000'000;
  bool keys = false;                          // the soak of idempotency keys (keys/)
  std::vector<std::string> language_callers;  // LANGUAGE=PROGRAM, see keys/language_caller.h
  bool shift_clocks = false;                  // of some gateways, by 10 s
  bool judge_memory = false;  // sanitizers keep freed memory: only what is shipped can be judged
};

// Reads the command line; on a mistake says so and exits with status 2 (--help: 0).
Options ReadOptions(int argc, char** argv);

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_OPTIONS_H_
