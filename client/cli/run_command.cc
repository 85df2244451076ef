#include "run_command.h"

#include <optional>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "call_settings.h"
#include "instance_text.h"
#include "json_text.h"
#include "run.h"
#include "text.h"
#include "watch_run.h"

namespace enos::flow::cli {
namespace {

// What the three have in common.
struct RunCommand {
  CallSettings settings;
  OutputFormat output = OutputFormat::kText;
  InstanceRequest request;
};

absl::StatusOr<std::string> ReadId(const FlagValues& values, const char* flag) {
  std::string id = *ReadText(values, flag);
  if (id.empty()) return WrongFlag(flag, id, "expected an id; it is required");
  if (!IsUtf8(id)) return WrongFlag(flag, id, "expected UTF-8");
  return id;
}

absl::StatusOr<RunCommand> MakeRunCommand(const CommandLine& line) {
  auto settings = ReadCallSettings(line);
  if (!settings.ok()) return settings.status();
  const auto output = ReadOutput(line.values);
  if (!output.ok()) return output.status();
  std::vector<std::string> missing;
  for (const char* const flag : {"user_id", "org_id"}) {
    if (line.values.count(flag) == 0) missing.emplace_back(flag);
  }
  absl::Status given = CheckGiven(missing);
  if (!given.ok()) return given;
  const auto user_id = ReadId(line.values, "user_id");
  if (!user_id.ok()) return user_id.status();
  const auto org_id = ReadId(line.values, "org_id");
  if (!org_id.ok()) return org_id.status();
  if (!IsUtf8(line.operand)) {
    return absl::InvalidArgumentError(absl::StrCat(Excerpt(line.operand), ": expected UTF-8"));
  }
  return RunCommand{*std::move(settings), *output, {*user_id, *org_id, line.operand}};
}

int Fail(const FlowError& error, const RunCommand& command, Console& console) {
  if (command.output == OutputFormat::kJson) {
    console.out << FormatInstanceJson(InstanceResult(error)) << std::flush;
  } else {
    console.err << FormatErrorText(error, command.settings.channel.address, console.err_style)
                << std::flush;
  }
  return kExitFailedCall;
}

int Get(const FlowClient& client, const RunCommand& command, Console& console) {
  const InstanceResult result = client.GetFlowInstance(command.request, command.settings.call);
  if (!result.ok()) return Fail(result.error(), command, console);
  console.out << (command.output == OutputFormat::kJson
                      ? FormatInstanceJson(result)
                      : FormatInstanceText(result.instance(), console.out_style))
              << std::flush;
  return console.out ? kExitOk : kExitFailedCall;
}

int Cancel(const FlowClient& client, const RunCommand& command, Console& console) {
  const auto error = client.CancelFlowInstance(command.request, command.settings.call);
  if (error) return Fail(*error, command, console);
  if (command.output == OutputFormat::kJson) {
    console.out << FormatCancelledJson(command.settings.call.request_id) << std::flush;
  } else {
    console.err << absl::StrCat(
                       "enos-flow: EnOS took the request. To see it take effect:\n  ",
                       CommandAboutRun("watch", command.request, command.settings.connection_flags),
                       "\n")
                << std::flush;
  }
  return kExitOk;
}

template <typename Act>
int Run(const CommandLine& line, Console& console, const Act& act) {
  const auto command = MakeRunCommand(line);
  if (!command.ok()) return WrongUsage(command.status(), console);
  const auto client = OpenClient(command->settings);
  if (!client.ok()) return WrongUsage(client.status(), console);
  return act(*client, *command, console);
}

}  // namespace

int RunGet(const CommandLine& line, Console& console) { return Run(line, console, Get); }

int RunCancel(const CommandLine& line, Console& console) { return Run(line, console, Cancel); }

int RunWatch(const CommandLine& line, Console& console) {
  const auto options = ReadWatchOptions(line.values);
  if (!options.ok()) return WrongUsage(options.status(), console);
  return Run(line, console, [&](const FlowClient& client, const RunCommand& command, Console&) {
    // A gateway that was never there is an error; one that goes away later is waited for.
    if (auto error = client.Connect(command.settings.call.timeout)) {
      error->execution = Execution::kStartsNothing;
      error->request_id = command.settings.call.request_id;
      return Fail(*error, command, console);
    }
    const InterruptWatch interrupts;
    WatchOptions watch = *options;
    watch.request_id = command.settings.call.request_id;
    return WatchRun(client,
                    {command.request, watch, command.output, command.settings.channel.address,
                     command.settings.connection_flags, false, [] { return absl::Now(); }},
                    interrupts, console);
  });
}

}  // namespace enos::flow::cli
