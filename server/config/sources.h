#ifndef ENOS_SERVER_CONFIG_SOURCES_H_
#define ENOS_SERVER_CONFIG_SOURCES_H_

#include <absl/status/statusor.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace enos::gateway {

// The real sources of settings: an EnvLookup and a FileReader (parse_settings.h). Not thread-safe
// against changes of the environment; meant for the start. A variable's value comes without one
// line break at its end, as what a key's file holds does: a Secret mounted as variables often has
// one.
std::optional<std::string> LookUpEnvironment(std::string_view name);
absl::StatusOr<std::string> ReadFileStart(const std::string& path, size_t limit);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_SOURCES_H_
