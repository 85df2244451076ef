#include "call_settings.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "request_fields.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr absl::Duration kLongestTimeout = absl::Hours(24);
constexpr char kTimeout[] = "30s";
constexpr int kMostRetries = 100;
constexpr absl::Duration kLongestWatch = absl::Hours(24 * 365);

absl::Status ReadCall(const FlagValues& values, CallSettings& settings) {
  const std::string timeout_text = ReadText(values, "timeout").value_or(kTimeout);
  absl::Duration timeout;
  if (!absl::ParseDuration(timeout_text, &timeout) || timeout < absl::Milliseconds(1) ||
      timeout > kLongestTimeout) {
    return WrongFlag("timeout", timeout_text,
                     "expected a duration from 1ms to 24h with its unit, for example 30s or 1m30s");
  }
  settings.call.timeout = absl::ToChronoMilliseconds(timeout);
  const auto retries = ReadNumber(values, "retries", 0, kMostRetries, 0);
  if (!retries.ok()) return retries.status();
  settings.repeat.max_attempts = *retries + 1;
  settings.call.request_id = ReadText(values, "request_id").value_or("");
  if (values.count("request_id") > 0 && !IsRequestId(settings.call.request_id)) {
    return WrongFlag("request_id", settings.call.request_id,
                     "expected 1 to 128 printable ASCII characters, no spaces at its ends");
  }
  return absl::OkStatus();
}

absl::Status ReadChannel(const FlagValues& values, ChannelOptions& channel) {
  channel.address = ReadText(values, "address").value_or(channel.address);
  channel.ca_file = ReadText(values, "ca_file").value_or("");
  channel.cert_file = ReadText(values, "cert_file").value_or("");
  channel.key_file = ReadText(values, "key_file").value_or("");
  channel.server_name = ReadText(values, "server_name").value_or("");
  const auto tls = ReadSwitch(values, "tls");
  if (!tls.ok()) return tls.status();
  const auto plaintext = ReadSwitch(values, "plaintext");
  if (!plaintext.ok()) return plaintext.status();
  if (*tls && *plaintext) {
    return WrongFlag("plaintext", "true", "expected only one of --tls and --plaintext");
  }
  if (*tls) channel.security = Security::kTls;
  if (*plaintext) channel.security = Security::kPlaintext;
  return absl::OkStatus();
}

// What comes from the environment or the settings file is there for the next command as well; the
// address is shown all the same.
std::string ConnectionFlagsOf(const CommandLine& line, const std::string& address) {
  std::string flags;
  if (address != ChannelOptions().address) flags = absl::StrCat(" --address=", ForShell(address));
  for (const char* const flag : {"tls", "plaintext", "ca_file", "cert_file", "key_file",
                                 "server_name", "token_file", "config"}) {
    if (line.typed.count(flag) == 0) continue;
    const std::string value = *ReadText(line.values, flag);
    absl::StrAppend(&flags, " --", flag);
    if (FindFlag(flag)->value != nullptr || value != "true")
      absl::StrAppend(&flags, "=", ForShell(value));
  }
  return flags;
}

// The library's messages start with the option, which is the flag's name.
absl::Status ForFlag(const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat("--", ForTerminal(status.message())));
}

}  // namespace

absl::StatusOr<CallSettings> ReadCallSettings(const CommandLine& line) {
  CallSettings settings;
  settings.token_file = ReadText(line.values, "token_file").value_or("");
  absl::Status status = ReadCall(line.values, settings);
  if (status.ok()) status = ReadChannel(line.values, settings.channel);
  if (!status.ok()) return status;
  settings.connection_flags = ConnectionFlagsOf(line, settings.channel.address);
  return settings;
}

absl::StatusOr<OutputFormat> ReadOutput(const FlagValues& values) {
  const std::string output = ReadText(values, "output").value_or("text");
  if (output == "text") return OutputFormat::kText;
  if (output == "json") return OutputFormat::kJson;
  return WrongFlag("output", output, "expected text or json");
}

absl::StatusOr<WatchOptions> ReadWatchOptions(const FlagValues& values) {
  WatchOptions options;
  const auto text = ReadText(values, "watch_timeout");
  if (!text) return options;
  absl::Duration timeout;
  if (!absl::ParseDuration(*text, &timeout) || timeout < absl::Milliseconds(1) ||
      timeout > kLongestWatch) {
    return WrongFlag("watch_timeout", *text,
                     "expected a duration from 1ms to 8760h with its unit, for example 2h");
  }
  options.timeout = absl::ToChronoMilliseconds(timeout);
  return options;
}

absl::StatusOr<FlowClient> OpenClient(const CallSettings& settings) {
  auto client = MakeClient({settings.channel, settings.token_file});
  if (!client.ok()) return ForFlag(client.status());
  return client;
}

std::optional<std::string> ReadText(const FlagValues& values, const char* flag) {
  const auto it = values.find(flag);
  if (it == values.end()) return std::nullopt;
  return it->second.front();
}

absl::StatusOr<bool> ReadSwitch(const FlagValues& values, const char* flag) {
  const std::string text = ReadText(values, flag).value_or("false");
  bool on = false;
  if (!absl::SimpleAtob(text, &on)) return WrongFlag(flag, text, "expected true or false");
  return on;
}

absl::StatusOr<int> ReadNumber(const FlagValues& values, const char* flag, int from, int to,
                               int otherwise) {
  const auto text = ReadText(values, flag);
  if (!text) return otherwise;
  auto number = ParseWholeNumber(*text, from, to);
  if (!number.ok()) return WrongFlag(flag, *text, number.status().message());
  return number;
}

absl::Status CheckGiven(const std::vector<std::string>& missing) {
  if (missing.empty()) return absl::OkStatus();
  std::string names;
  std::vector<std::string> ways;
  for (const std::string& name : missing) {
    const bool last = &name == &missing.back();
    absl::StrAppend(&names, names.empty() ? "" : last ? " and " : ", ", "--", name);
    const Flag& flag = *FindFlag(name);
    ways.push_back(absl::StrCat("--", name, "=", flag.value));
    if (flag.variable != nullptr) absl::StrAppend(&ways.back(), " or ", flag.variable);
  }
  return absl::InvalidArgumentError(absl::StrCat(names, missing.size() > 1 ? " are" : " is",
                                                 " required: ", absl::StrJoin(ways, ", ")));
}

absl::Status WrongFlag(absl::string_view flag, absl::string_view value,
                       absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", Excerpt(value), ": ", expected));
}

}  // namespace enos::flow::cli
