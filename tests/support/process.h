#ifndef ENOS_TESTS_SUPPORT_PROCESS_H_
#define ENOS_TESTS_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/wait.h"

namespace enos {

// A number of /proc/<pid>/status, memory in KiB; 0 once the process has ended.
long StatusNumber(pid_t pid, const char* name);

struct ProcessOptions {
  std::string program;                 // path
  std::vector<std::string> arguments;  // without the program's name
  // All of the child's environment, but for the options of sanitizers, which it inherits.
  std::map<std::string, std::string> environment;
  // A file that gets both outputs as they come, whatever becomes of this process. out() and err()
  // are then no more than how they began.
  std::string log{};
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

  // Waits for the end and gives it; what is written by then is in out() and err(). When it does not
  // come in time, neither member is set.
  ProcessEnd Wait(std::chrono::seconds patience = kGuard);
  bool ended() const;

  // What was written so far.
  std::string out() const;
  std::string err() const;
  std::string all_output() const { return out() + err(); }

  // From /proc; 0 or empty once it has ended.
  int threads() const { return static_cast<int>(StatusNumber(pid_, "Threads")); }
  std::vector<std::string> thread_names() const;
  long rss_kb() const { return StatusNumber(pid_, "VmRSS"); }       // resident memory now
  long peak_rss_kb() const { return StatusNumber(pid_, "VmHWM"); }  // the most it ever was
  std::string command_line() const;  // as other users can read it, arguments separated by NUL

 private:
  void Start(const ProcessOptions& options);
  void Read();
  bool Take(int fd, std::string& text);

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::thread reader_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::ofstream log_;
  std::string out_;
  std::string err_;
  bool ended_ = false;
  ProcessEnd end_;
};

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_PROCESS_H_
