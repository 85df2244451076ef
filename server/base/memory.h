#ifndef ENOS_SERVER_BASE_MEMORY_H_
#define ENOS_SERVER_BASE_MEMORY_H_

#include <cstdint>
#include <optional>
#include <string>

namespace enos::gateway {

// This process's resident memory, read often: its file stays open. Used from one thread.
class ResidentMemory {
 public:
  ResidentMemory();
  ~ResidentMemory();
  ResidentMemory(const ResidentMemory&) = delete;
  ResidentMemory& operator=(const ResidentMemory&) = delete;

  // 0 if the system does not report it.
  uint64_t Bytes() const;

 private:
  const int statm_;
  const uint64_t page_bytes_;
};

// From now on freed memory is returned to the system at once, or after some time for the sake of
// speed, which is the default. Does nothing in a program without mimalloc. Thread-safe.
void GiveMemoryBackAtOnce(bool at_once);

// Returns memory that this thread's part of the allocator holds and that other threads freed. It
// may take milliseconds. Likewise.
void CollectFreedMemory();

// The lowest memory limit of the control groups (version 1 or 2) that this process is in, such as a
// container's; nullopt: none. Other paths are for tests.
std::optional<uint64_t> ContainerMemoryLimit(const std::string& own_groups = "/proc/self/cgroup",
                                             const std::string& groups = "/sys/fs/cgroup");

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_MEMORY_H_
