#ifndef ENOS_TESTS_WIRE_SUPPORT_PROCESS_COUNTS_H_
#define ENOS_TESTS_WIRE_SUPPORT_PROCESS_COUNTS_H_

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace enos::gateway::testing {

inline std::size_t CountEntries(const char* folder) {
  const std::filesystem::directory_iterator entries(folder);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// Of this process, now.
inline std::size_t OpenDescriptors() { return CountEntries("/proc/self/fd"); }
// Without the kernel's workers for io_uring, which libuv 1.45 and later uses: they come and go in
// the same list.
inline std::size_t Threads() {
  std::size_t threads = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name.rfind("iou-", 0) != 0) ++threads;
  }
  return threads;
}

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_PROCESS_COUNTS_H_
