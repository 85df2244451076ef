#ifndef ENOS_FLOW_CLI_HEALTH_COMMAND_H_
#define ENOS_FLOW_CLI_HEALTH_COMMAND_H_

#include "console.h"
#include "flags.h"

namespace enos::flow::cli {

// `enos-flow health`: asks grpc.health.v1 and prints the state. Returns the exit status: 0 only if
// the gateway reports SERVING, so that it can be used as a probe.
int RunHealth(const CommandLine& line, Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_HEALTH_COMMAND_H_
