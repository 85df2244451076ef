#ifndef ENOS_FLOW_CLI_RUN_COMMAND_H_
#define ENOS_FLOW_CLI_RUN_COMMAND_H_

#include "absl/status/statusor.h"
#include "console.h"
#include "flags.h"

namespace enos::flow::cli {

// `enos-flow get`, `watch` and `cancel`. All answer the exit status.
int RunGet(const CommandLine& line, Console& console);
int RunWatch(const CommandLine& line, Console& console);
int RunCancel(const CommandLine& line, Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_RUN_COMMAND_H_
