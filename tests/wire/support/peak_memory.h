#ifndef ENOS_TESTS_WIRE_SUPPORT_PEAK_MEMORY_H_
#define ENOS_TESTS_WIRE_SUPPORT_PEAK_MEMORY_H_

#include <cstdint>
#include <fstream>
#include <string>

namespace enos::gateway::testing {

// How far this process's resident memory rises above what it is at the construction.
class PeakMemory {
 public:
  PeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew, proc(5)
    start_ = Peak();
  }

  int64_t GrowthInMiB() const { return (Peak() - start_) / 1024; }

 private:
  static int64_t Peak() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      int64_t kib = 0;
      if (word == "VmHWM:" && status >> kib) return kib;
    }
    return 0;
  }

  int64_t start_ = 0;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_PEAK_MEMORY_H_
