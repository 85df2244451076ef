#include "run.h"

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "batch_command.h"
#include "completion.h"
#include "health_command.h"
#include "man_page.h"
#include "output.h"
#include "run_command.h"
#include "settings_file.h"
#include "style.h"
#include "trigger_command.h"
#include "watch_run.h"

namespace enos::flow::cli {
namespace {

// With what follows from it: how to call again, or how to look.
std::string FailureText(const TriggerCommand& command, const FlowError& error, const Style& style) {
  const std::string& address = command.settings.channel.address;
  const bool has_key = !command.request.idempotency_key().empty();
  const KeyUse key = command.made_key ? KeyUse::kMade : has_key ? KeyUse::kGiven : KeyUse::kNone;
  std::string text = FormatErrorText(error, address, style, key);
  if (has_key && KeyTells(error) && !error.SafeToRepeat()) {
    absl::StrAppend(&text, "To call again, add or keep:\n  ", KeyFlags(command.request), "\n");
  } else if (!error.SafeToRepeat()) {
    text += FormatLookHint(error, command.request, command.settings.connection_flags);
  }
  return text;
}

int Report(const TriggerCommand& command, const FlowResult& result, Console& console) {
  std::ostream& out = console.out;
  std::ostream& err = console.err;
  const bool json = command.output == OutputFormat::kJson;
  if (!result.ok() && !json) {
    err << FailureText(command, result.error(), console.err_style) << std::flush;
    return kExitFailedCall;
  }
  out << (json ? FormatJson(result, command.request) : FormatSuccessText(result.flow()))
      << std::flush;
  if (!json && result.flow().replayed) {
    err << "enos-flow: an earlier call with this key started the flow; nothing was started now.\n"
        << std::flush;
  }
  if (!out) {
    // Still the status of the call: a script that sees a failure may start the flow again.
    err << "enos-flow: stdout cannot be written to; the answer was: " << FormatJson(result)
        << std::flush;
  }
  return result.ok() ? kExitOk : kExitFailedCall;
}

// Before anything is sent: whoever ends this program in mid-call can repeat the call. On stderr
// also with --output=json, because stdout has one object, which ends the same way.
void TellKey(const TriggerCommand& command, Console& console) {
  if (!command.made_key) return;
  if (command.output == OutputFormat::kJson) {
    console.err << FormatKeyJson(command.request) << std::flush;
  } else {
    console.err << "enos-flow: to repeat this call, use " << KeyFlags(command.request) << "\n"
                << std::flush;
  }
}

FlowResult Call(const TriggerCommand& command, const FlowClient& client, Console& console) {
  TellKey(command, console);
  return client.TriggerFlowWithRepeat(command.request, command.settings.call,
                                      command.settings.repeat);
}

int TriggerAndWait(const TriggerCommand& command, const FlowClient& client, Console& console) {
  // From here on: whoever interrupts the call is still told what it started.
  const InterruptWatch interrupts;
  const FlowResult result = Call(command, client, console);
  const int status = Report(command, result, console);
  if (!result.ok()) return status;
  return WatchRun(
      client,
      {{command.request.user_id(), command.request.org_id(), result.flow().flow_instance_id},
       *command.wait,
       command.output,
       command.settings.channel.address,
       command.settings.connection_flags,
       true,
       [] { return absl::Now(); }},
      interrupts, console);
}

int TriggerOne(const TriggerCommand& command, Console& console) {
  const auto client = OpenClient(command.settings);
  if (!client.ok()) return WrongUsage(client.status(), console);
  if (command.wait) return TriggerAndWait(command, *client, console);
  return Report(command, Call(command, *client, console), console);
}

absl::Status CheckBatchFlags(const FlagValues& values) {
  for (const char* const flag : {"results", "resolved", "concurrency", "repeat_unknown"}) {
    const auto value = ReadText(values, flag);
    if (value) return WrongFlag(flag, *value, "expected only together with --batch");
  }
  return absl::OkStatus();
}

int RunTrigger(const CommandLine& line, Console& console) {
  if (line.values.count("batch") > 0) {
    for (const char* const flag : {"wait", "watch_timeout", "idempotency_key"}) {
      const auto value = ReadText(line.values, flag);
      if (value) return WrongUsage(WrongFlag(flag, *value, "expected without --batch"), console);
    }
    const auto batch = MakeBatchCommand(line, console.in);
    if (!batch.ok()) return WrongUsage(batch.status(), console);
    return RunBatch(*batch, console);
  }
  const absl::Status flags = CheckBatchFlags(line.values);
  if (!flags.ok()) return WrongUsage(flags, console);
  const auto command = MakeTriggerCommand(line, absl::Now(), console.in);
  if (!command.ok()) return WrongUsage(command.status(), console);
  return TriggerOne(*command, console);
}

int RunCompletion(const CommandLine& line, Console& console) {
  console.out << (line.operand == "zsh" ? ZshCompletion() : BashCompletion()) << std::flush;
  return console.out ? kExitOk : kExitFailedCall;
}

int RunMan(const CommandLine&, Console& console) {
  console.out << ManPage() << std::flush;
  return console.out ? kExitOk : kExitFailedCall;
}

// Messages begin with the flag, which nobody may have typed.
std::string AtItsPlace(absl::string_view message,
                       const std::map<std::string, std::string>& places) {
  absl::string_view rest = message;
  if (absl::ConsumePrefix(&rest, "--")) {
    const std::string flag(rest.substr(0, rest.find_first_of("=: ")));
    const auto place = places.find(flag);
    if (place != places.end()) return absl::StrCat(place->second, rest.substr(flag.size()));
  }
  return std::string(message);
}

absl::Status SetStyles(const FlagValues& values, const Environment& environment, Console& console) {
  const auto out = MakeStyle(values, environment, console.out_is_terminal);
  if (!out.ok()) return out.status();
  console.out_style = *out;
  console.err_style = *MakeStyle(values, environment, console.err_is_terminal);
  console.out_is_screen = console.out_is_terminal && environment("TERM").value_or("dumb") != "dumb";
  return absl::OkStatus();
}

int RunCommand(CommandLine line, const Environment& environment, Console& console) {
  // The commands without flags have no settings either.
  if (!line.command->flags.empty()) {
    absl::Status status = AddSettingsFile(line, environment);
    console.places = line.places;
    if (status.ok()) status = SetStyles(line.values, environment, console);
    if (!status.ok()) return WrongUsage(status, console);
  }
  const std::string name = line.command->name;
  if (name == "get") return RunGet(line, console);
  if (name == "watch") return RunWatch(line, console);
  if (name == "cancel") return RunCancel(line, console);
  if (name == "health") return RunHealth(line, console);
  if (name == "completion") return RunCompletion(line, console);
  if (name == "man") return RunMan(line, console);
  return RunTrigger(line, console);
}

}  // namespace

int WrongUsage(const absl::Status& problem, Console& console) {
  console.err << "enos-flow: " << AtItsPlace(problem.message(), console.places) << "\n"
              << std::flush;
  return kExitWrongUsage;
}

int RunEnosFlow(int argc, const char* const* argv, const Environment& environment,
                Console& console) {
  std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  ParsedFlags parsed = ParseFlags(std::move(args), environment);
  if (const auto* const wrong = std::get_if<absl::Status>(&parsed)) {
    return WrongUsage(*wrong, console);
  }
  if (const auto* const information = std::get_if<Information>(&parsed)) {
    console.out << information->text << std::flush;
    return kExitOk;
  }
  return RunCommand(std::get<CommandLine>(std::move(parsed)), environment, console);
}

}  // namespace enos::flow::cli
