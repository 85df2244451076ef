#ifndef ENOS_TESTS_E2E_SUPPORT_DESCRIPTORS_H_
#define ENOS_TESTS_E2E_SUPPORT_DESCRIPTORS_H_

#include <sys/resource.h>

namespace enos::e2e {

// What either process needs beside the calls' own connections.
inline constexpr rlim_t kOtherDescriptors = 1000;

// Raises this process's limit (children inherit it); false when it cannot carry so many calls.
inline bool EnoughDescriptorsFor(int calls) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
         limit.rlim_cur >= static_cast<rlim_t>(calls) + kOtherDescriptors;
}

}  // namespace enos::e2e

#endif  // ENOS_TESTS_E2E_SUPPORT_DESCRIPTORS_H_
