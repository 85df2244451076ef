#ifndef ENOS_TESTS_WIRE_SUPPORT_PROCESS_COUNTS_H_
#define ENOS_TESTS_WIRE_SUPPORT_PROCESS_COUNTS_H_

#include <algorithm>
#include <cstddef>
#include <filesystem>

namespace enos::gateway::testing {

inline std::size_t CountEntries(const char* folder) {
  const std::filesystem::directory_iterator entries(folder);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// Of this process, now.
inline std::size_t OpenDescriptors() { return CountEntries("/proc/self/fd"); }
inline std::size_t Threads() { return CountEntries("/proc/self/task"); }

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_PROCESS_COUNTS_H_
