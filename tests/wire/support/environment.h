#ifndef ENOS_TESTS_WIRE_SUPPORT_ENVIRONMENT_H_
#define ENOS_TESTS_WIRE_SUPPORT_ENVIRONMENT_H_

#include <cstdlib>

#include "server/base/descriptors.h"

namespace enos::gateway::testing {

// Makes this process fit for thousands of connections to itself. A machine that reaches the world
// through a proxy must not send them there. Does so once: tests with proxies set what they need
// after it.
inline void PrepareProcess() {
  static const bool prepared = [] {
    RaiseDescriptorLimit();
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY",
                             "no_proxy", "NO_PROXY"}) {
      unsetenv(name);
    }
    return true;
  }();
  static_cast<void>(prepared);
}

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_ENVIRONMENT_H_
