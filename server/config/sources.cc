#include "server/config/sources.h"

#include <unistd.h>

#include <cstdlib>

#include "server/config/values.h"

namespace enos::gateway {

std::optional<std::string> LookUpEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(WithoutLineBreak(value));
}

std::vector<std::string> EnvironmentNames() {
  std::vector<std::string> names;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

}  // namespace enos::gateway
