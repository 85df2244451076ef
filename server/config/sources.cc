#include "server/config/sources.h"

#include <cstdlib>

namespace enos::gateway {

std::optional<std::string> LookUpEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::make_optional<std::string>(value);
}

}  // namespace enos::gateway
