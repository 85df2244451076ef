#ifndef ENOS_SERVER_CONFIG_PARSE_SETTINGS_H_
#define ENOS_SERVER_CONFIG_PARSE_SETTINGS_H_

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/base/secret.h"
#include "server/config/settings.h"

namespace enos::gateway {

// The value of an environment variable; nullopt if it is not set (an empty one is set).
using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;

// Like ReadWholeFile (server/base/read_file.h), which it is outside tests.
using FileReader = std::function<absl::StatusOr<Secret>(const std::string& path, size_t max_bytes)>;

// Why the gateway does not run: print the text (to standard output for status 0, otherwise to
// standard error) and exit.
struct ExitNow {
  int status = 0;    // 0: --help, --version; 2: a wrong or missing setting
  std::string text;  // ends with a line break; for status 2 exactly one line, holding no key
};

// Settings from the command line, the environment and the files that they name. A flag overrides
// its variable, which is then ignored; a variable overrides the default. The first error is
// reported: on the command line, then in variables that look like ours and are not, then in each
// setting in the order of --help, then in the keys, then in combinations. `variables`: the names of
// all in the environment. Never throws.
std::variant<Settings, ExitNow> ParseSettings(int argc, const char* const* argv,
                                              const EnvLookup& environment,
                                              const FileReader& read_file,
                                              const std::vector<std::string>& variables = {});

// The settings of traces, which are OpenTelemetry's own variables. An error's message is a line
// that names the variable, without the program's name; no header's value is in it. Where this build
// cannot export only the endpoint is looked at.
absl::StatusOr<TraceSettings> ReadTraceSettings(const EnvLookup& environment,
                                                const FileReader& read_file, bool can_export);

// Whether the calls that the settings allow fit into the descriptors that the process may open: one
// upstream connection per call in flight, and for polls; one inbound connection per call in flight,
// up to kInboundConnections; and kOtherDescriptors. nullopt if they fit.
std::optional<ExitNow> CheckDescriptors(const Settings& settings, uint64_t hard_limit);

// The variable that the store of idempotency keys was set by: with its address, or with a file's
// name.
std::string_view StoreVariable(const Settings& settings);

// For a store that ParseSettings, which knows no databases, could not know to be a wrong setting.
// A URL is not shown: there may be a password anywhere in one that cannot be read.
ExitNow WrongStore(const Settings& settings, std::string_view expected);

// Connections to EnOS that polls of watched runs may need.
uint64_t PollConnections(const Settings& settings);

// Reserved for callers' connections. gRPC clients send all their calls over one or a few, so this
// is enough for many times as many calls.
inline constexpr uint64_t kInboundConnections = 1024;

// Listeners, event loops, log, health checks, and room for some idle clients.
inline constexpr uint64_t kOtherDescriptors = 64;

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_PARSE_SETTINGS_H_
