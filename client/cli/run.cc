#include "run.h"

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "batch_command.h"
#include "output.h"
#include "text.h"
#include "trigger_command.h"

namespace enos::flow::cli {
namespace {

int WrongUsage(const std::string& problem, std::ostream& err) {
  err << "enos-flow: " << problem << "\n" << std::flush;
  return kExitWrongUsage;
}

int Report(const TriggerCommand& command, const FlowResult& result, std::ostream& out,
           std::ostream& err) {
  const bool json = command.output == OutputFormat::kJson;
  if (!result.ok() && !json) {
    err << FormatErrorText(result.error(), command.settings.channel.address) << std::flush;
    return kExitFailedCall;
  }
  out << (json ? FormatJson(result) : FormatSuccessText(result.flow())) << std::flush;
  if (!out) {
    // Still the status of the call: a script that sees a failure may start the flow again.
    err << "enos-flow: stdout cannot be written to; the answer was: " << FormatJson(result)
        << std::flush;
  }
  return result.ok() ? kExitOk : kExitFailedCall;
}

int TriggerOne(const TriggerCommand& command, std::ostream& out, std::ostream& err) {
  const CallSettings& settings = command.settings;
  const auto channel = MakeChannel(settings.channel);
  if (!channel.ok()) {
    // These messages start with the option, which is the flag's name.
    return WrongUsage("--" + ForTerminal(channel.status().message()), err);
  }
  const FlowClient client(*channel);
  return Report(command,
                client.TriggerFlowWithRepeat(command.request, settings.call, settings.repeat), out,
                err);
}

absl::Status CheckBatchFlags(const FlagValues& values) {
  for (const char* const flag : {"results", "concurrency", "repeat_unknown"}) {
    const auto value = ReadText(values, flag);
    if (value) return WrongFlag(flag, *value, "expected only together with --batch");
  }
  return absl::OkStatus();
}

int Trigger(const FlagValues& values, Console& console) {
  if (values.count("batch") > 0) {
    const auto batch = MakeBatchCommand(values);
    if (!batch.ok()) return WrongUsage(std::string(batch.status().message()), console.err);
    return RunBatch(*batch, console);
  }
  const absl::Status flags = CheckBatchFlags(values);
  if (!flags.ok()) return WrongUsage(std::string(flags.message()), console.err);
  const auto command = MakeTriggerCommand(values, absl::Now());
  if (!command.ok()) return WrongUsage(std::string(command.status().message()), console.err);
  return TriggerOne(*command, console.out, console.err);
}

}  // namespace

int RunEnosFlow(int argc, const char* const* argv, const Environment& environment,
                Console& console) {
  std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  const ParsedFlags parsed = ParseFlags(std::move(args), environment);
  if (const auto* const wrong = std::get_if<absl::Status>(&parsed)) {
    return WrongUsage(std::string(wrong->message()), console.err);
  }
  if (const auto* const information = std::get_if<Information>(&parsed)) {
    console.out << information->text << std::flush;
    return kExitOk;
  }
  return Trigger(std::get<FlagValues>(parsed), console);
}

}  // namespace enos::flow::cli
