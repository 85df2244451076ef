#ifndef ENOS_TESTS_E2E_SUPPORT_PROCESS_H_
#define ENOS_TESTS_E2E_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace enos::e2e {

// A guard against a test that would hang; nothing that a test says depends on it.
inline constexpr std::chrono::seconds kGuard{120};

struct ProcessOptions {
  std::string program;                 // path
  std::vector<std::string> arguments;  // without the program's name
  // All of the child's environment, but for the options of sanitizers, which it inherits.
  std::map<std::string, std::string> environment;
};

// How a process ended: with an exit status, or by a signal. Neither: it still runs.
struct ProcessEnd {
  std::optional<int> status;
  std::optional<int> signal;
};

// A child process with its standard output and error captured, and no other descriptor of this
// process. Thread-safe, but for construction and destruction.
class Process {
 public:
  explicit Process(ProcessOptions options);
  ~Process();  // kills it if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // False: it could not be started.
  bool started() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }

  void Signal(int signal);

  // The first complete line of either output that contains `text`; waits for it. Nothing when the
  // process ended without one, or the guard ran out.
  std::optional<std::string> WaitForLine(std::string_view text);

  // Waits for the end and gives it; what is written by then is in out() and err(). When the guard
  // runs out, neither member is set.
  ProcessEnd Wait();

  // What was written so far.
  std::string out() const;
  std::string err() const;
  std::string all_output() const { return out() + err(); }

  // From /proc; 0 or empty once it has ended.
  int threads() const;
  std::vector<std::string> thread_names() const;
  long rss_kb() const;               // resident memory now
  long peak_rss_kb() const;          // the most it ever was
  std::string command_line() const;  // as other users can read it, arguments separated by NUL

 private:
  void Start(const ProcessOptions& options);
  void Read();
  bool Take(int fd, std::string& text);
  long StatusNumber(const char* name) const;
  std::string ReadProc(const char* file) const;

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::thread reader_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string out_;
  std::string err_;
  bool ended_ = false;
  ProcessEnd end_;
};

}  // namespace enos::e2e

#endif  // ENOS_TESTS_E2E_SUPPORT_PROCESS_H_
