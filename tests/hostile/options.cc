#include "tests/hostile/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "tests/hostile/kinds.h"

namespace enos::hostile {

Options ReadOptions(int argc, char** argv) {
  Options options;
  std::int64_t seconds = options.seconds.count();
  CLI::App app("Hostile connections to a gateway, beside polite callers.");
  std::vector<std::string> names;
  std::string about = "kinds, all at once if none is given:";
  for (const Kind& kind : Kinds()) {
    names.push_back(kind.name);
    about += "\n  " + kind.name + ": " + kind.what;
  }
  bool plaintext = false;
  app.footer(about);
  app.add_option("--gateway", options.gateway, "the program enos-flow-gateway")->required();
  app.add_option("--directory", options.directory, "for the gateway's log");
  app.add_option("--kind", options.kinds, "what connections do")->check(CLI::IsMember(names));
  app.add_option("--connections", options.connections, "of each kind")->check(CLI::Range(0, 1000));
  app.add_option("--seconds", seconds, "how long")->check(CLI::Range(1, 3600));
  app.add_flag("--tls", options.tls, "over TLS");
  app.add_flag("--plaintext", plaintext, "in plaintext (the default)")->excludes("--tls");
  app.add_flag("--front", options.front, "over TLS, to the nginx that the project ships as a front")
      ->excludes("--plaintext");
  app.add_option("--max_memory", options.max_memory, "the gateway's --max_memory, MiB");
  app.add_option("--peak", options.peak, "MiB that its memory must stay below");
  app.add_option("--callers", options.callers, "polite ones")->check(CLI::Range(1, 100));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
  if (options.kinds.empty()) options.kinds = names;
  options.seconds = std::chrono::seconds(seconds);
  options.tls = options.tls || options.front;
  return options;
}

}  // namespace enos::hostile
