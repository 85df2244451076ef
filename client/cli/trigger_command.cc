#include "trigger_command.h"

#include <cstdint>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "text.h"
#include "trigger_time.h"

namespace enos::flow::cli {
namespace {

constexpr absl::Duration kLongestTimeout = absl::Hours(24);
constexpr int kMostRetries = 100;

absl::Status Wrong(absl::string_view flag, absl::string_view value, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", Excerpt(value), ": ", expected));
}

// The flag's only value, or nullptr.
const std::string* Find(const FlagValues& values, const char* flag) {
  const auto it = values.find(flag);
  return it == values.end() ? nullptr : &it->second.front();
}

std::string GetOr(const FlagValues& values, const char* flag, const std::string& otherwise) {
  const std::string* const value = Find(values, flag);
  return value == nullptr ? otherwise : *value;
}

absl::StatusOr<std::string> RequiredId(const FlagValues& values, const char* flag) {
  std::string id = GetOr(values, flag, "");
  if (id.empty()) return Wrong(flag, "", "expected an id; this flag is required");
  if (!IsUtf8(id)) return Wrong(flag, id, "expected UTF-8");
  return id;
}

// Digits only: no blanks, signs, bases or exponents.
absl::StatusOr<int> WholeNumber(const FlagValues& values, const char* flag, int from, int to) {
  const std::string text = GetOr(values, flag, "");
  int number = 0;
  const bool digit_first =
      !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text[0]));
  const bool digit_last =
      digit_first && absl::ascii_isdigit(static_cast<unsigned char>(text.back()));
  if (!digit_last || !absl::SimpleAtoi(text, &number) || number < from || number > to) {
    return Wrong(flag, text, absl::StrCat("expected a whole number from ", from, " to ", to));
  }
  return number;
}

absl::StatusOr<bool> Switch(const FlagValues& values, const char* flag) {
  const std::string text = GetOr(values, flag, "false");
  bool on = false;
  if (!absl::SimpleAtob(text, &on)) return Wrong(flag, text, "expected true or false");
  return on;
}

absl::Status ReadRequest(const FlagValues& values, absl::Time now, FlowRequest& request) {
  const auto user_id = RequiredId(values, "user_id");
  if (!user_id.ok()) return user_id.status();
  request.set_user_id(*user_id);
  const auto org_id = RequiredId(values, "org_id");
  if (!org_id.ok()) return org_id.status();
  request.set_org_id(*org_id);
  const auto flow_id = WholeNumber(values, "flow_id", 1, std::numeric_limits<int32_t>::max());
  if (!flow_id.ok()) return flow_id.status();
  request.set_flow_id(*flow_id);

  const std::string time_text = GetOr(values, "trigger_time", "now");
  const auto time = ParseTriggerTime(time_text, now);
  if (!time.ok()) return Wrong("trigger_time", time_text, time.status().message());
  const int64_t seconds = absl::ToUnixSeconds(*time);
  request.mutable_trigger_time()->set_seconds(seconds);
  request.mutable_trigger_time()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(*time - absl::FromUnixSeconds(seconds))));

  const auto parameters = values.find("param");
  if (parameters == values.end()) return absl::OkStatus();
  for (const std::string& text : parameters->second) {
    auto parameter = ParseParameter(text);
    if (!parameter.ok()) return Wrong("param", text, parameter.status().message());
    auto* const added = request.add_parameters();
    added->set_key(std::move(parameter->first));
    added->set_value(std::move(parameter->second));
  }
  return absl::OkStatus();
}

absl::Status ReadCall(const FlagValues& values, TriggerCommand& command) {
  const std::string timeout_text = GetOr(values, "timeout", "30s");
  absl::Duration timeout;
  if (!absl::ParseDuration(timeout_text, &timeout) || timeout < absl::Milliseconds(1) ||
      timeout > kLongestTimeout) {
    return Wrong("timeout", timeout_text,
                 "expected a duration from 1ms to 24h with its unit, for example 30s or 1m30s");
  }
  command.call.timeout = absl::ToChronoMilliseconds(timeout);

  command.repeat.max_attempts = 1;
  if (Find(values, "retries") != nullptr) {
    const auto retries = WholeNumber(values, "retries", 0, kMostRetries);
    if (!retries.ok()) return retries.status();
    command.repeat.max_attempts = *retries + 1;
  }

  const std::string output = GetOr(values, "output", "text");
  if (output != "text" && output != "json") {
    return Wrong("output", output, "expected text or json");
  }
  command.output = output == "json" ? OutputFormat::kJson : OutputFormat::kText;
  return absl::OkStatus();
}

absl::Status ReadChannel(const FlagValues& values, ChannelOptions& channel) {
  channel.address = GetOr(values, "address", channel.address);
  channel.ca_file = GetOr(values, "ca_file", "");
  channel.cert_file = GetOr(values, "cert_file", "");
  channel.key_file = GetOr(values, "key_file", "");
  channel.server_name = GetOr(values, "server_name", "");
  const auto tls = Switch(values, "tls");
  if (!tls.ok()) return tls.status();
  const auto plaintext = Switch(values, "plaintext");
  if (!plaintext.ok()) return plaintext.status();
  if (*tls && *plaintext) {
    return Wrong("plaintext", "true", "expected only one of --tls and --plaintext");
  }
  if (*tls) channel.security = Security::kTls;
  if (*plaintext) channel.security = Security::kPlaintext;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::pair<std::string, std::string>> ParseParameter(absl::string_view text) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError("expected KEY=VALUE with a key that is not empty");
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError("expected UTF-8");
  return std::make_pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

absl::StatusOr<TriggerCommand> MakeTriggerCommand(const FlagValues& values, absl::Time now) {
  TriggerCommand command;
  absl::Status status = ReadRequest(values, now, command.request);
  if (status.ok()) status = ReadCall(values, command);
  if (status.ok()) status = ReadChannel(values, command.channel);
  if (!status.ok()) return status;
  return command;
}

}  // namespace enos::flow::cli
