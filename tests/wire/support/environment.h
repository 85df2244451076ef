#ifndef ENOS_TESTS_WIRE_SUPPORT_ENVIRONMENT_H_
#define ENOS_TESTS_WIRE_SUPPORT_ENVIRONMENT_H_

#include <cstdlib>

#include "server/base/descriptors.h"

namespace enos::gateway::testing {

// Makes this process fit for thousands of connections to itself. A machine that reaches the world
// through a proxy must not send them there.
inline void PrepareProcess() {
  RaiseDescriptorLimit();
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"})
    unsetenv(name);
}

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_ENVIRONMENT_H_
