#ifndef ENOS_FLOW_CLI_HEALTH_COMMAND_H_
#define ENOS_FLOW_CLI_HEALTH_COMMAND_H_

#include "console.h"
#include "flags.h"

namespace enos::flow::cli {

// `enos-flow health`: asks grpc.health.v1 and prints the state. Answers the exit status: 0 only
// where the gateway says SERVING, so that it serves as a probe.
int RunHealth(const CommandLine& line, Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_HEALTH_COMMAND_H_
