#ifndef ENOS_SERVER_CONFIG_SOURCES_H_
#define ENOS_SERVER_CONFIG_SOURCES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace enos::gateway {

// The real source of variables, an EnvLookup (parse_settings.h). Not thread-safe against changes of
// the environment; meant for start-up. One trailing line break is removed from a variable's value,
// as from the content of a key file: a Secret mounted as variables often has one.
std::optional<std::string> LookUpEnvironment(std::string_view name);

// The names of all variables, likewise.
std::vector<std::string> EnvironmentNames();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_SOURCES_H_
