#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tests/support/files.h"

namespace enos {
namespace {

// A soak's gateways write for hours.
constexpr size_t kMostBesideLog = 1 << 20;

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const ProcessOptions& options) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : options.environment) {
    std::string variable = name;
    variables.push_back(variable.append("=").append(value));
  }
  for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) variables.push_back(std::string(name) + "=" + value);
  }
  return variables;
}

std::optional<std::string> LineWith(const std::string& output, std::string_view text) {
  const size_t at = output.find(text);
  if (at == std::string::npos) return std::nullopt;
  const size_t end = output.find('\n', at);
  if (end == std::string::npos) return std::nullopt;
  const size_t before = at == 0 ? std::string::npos : output.rfind('\n', at - 1);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  return output.substr(begin, end - begin);
}

}  // namespace

Process::Process(ProcessOptions options) {
  if (!options.log.empty()) log_.open(options.log);
  Start(options);
  if (started()) reader_ = std::thread([this] { Read(); });
}

Process::~Process() {
  Signal(SIGKILL);
  if (reader_.joinable()) reader_.join();
  if (started()) waitpid(pid_, nullptr, 0);
  if (out_fd_ >= 0) close(out_fd_);
  if (err_fd_ >= 0) close(err_fd_);
}

void Process::Start(const ProcessOptions& options) {
  std::array<int, 2> out{-1, -1};
  std::array<int, 2> err{-1, -1};
  if (pipe2(out.data(), O_CLOEXEC) != 0) return;
  out_fd_ = out[0];
  if (pipe2(err.data(), O_CLOEXEC) != 0) {
    close(out[1]);
    return;
  }
  err_fd_ = err[0];
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), options.program);
  std::vector<std::string> environment = Environment(options);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  // A socket of a server in this process, inherited, would keep its port and its connections.
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  if (posix_spawn(&pid_, options.program.c_str(), &actions, &attributes, Pointers(arguments).data(),
                  Pointers(environment).data()) != 0) {
    pid_ = -1;
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
}

void Process::Signal(int signal) {
  const std::lock_guard lock(mutex_);
  // Until it is reaped, which only the destructor does, the number means this process.
  if (started() && !ended_) kill(pid_, signal);
}

// On the reader's thread: until both outputs end, which is the process's end as well, or nearly.
void Process::Read() {
  bool out_open = true;
  bool err_open = true;
  while (out_open || err_open) {
    std::array<pollfd, 2> fds{pollfd{out_open ? out_fd_ : -1, POLLIN, 0},
                              pollfd{err_open ? err_fd_ : -1, POLLIN, 0}};
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    if (fds[0].revents != 0) out_open = Take(out_fd_, out_);
    if (fds[1].revents != 0) err_open = Take(err_fd_, err_);
  }
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  (info.si_code == CLD_EXITED ? end_.status : end_.signal) = info.si_status;
  changed_.notify_all();
}

bool Process::Take(int fd, std::string& text) {
  std::array<char, 65536> bytes{};
  const ssize_t size = read(fd, bytes.data(), bytes.size());
  if (size < 0) return errno == EINTR;
  if (log_.is_open()) log_.write(bytes.data(), size).flush();
  const std::lock_guard lock(mutex_);
  if (!log_.is_open() || text.size() < kMostBesideLog)
    text.append(bytes.data(), static_cast<size_t>(size));
  changed_.notify_all();
  return size > 0;
}

std::optional<std::string> Process::WaitForLine(std::string_view text) {
  std::unique_lock lock(mutex_);
  std::optional<std::string> line;
  changed_.wait_for(lock, kGuard, [&] {
    line = LineWith(out_, text);
    if (!line) line = LineWith(err_, text);
    return line.has_value() || ended_;
  });
  return line;
}

ProcessEnd Process::Wait(std::chrono::seconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return ended_; });
  return end_;
}

bool Process::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

std::string Process::out() const {
  const std::lock_guard lock(mutex_);
  return out_;
}

std::string Process::err() const {
  const std::lock_guard lock(mutex_);
  return err_;
}

std::vector<std::string> Process::thread_names() const {
  std::vector<std::string> names;
  std::error_code ended;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task", ended)) {
    std::ifstream stream(thread.path() / "comm");
    std::getline(stream, names.emplace_back());
  }
  return names;
}

std::string Process::command_line() const {
  return ReadFile("/proc/" + std::to_string(pid_) + "/cmdline");
}

long StatusNumber(pid_t pid, const char* name) {
  const std::string status = "\n" + ReadFile("/proc/" + std::to_string(pid) + "/status");
  const std::string start = std::string("\n") + name + ":";
  const size_t at = status.find(start);
  return at == std::string::npos ? 0 : std::strtol(&status[at + start.size()], nullptr, 10);
}

}  // namespace enos
