#ifndef ENOS_TESTS_SUPPORT_PEAK_MEMORY_H_
#define ENOS_TESTS_SUPPORT_PEAK_MEMORY_H_

#include <unistd.h>

#include "tests/support/files.h"
#include "tests/support/process.h"

namespace enos {

// How far this process's resident memory rises above what it is at the construction.
class PeakMemory {
 public:
  PeakMemory() {
    WriteFile("/proc/self/clear_refs", "5");  // the peak begins anew, proc(5)
    start_ = Peak();
  }

  long GrowthInMiB() const { return (Peak() - start_) / 1024; }

 private:
  static long Peak() { return StatusNumber(getpid(), "VmHWM"); }

  long start_ = 0;
};

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_PEAK_MEMORY_H_
