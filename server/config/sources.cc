#include "server/config/sources.h"

#include <cstdlib>

#include "server/config/values.h"

namespace enos::gateway {

std::optional<std::string> LookUpEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(WithoutLineBreak(value));
}

}  // namespace enos::gateway
