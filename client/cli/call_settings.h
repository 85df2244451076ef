#ifndef ENOS_FLOW_CLI_CALL_SETTINGS_H_
#define ENOS_FLOW_CLI_CALL_SETTINGS_H_

#include "absl/status/statusor.h"
#include "enos/flow/channel.h"
#include "enos/flow/client.h"
#include "flags.h"
#include "output.h"

namespace enos::flow::cli {

// What the flags say about how to call, whatever is called.
struct CallSettings {
  ChannelOptions channel;
  std::string token_file;  // empty: none
  CallOptions call;
  RepeatOptions repeat;
  // What a command to the same gateway needs on its line, " --address=..." first.
  std::string connection_flags;
};

// Invalid flags are an error whose message is one line that names the flag, its value and what is
// expected.
absl::StatusOr<CallSettings> ReadCallSettings(const CommandLine& line);

absl::StatusOr<OutputFormat> ReadOutput(const FlagValues& values);

// --watch_timeout.
absl::StatusOr<WatchOptions> ReadWatchOptions(const FlagValues& values);

// MakeClient, with errors that name the flag.
absl::StatusOr<FlowClient> OpenClient(const CallSettings& settings);

// The same for a single flag. A switch that is not given is false, a number `otherwise`.
absl::StatusOr<bool> ReadSwitch(const FlagValues& values, const char* flag);
absl::StatusOr<int> ReadNumber(const FlagValues& values, const char* flag, int from, int to,
                               int otherwise);
// The flag's only value, or nullopt.
std::optional<std::string> ReadText(const FlagValues& values, const char* flag);

// OK, or all the flags that were not given but must be, with how to give each:
// "--user_id and --flow_id are required: --user_id=ID or ENOS_FLOW_USER_ID, --flow_id=NUMBER".
absl::Status CheckGiven(const std::vector<std::string>& missing);

// "--flag=value: expected", with the value truncated to fit on a line.
absl::Status WrongFlag(absl::string_view flag, absl::string_view value, absl::string_view expected);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_CALL_SETTINGS_H_
