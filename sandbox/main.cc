// enos-sandbox: a local EnOS. This file only wires: flags, signals, descriptors and output.
#include <pthread.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sandbox/flags.h"
#include "sandbox/sandbox_server.h"

namespace enos::sandbox {
namespace {

// Every connection takes a descriptor; the usual soft limit of 1024 is soon used up.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Blocked before the first thread starts, so that only the wait below sees them.
sigset_t BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

void PrintSettings(const SandboxOptions& options, const std::string& url) {
  std::printf("export ENOS_API_URL=%s\n", url.c_str());
  std::printf("export ENOS_ACCESS_KEY=%s\n", Quoted(options.access_key).c_str());
  std::printf("export ENOS_SECRET_KEY=%s\n", Quoted(options.secret_key).c_str());
  std::printf("ready\n");
  std::fflush(stdout);
}

int Serve(Flags flags) {
  const sigset_t signals = BlockSignals();
  RaiseDescriptorLimit();
  if (!flags.quiet) {
    flags.options.log = [](const std::string& line) {
      std::fputs(absl::StrCat(line, "\n").c_str(), stderr);
    };
  }
  const SandboxOptions settings = flags.options;
  SandboxServer server(std::move(flags.options));
  if (const absl::Status started = server.Start(); !started.ok()) {
    std::fprintf(stderr, "enos-sandbox: %s\n", std::string(started.message()).c_str());
    return 2;
  }
  PrintSettings(settings, server.url());
  int signal = 0;
  sigwait(&signals, &signal);
  server.Stop();
  return 0;
}

}  // namespace
}  // namespace enos::sandbox

int main(int argc, char** argv) {
  auto parsed = enos::sandbox::ParseFlags(std::vector<std::string>(argv + 1, argv + argc));
  if (const auto* exit = std::get_if<enos::sandbox::FlagsExit>(&parsed)) {
    std::fputs(exit->text.c_str(), exit->status == 0 ? stdout : stderr);
    return exit->status;
  }
  return enos::sandbox::Serve(std::get<enos::sandbox::Flags>(std::move(parsed)));
}
