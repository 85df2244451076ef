#include "server/metrics/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <memory>

namespace enos::gateway {
namespace {

using Value = std::optional<double>;

Value CpuSeconds() {
  timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return std::nullopt;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// proc(5), /proc/self/statm: total size, then resident size, in pages.
Value MemoryBytes(bool resident) {
  std::ifstream statm("/proc/self/statm");
  double total_pages = 0;
  double resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return std::nullopt;
  return (resident ? resident_pages : total_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// The entries of a /proc directory that are named by a number.
Value CountEntries(const char* path) {
  struct Close {
    void operator()(DIR* folder) const { ::closedir(folder); }
  };
  const std::unique_ptr<DIR, Close> folder(::opendir(path));
  if (!folder) return std::nullopt;
  double count = 0;
  // readdir is thread-safe on a stream that only we use.
  while (const dirent* entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe)
    if (entry->d_name[0] != '.') ++count;
  }
  return count;
}

Value OpenDescriptors() {
  const Value count = CountEntries("/proc/self/fd");
  if (!count) return std::nullopt;
  return *count - 1;  // the one it was counted through
}

Value MaxDescriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

double UnixNow() {
  using Seconds = std::chrono::duration<double>;
  return std::chrono::duration_cast<Seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void AddProcessMetrics(SampledMetrics& metrics) {
  metrics.AddCounter("process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
                     &CpuSeconds);
  metrics.AddGauge("process_start_time_seconds", "When the process started, in Unix time.",
                   [started = UnixNow()] { return started; });
  metrics.AddGauge("process_resident_memory_bytes", "Resident memory.",
                   [] { return MemoryBytes(/*resident=*/true); });
  metrics.AddGauge("process_virtual_memory_bytes", "Virtual memory.",
                   [] { return MemoryBytes(/*resident=*/false); });
  metrics.AddGauge("process_open_fds", "Open descriptors.", &OpenDescriptors);
  metrics.AddGauge("process_max_fds", "The limit on open descriptors.", &MaxDescriptors);
  metrics.AddGauge("process_threads", "Threads.", [] { return CountEntries("/proc/self/task"); });
}

}  // namespace enos::gateway
