#ifndef ENOS_FLOW_CLI_TRIGGER_COMMAND_H_
#define ENOS_FLOW_CLI_TRIGGER_COMMAND_H_

#include <iosfwd>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "call_settings.h"
#include "enos/flow/client.h"
#include "flags.h"
#include "output.h"
#include "request_fields.h"

namespace enos::flow::cli {

// `enos-flow trigger`, parsed.
struct TriggerCommand {
  CallSettings settings;
  OutputFormat output = OutputFormat::kText;
  FlowRequest request;
  bool made_key = false;             // by this program, for `auto`
  std::optional<WatchOptions> wait;  // then watch the run until it has ended
};

// Splits KEY=VALUE at the first '='. The value may be empty and may contain more of them; the key
// may not be empty.
absl::StatusOr<std::pair<std::string, std::string>> ParseParameter(absl::string_view text);

// The part of a request that the flags give, its parameters in the order given.
absl::StatusOr<RequestFields> ReadRequestFlags(const FlagValues& values);

// Parses the flags. Invalid ones are an error whose message is one line that names the flag, its
// value and what is expected. Length limits are left to the gateway, which knows them.
absl::StatusOr<TriggerCommand> MakeTriggerCommand(const CommandLine& line, absl::Time now,
                                                  std::istream& standard_input);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_TRIGGER_COMMAND_H_
