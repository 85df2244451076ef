#ifndef ENOS_TESTS_SOAK_GATEWAY_PROCESS_H_
#define ENOS_TESTS_SOAK_GATEWAY_PROCESS_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/soak/process_stats.h"

namespace enos::soak {

// The times that the soak's gateways run with; drain_timeout must exceed upstream_timeout + 5 s.
inline constexpr std::chrono::seconds kUpstreamTimeout{3};
inline constexpr std::chrono::seconds kDrainTimeout{10};

// One gateway in a process of its own, from its start to its end. What it writes goes to a log
// file, and is searched for reports of sanitizers on the way. Used from one thread.
class GatewayProcess {
 public:
  GatewayProcess(const std::string& program, const std::string& enos_url, const std::string& log,
                 const std::vector<std::string>& flags = {});
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;
  ~GatewayProcess();  // kills what still runs

  // Where it listens; empty when it ended, or said nothing for 60 s, before it did.
  std::string WaitForAddress();
  bool HasEnded();
  void Signal(int signal) const;
  // 0 to 255, minus the signal it died of, or nothing: still there after that time (then killed).
  std::optional<int> WaitForEnd(std::chrono::seconds patience);

  pid_t pid() const { return pid_; }
  const std::string& log() const { return log_; }
  // Lines that a sanitizer wrote, at most 20; after the end.
  const std::vector<std::string>& reports() const { return reports_; }

 private:
  void ReadOutput(int output);
  void OnLine(const std::string& line);
  void Reap(int status);

  const std::string log_;
  pid_t pid_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  bool announced_ = false;  // these two: of the reader
  std::vector<std::string> reports_;
  std::promise<std::string> address_;
  std::promise<void> output_ended_;
  std::future<void> output_end_;
  std::thread reader_;
};

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_GATEWAY_PROCESS_H_
