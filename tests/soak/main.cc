// The program behind tests/soak.sh: runs one soak, prints its ledger and writes it as JSON. Status:
// 0 nothing wrong, 1 something was found, 2 it could not run.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "tests/soak/keys/keyed_soak.h"
#include "tests/soak/options.h"
#include "tests/soak/soak.h"

namespace {

// Callers, EnOS's side of the gateway's connections, and the gateway, which inherits the limit.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  const enos::soak::Options options = enos::soak::ReadOptions(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();

  if (options.keys) return enos::soak::RunKeyedSoak(options);
  enos::soak::Soak soak(options);
  if (!soak.Begin()) return 2;
  const enos::soak::Report report = soak.Run();
  std::fputs(enos::soak::ToText(report).c_str(), stdout);
  std::ofstream json(options.directory + "/ledger.json");
  json << enos::soak::ToJson(report);
  json.close();
  if (!json) {
    std::fprintf(stderr, "soak: cannot write %s/ledger.json\n", options.directory.c_str());
    return 2;
  }
  return report.failures.empty() ? 0 : 1;
}
