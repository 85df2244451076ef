#ifndef ENOS_SERVER_CONFIG_COMMAND_LINE_H_
#define ENOS_SERVER_CONFIG_COMMAND_LINE_H_

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/secret_mask.h"

namespace enos::gateway {

// What the command line says; values are not checked yet.
struct CommandLine {
  bool help = false;                                       // then `values` may be incomplete
  bool version = false;                                    // likewise
  std::map<std::string, std::string, std::less<>> values;  // by flag, "--listen"
  std::set<std::string_view> removed;                      // flags of RemovedSettings
};

// Parses the arguments (without the program's name) using the table of settings: --name=value,
// --name value; a switch also alone, for true. An error's message is the line (without the
// program's name) for a flag that is unknown, repeated or without its value, for anything that is
// not a flag, and for a key: nothing that may be one is repeated in it. Never throws.
//
// Separate from enos-flow's use of CLI11 (client/cli/flags.h): there it has commands, CLI11's help
// and switches without values, here keys that must not be shown. Only a few lines of configuring
// CLI11 are common to both.
absl::StatusOr<CommandLine> ReadCommandLine(const std::vector<std::string>& arguments,
                                            const SecretMask& keys);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_COMMAND_LINE_H_
