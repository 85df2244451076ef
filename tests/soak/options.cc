#include "tests/soak/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace enos::soak {

Options ReadOptions(int argc, char** argv) {
  Options options;
  std::int64_t seconds = options.seconds.count();
  CLI::App app(
      "Runs a gateway against a local EnOS that misbehaves, and compares the two ledgers.");
  app.add_option("--gateway", options.gateway, "the program enos-flow-gateway")->required();
  app.add_option("--directory", options.directory, "for logs and ledger.json");
  app.add_option("--seconds", seconds, "how long calls are made")->check(CLI::Range(5, 86'400));
  app.add_option("--seed", options.seed, "of every random choice");
  app.add_option("--callers", options.callers, "threads that call")->check(CLI::Range(1, 2000));
  app.add_option("--max_calls", options.max_calls, "calls at most");
  app.add_flag("--judge_memory", options.judge_memory, "growing memory is a failure");
  app.add_flag("--keys", options.keys, "several gateways, one database, calls with keys");
  app.add_option("--language_caller", options.language_callers, "LANGUAGE=PROGRAM, of --keys");
  app.add_flag("--shift_clocks", options.shift_clocks, "gateways' clocks apart, of --keys");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
  options.seconds = std::chrono::seconds(seconds);
  return options;
}

}  // namespace enos::soak
