#ifndef ENOS_FLOW_CLI_BATCH_COMMAND_H_
#define ENOS_FLOW_CLI_BATCH_COMMAND_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "call_settings.h"
#include "console.h"
#include "flags.h"
#include "request_fields.h"

namespace enos::flow::cli {

// `enos-flow trigger --batch`, understood.
struct BatchCommand {
  CallSettings settings;
  std::string input;                   // a file; "-": standard input
  std::optional<std::string> results;  // a file; none: standard output, and no going on later
  int concurrency = 16;
  bool repeat_unknown = false;  // repeat what may have run, without asking
  RequestFields defaults;       // for what a line does not have
};

// Gives the flags their meaning; errors are as those of MakeTriggerCommand.
absl::StatusOr<BatchCommand> MakeBatchCommand(const CommandLine& line,
                                              std::istream& standard_input);

// Reads all of the input, says what is wrong with it, or starts its flows and writes down what came
// of each. Goes on where an earlier run with the same results file stopped: what was started is
// passed over, what certainly was not is sent, and for what may have been a person at the terminal
// is asked. SIGINT and SIGTERM end the sending, not the waiting. Answers the exit status.
int RunBatch(const BatchCommand& command, Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_BATCH_COMMAND_H_
