#ifndef ENOS_FLOW_CLI_RUN_H_
#define ENOS_FLOW_CLI_RUN_H_

#include "console.h"
#include "flags.h"

namespace enos::flow::cli {

// The exit statuses of enos-flow.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailedCall = 1;
inline constexpr int kExitWrongUsage = 2;
inline constexpr int kExitBadEnd = 3;         // of a run that was watched
inline constexpr int kExitInterrupted = 130;  // as shells have it for SIGINT

// Says on stderr what is wrong with the command line, and returns the exit status for that.
int WrongUsage(const absl::Status& problem, Console& console);

// The whole command except for the process around it: parses the arguments (argv[0] is the
// program), makes the call and writes its result to the console. Blocks until the call ends;
// returns the exit status.
int RunEnosFlow(int argc, const char* const* argv, const Environment& environment,
                Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_RUN_H_
