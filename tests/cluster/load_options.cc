#include "tests/cluster/load_options.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdlib>

namespace enos::load {

Options ReadOptions(int argc, char** argv) {
  Options options;
  options.repeat.max_attempts = 20;
  std::int64_t pause_ms = options.pause.count();
  std::int64_t timeout_ms = options.timeout.count();
  std::int64_t watch_s = 0;
  bool plaintext = false;
  CLI::App app(
      "A steady load of flow calls, each written to standard output as a JSON object a line, until "
      "SIGTERM.",
      "enos-load");
  app.add_option("--address", options.channel.address, "of the gateway, as enos-flow takes it")
      ->capture_default_str();
  app.add_flag("--plaintext", plaintext, "no TLS");
  app.add_option("--ca_file", options.channel.ca_file,
                 "CA certificates (PEM) to check the gateway's against");
  app.add_option("--cert_file", options.channel.cert_file, "this caller's own certificate (PEM)");
  app.add_option("--key_file", options.channel.key_file, "and its key");
  app.add_option("--server_name", options.channel.server_name,
                 "the name that the gateway's certificate must have");
  app.add_option("--name", options.name, "begins every call id")->capture_default_str();
  app.add_option("--callers", options.callers, "calls in flight at most")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--pause_ms", pause_ms, "of a caller between two calls")->capture_default_str();
  app.add_option("--timeout_ms", timeout_ms, "of a call, its repeats included")
      ->capture_default_str();
  app.add_option("--max_attempts", options.repeat.max_attempts,
                 "of a call that may safely be repeated")
      ->capture_default_str();
  app.add_flag("--keyed", options.keyed, "each call has an idempotency key");
  app.add_option("--watch_s", watch_s,
                 "runs begin so many seconds from now, and each caller watches its run to the end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
  options.pause = std::chrono::milliseconds(pause_ms);
  options.timeout = std::chrono::milliseconds(timeout_ms);
  options.watch = std::chrono::seconds(watch_s);
  if (plaintext) options.channel.security = flow::Security::kPlaintext;
  return options;
}

}  // namespace enos::load
