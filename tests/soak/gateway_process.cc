#include "tests/soak/gateway_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace enos::soak {
namespace {

constexpr std::chrono::seconds kStartPatience{60};
constexpr std::size_t kMostReports = 20;
constexpr char kListening[] = "listening address=";

std::vector<std::string> Arguments(const std::string& program, const std::string& enos_url) {
  return {program,
          "--listen=127.0.0.1:0",
          "--metrics_listen=",
          "--enos_url=" + enos_url,
          absl::StrCat("--upstream_timeout=", kUpstreamTimeout.count(), "s"),
          absl::StrCat("--drain_timeout=", kDrainTimeout.count(), "s"),
          "--connect_timeout=1s",
          "--drain_delay=500ms"};
}

// In the child; does not return. Only calls that are safe after fork.
[[noreturn]] void Execute(std::vector<char*>& words, int output) {
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  // The sandbox's sockets above all: a second holder would keep its port open while it is down.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  execv(words[0], words.data());
  _exit(127);
}

bool IsReport(const std::string& line) {
  for (const char* mark : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                           "WARNING: ThreadSanitizer", "runtime error:", "Sanitizer:DEADLYSIGNAL",
                           "SUMMARY: AddressSanitizer", "SUMMARY: UndefinedBehaviorSanitizer"}) {
    if (line.find(mark) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

GatewayProcess::GatewayProcess(const std::string& program, const std::string& enos_url,
                               const std::string& log, const std::vector<std::string>& flags)
    : log_(log), output_end_(output_ended_.get_future()) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    std::perror("soak: pipe");
    std::exit(2);
  }
  std::vector<std::string> arguments = Arguments(program, enos_url);
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) Execute(words, ends[1]);
  close(ends[1]);
  reader_ = std::thread([this, output = ends[0]] { ReadOutput(output); });
}

GatewayProcess::~GatewayProcess() {
  if (!reaped_) {
    Signal(SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
  }
  if (reader_.joinable()) reader_.join();
}

void GatewayProcess::ReadOutput(int output) {
  std::ofstream log(log_, std::ios::trunc);
  std::array<char, 16'384> bytes{};
  std::string line;
  ssize_t size = 0;
  while ((size = read(output, bytes.data(), bytes.size())) > 0) {
    log.write(bytes.data(), size);
    log.flush();
    for (const char c : std::string(bytes.data(), static_cast<std::size_t>(size))) {
      if (c != '\n') {
        line += c;
        continue;
      }
      OnLine(line);
      line.clear();
    }
  }
  OnLine(line);
  close(output);
  if (!announced_) address_.set_value("");
  output_ended_.set_value();
}

void GatewayProcess::OnLine(const std::string& line) {
  if (IsReport(line) && reports_.size() < kMostReports) reports_.push_back(line);
  const std::size_t found = line.find(kListening);
  if (announced_ || found == std::string::npos) return;
  announced_ = true;
  const std::string rest = line.substr(found + sizeof(kListening) - 1);
  address_.set_value(rest.substr(0, rest.find(' ')));
}

std::string GatewayProcess::WaitForAddress() {
  auto address = address_.get_future();
  return address.wait_for(kStartPatience) == std::future_status::ready ? address.get() : "";
}

void GatewayProcess::Reap(int status) {
  reaped_ = true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool GatewayProcess::HasEnded() {
  int status = 0;
  if (!reaped_ && waitpid(pid_, &status, WNOHANG) == pid_) Reap(status);
  return reaped_;
}

void GatewayProcess::Signal(int signal) const {
  if (!reaped_) kill(pid_, signal);
}

// The end of its output is the end of the process: nothing else holds the pipe.
std::optional<int> GatewayProcess::WaitForEnd(std::chrono::seconds patience) {
  const bool in_time = output_end_.wait_for(patience) == std::future_status::ready;
  if (!in_time) Signal(SIGKILL);
  int status = 0;
  if (!reaped_ && waitpid(pid_, &status, 0) == pid_) Reap(status);
  reader_.join();
  if (!in_time) return std::nullopt;
  return status_;
}

}  // namespace enos::soak
