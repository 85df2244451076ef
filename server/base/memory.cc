#include "server/base/memory.h"

#include <fcntl.h>
#include <mimalloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

// Only the gateway itself is linked with it; null elsewhere.
#pragma weak mi_collect
#pragma weak mi_option_set
#pragma weak mi_option_get

namespace enos::gateway {
namespace {

// For "no limit" version 1 writes the largest multiple of a page; version 2 writes "max".
constexpr uint64_t kNoLimit = uint64_t{1} << 60;

#if MI_MALLOC_VERSION < 210  // renamed in 2.1
constexpr mi_option_t kReturnDelay = mi_option_decommit_delay;
#else
constexpr mi_option_t kReturnDelay = mi_option_purge_delay;
#endif

std::optional<uint64_t> ReadLimit(const std::string& path) {
  std::ifstream file(path);
  uint64_t limit = 0;
  if (!(file >> limit) || limit >= kNoLimit) return std::nullopt;
  return limit;
}

// The limits of this group and of its parents, up to the mounted one. In a container the path may
// be that of the machine, of which only the top exists.
std::optional<uint64_t> LeastLimit(const std::string& top, std::string group,
                                   const std::string& file) {
  std::optional<uint64_t> least;
  while (true) {
    std::string path = top;
    path.append(group).append("/").append(file);
    if (const auto limit = ReadLimit(path)) least = least ? std::min(*least, *limit) : *limit;
    if (group.empty()) return least;
    group.resize(std::min(group.rfind('/'), group.size() - 1));
  }
}

}  // namespace

ResidentMemory::ResidentMemory()
    : statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)),
      page_bytes_(static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))) {}

ResidentMemory::~ResidentMemory() {
  if (statm_ >= 0) ::close(statm_);
}

// proc(5): total size, then resident size, in pages.
uint64_t ResidentMemory::Bytes() const {
  std::array<char, 64> text{};
  if (::pread(statm_, text.data(), text.size() - 1, 0) <= 0) return 0;
  char* end = nullptr;
  std::strtoull(text.data(), &end, 10);
  return std::strtoull(end, nullptr, 10) * page_bytes_;
}

void GiveMemoryBackAtOnce(bool at_once) {
  if (mi_option_set == nullptr || mi_option_get == nullptr) return;
  static const long delay = mi_option_get(kReturnDelay);  // NOLINT(google-runtime-int)
  mi_option_set(kReturnDelay, at_once ? 0 : delay);
}

void CollectFreedMemory() {
  if (mi_collect != nullptr) mi_collect(/*force=*/true);
}

// cgroups(7): lines of number, controllers and group, between colons.
std::optional<uint64_t> ContainerMemoryLimit(const std::string& own_groups,
                                             const std::string& groups) {
  std::ifstream file(own_groups);
  std::optional<uint64_t> least;
  for (std::string line; std::getline(file, line);) {
    const size_t controllers = line.find(':') + 1;
    const size_t end = line.find(':', controllers);
    if (controllers == 0 || end == std::string::npos) continue;
    std::string group = line.substr(end + 1);
    if (group == "/") group.clear();
    const std::string kind = "," + line.substr(controllers, end - controllers) + ",";
    std::optional<uint64_t> limit;
    if (kind == ",,") {
      limit = LeastLimit(groups, std::move(group), "memory.max");
    } else if (kind.find(",memory,") != std::string::npos) {
      limit = LeastLimit(groups + "/memory", std::move(group), "memory.limit_in_bytes");
    }
    if (limit) least = least ? std::min(*least, *limit) : *limit;
  }
  return least;
}

}  // namespace enos::gateway
