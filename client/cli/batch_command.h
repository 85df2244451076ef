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

// `enos-flow trigger --batch`, parsed.
struct BatchCommand {
  CallSettings settings;
  std::string input;                    // a file; "-": standard input
  std::optional<std::string> results;   // a file; none: standard output, and no resuming
  std::optional<std::string> resolved;  // a file: see resolved_lines.h
  int concurrency = 16;
  bool repeat_unknown = false;  // repeat what may have run, without asking
  RequestFields defaults;       // for what a line omits
};

// Parses the flags; errors are like those of MakeTriggerCommand.
absl::StatusOr<BatchCommand> MakeBatchCommand(const CommandLine& line,
                                              std::istream& standard_input);

// Reads all of the input, reports what is wrong with it, or starts its flows and records the result
// of each. Resumes where an earlier run with the same results file stopped: what was started is
// skipped, what certainly was not started is sent, what may have been started is repeated with its
// key where there is one, and for the rest it asks the person at the terminal. SIGINT and SIGTERM
// stop the sending, not the waiting. Returns the exit status.
int RunBatch(const BatchCommand& command, Console& console);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_BATCH_COMMAND_H_
