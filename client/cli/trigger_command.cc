#include "trigger_command.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "enos/flow/idempotency_key.h"
#include "request_file.h"
#include "text.h"

namespace enos::flow::cli {
absl::StatusOr<std::pair<std::string, std::string>> ParseParameter(absl::string_view text) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError("expected KEY=VALUE with a key that is not empty");
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError("expected UTF-8");
  return std::make_pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

absl::StatusOr<RequestFields> ReadRequestFlags(const FlagValues& values) {
  RequestFields fields;
  fields.user_id = ReadText(values, "user_id");
  fields.org_id = ReadText(values, "org_id");
  fields.flow_id = ReadText(values, "flow_id");
  fields.trigger_time = ReadText(values, "trigger_time");
  const auto given = values.find("param");
  if (given == values.end()) return fields;
  fields.parameters.emplace();
  for (const std::string& text : given->second) {
    auto parameter = ParseParameter(text);
    if (!parameter.ok()) return WrongFlag("param", text, parameter.status().message());
    fields.parameters->push_back(*std::move(parameter));
  }
  return fields;
}

namespace {

constexpr char kKeyFlag[] = "idempotency_key";

// Length limits are left to the gateway.
bool IsKey(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
}

// The trigger time belongs to what the key stands for: one that is computed anew would make the
// repeat another call, and its key refused.
absl::Status ReadKey(const FlagValues& values, const RequestFields& fields,
                     TriggerCommand& command) {
  const auto key = ReadText(values, kKeyFlag);
  if (!key) return absl::OkStatus();
  command.made_key = *key == "auto";
  if (command.made_key) {
    command.request.set_idempotency_key(NewIdempotencyKey());
    return absl::OkStatus();
  }
  if (!IsKey(*key)) {
    return WrongFlag(kKeyFlag, *key, "expected printable ASCII characters without spaces, or auto");
  }
  if (!fields.trigger_time || absl::StartsWith(*fields.trigger_time, "now")) {
    return WrongFlag(kKeyFlag, *key,
                     "expected together with a fixed --trigger_time, the same in every call with "
                     "this key, for example 2026-07-01T08:00:00Z");
  }
  command.request.set_idempotency_key(*key);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TriggerCommand> MakeTriggerCommand(const CommandLine& line, absl::Time now,
                                                  std::istream& standard_input) {
  TriggerCommand command;
  const auto fields = ReadRequest(line, now, standard_input);
  if (!fields.ok()) return fields.status();
  absl::Status given = CheckGiven(MissingFields(*fields));
  if (!given.ok()) return given;
  auto request = MakeRequest(*fields, now);
  if (!request.ok()) {
    // These messages start with the field, which is the flag's name.
    return absl::InvalidArgumentError(absl::StrCat("--", request.status().message()));
  }
  command.request = *std::move(request);
  absl::Status key = ReadKey(line.values, *fields, command);
  if (!key.ok()) return key;
  auto settings = ReadCallSettings(line);
  if (!settings.ok()) return settings.status();
  command.settings = *std::move(settings);
  const auto output = ReadOutput(line.values);
  if (!output.ok()) return output.status();
  command.output = *output;
  const auto wait = ReadSwitch(line.values, "wait");
  if (!wait.ok()) return wait.status();
  const auto watch = ReadWatchOptions(line.values);
  if (!watch.ok()) return watch.status();
  if (*wait) {
    command.wait = *watch;
    command.wait->request_id = command.settings.call.request_id;
  }
  if (!*wait && line.values.count("watch_timeout") > 0) {
    return WrongFlag("watch_timeout", *ReadText(line.values, "watch_timeout"),
                     "expected only together with --wait");
  }
  return command;
}

}  // namespace enos::flow::cli
