#ifndef ENOS_TESTS_HOSTILE_POLITE_H_
#define ENOS_TESTS_HOSTILE_POLITE_H_

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "enos/flow/channel.h"

namespace enos::hostile {

// Well-behaved callers, each with its own connection, one call after another.
class PoliteCallers {
 public:
  PoliteCallers(const flow::ChannelOptions& gateway, int number);
  ~PoliteCallers() { Stop(); }
  PoliteCallers(const PoliteCallers&) = delete;
  PoliteCallers& operator=(const PoliteCallers&) = delete;

  // Waits for the open calls.
  void Stop();

  // After Stop: served calls, the time that one in a hundred of all exceeded, and what the others
  // were told, with their counts.
  size_t served() const { return served_; }
  std::chrono::milliseconds Percentile99();
  const std::map<std::string, int>& failures() const { return failures_; }

 private:
  void Run(const flow::ChannelOptions& gateway);

  std::atomic<bool> ending_{false};
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  size_t served_ = 0;
  std::vector<std::chrono::milliseconds> times_;
  std::map<std::string, int> failures_;
};

}  // namespace enos::hostile

#endif  // ENOS_TESTS_HOSTILE_POLITE_H_
