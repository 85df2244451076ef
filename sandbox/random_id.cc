#include "sandbox/random_id.h"

#include <array>
#include <cstdint>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace enos::sandbox {

std::string RandomId() {
  // Seeded once per thread: unpredictable enough for a sandbox, and no system call per request.
  thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  const std::array<std::uint64_t, 2> bytes = {random(), random()};
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), sizeof(bytes)));
}

}  // namespace enos::sandbox
