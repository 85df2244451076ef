#include "run.h"

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
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
    err << FormatErrorText(result.error(), command.channel.address) << std::flush;
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

int Trigger(const FlagValues& values, std::ostream& out, std::ostream& err) {
  const auto command = MakeTriggerCommand(values, absl::Now());
  if (!command.ok()) return WrongUsage(std::string(command.status().message()), err);
  const auto channel = MakeChannel(command->channel);
  if (!channel.ok()) {
    // These messages start with the option, which is the flag's name.
    return WrongUsage("--" + ForTerminal(channel.status().message()), err);
  }
  const FlowClient client(*channel);
  const FlowResult result =
      client.TriggerFlowWithRepeat(command->request, command->call, command->repeat);
  return Report(*command, result, out, err);
}

}  // namespace

int RunEnosFlow(int argc, const char* const* argv, const Environment& environment,
                std::ostream& out, std::ostream& err) {
  std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  const ParsedFlags parsed = ParseFlags(std::move(args), environment);
  if (const auto* const wrong = std::get_if<absl::Status>(&parsed)) {
    return WrongUsage(std::string(wrong->message()), err);
  }
  if (const auto* const information = std::get_if<Information>(&parsed)) {
    out << information->text << std::flush;
    return kExitOk;
  }
  return Trigger(std::get<FlagValues>(parsed), out, err);
}

}  // namespace enos::flow::cli
