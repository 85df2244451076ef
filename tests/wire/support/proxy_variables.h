#ifndef ENOS_TESTS_WIRE_SUPPORT_PROXY_VARIABLES_H_
#define ENOS_TESTS_WIRE_SUPPORT_PROXY_VARIABLES_H_

#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "tests/wire/support/environment.h"

namespace enos::gateway::testing {

// Sets these environment variables for as long as it lives. No thread that reads the environment
// may run when it comes and goes: it is made before clients and gateways, and outlives them.
class ProxyVariables {
 public:
  explicit ProxyVariables(std::map<std::string, std::string> values) : values_(std::move(values)) {
    PrepareProcess();
    for (const auto& [name, value] : values_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~ProxyVariables() {
    for (const auto& [name, value] : values_) unsetenv(name.c_str());
  }
  ProxyVariables(const ProxyVariables&) = delete;
  ProxyVariables& operator=(const ProxyVariables&) = delete;

 private:
  const std::map<std::string, std::string> values_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_PROXY_VARIABLES_H_
