#ifndef ENOS_TESTS_SOAK_PROCESS_STATS_H_
#define ENOS_TESTS_SOAK_PROCESS_STATS_H_

#include <cstdint>
#include <optional>

#include "tests/support/process.h"

namespace enos::soak {

// A look into /proc at another process.
struct ProcessStats {
  long rss_kb = 0;
  int threads = 0;
  int descriptors = 0;
  // Of these, sockets whose other end is the given port on this machine: the gateway's connections
  // to EnOS, in use or kept for the next call.
  int to_port = 0;

  int others() const { return descriptors - to_port; }
};

// Nothing where the process is gone.
std::optional<ProcessStats> ReadProcess(const Process& process, std::uint16_t port);

}  // namespace enos::soak

#endif  // ENOS_TESTS_SOAK_PROCESS_STATS_H_
