#include "tests/wire/support/gateway_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "tests/wire/support/environment.h"

namespace enos::gateway::testing {
namespace {

constexpr char kListening[] = "listening address=";

}  // namespace

GatewayProcess::GatewayProcess(const std::string& enos_url, const std::string& listen,
                               std::vector<std::string> flags) {
  PrepareProcess();
  setenv("ENOS_ACCESS_KEY", "access-key-of-wire-test", 1);
  setenv("ENOS_SECRET_KEY", "secret-key-of-wire-test", 1);
  flags.insert(flags.begin(), {ENOS_GATEWAY_PROGRAM, "--enos_url=" + enos_url, "--listen=" + listen,
                               "--metrics_listen=", "--max_in_flight=100"});
  std::vector<char*> arguments;
  for (std::string& flag : flags) arguments.push_back(flag.data());
  arguments.push_back(nullptr);

  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  EXPECT_EQ(posix_spawn(&pid_, ENOS_GATEWAY_PROGRAM, &actions, nullptr, arguments.data(), environ),
            0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  log_ = ends[0];
  ReadAddress();
}

GatewayProcess::~GatewayProcess() {
  Kill();
  close(log_);
}

// Up to the line that names it, or to the end of a process that did not start.
void GatewayProcess::ReadAddress() {
  std::string log;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto at = log.find(kListening);
    const auto end = at == std::string::npos ? at : log.find('\n', at);
    if (end != std::string::npos) {
      const auto begin = at + std::string(kListening).size();
      address_ =
          log.substr(begin, log.find_first_of(" \n", begin) - begin);  // there is more in the line
      return;
    }
    const ssize_t got = read(log_, buffer.data(), buffer.size());
    if (got <= 0) break;
    log.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ADD_FAILURE() << "the gateway did not start: " << log;
}

void GatewayProcess::Kill() {
  const pid_t pid = std::exchange(pid_, -1);
  if (pid < 0) return;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

}  // namespace enos::gateway::testing
