#ifndef ENOS_FLOW_CLI_SETTINGS_FILE_H_
#define ENOS_FLOW_CLI_SETTINGS_FILE_H_

#include "absl/status/status.h"
#include "flags.h"

namespace enos::flow::cli {

// Adds to `line` what the settings file says about flags that are neither on the command line nor
// in the environment. The file is that of --config, or else the one at its usual place, which need
// not exist. A file that cannot be read, or contains anything but settings, is an error whose
// message is one line that names the file, its line and the setting.
absl::Status AddSettingsFile(CommandLine& line, const Environment& environment);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_SETTINGS_FILE_H_
