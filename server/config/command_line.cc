#include "server/config/command_line.h"

#include <absl/status/status.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <string_view>

#include "server/base/text.h"
#include "server/config/error_line.h"
#include "server/config/setting_table.h"

namespace enos::gateway {
namespace {

const SettingInfo* FindSetting(std::string_view flag) {
  for (const SettingInfo& setting : SettingTable()) {
    if (setting.flag == flag) return &setting;
  }
  return nullptr;
}

bool TakesValue(std::string_view flag) {
  const std::vector<RemovedSetting>& removed = RemovedSettings();
  return FindSetting(flag) != nullptr ||
         std::any_of(removed.begin(), removed.end(),
                     [flag](const RemovedSetting& setting) { return setting.flag == flag; });
}

// "--name=" as two arguments: otherwise CLI11 2.1 takes the next argument for the value.
std::vector<std::string> SplitEmptyValues(const std::vector<std::string>& arguments) {
  std::vector<std::string> split;
  for (const std::string& argument : arguments) {
    const bool empty_value = EndsWith(argument, "=") &&
                             TakesValue(std::string_view(argument).substr(0, argument.size() - 1));
    split.push_back(empty_value ? argument.substr(0, argument.size() - 1) : argument);
    if (empty_value) split.emplace_back();
  }
  return split;
}

void AddOptions(CLI::App* app) {
  app->set_help_flag();
  app->allow_extras();
  app->add_flag("-h,--help");
  app->add_flag("--version");
  for (const SettingInfo& setting : SettingTable()) {
    CLI::Option* option = app->add_option(std::string(setting.flag));
    // All of them are collected, so that we can report a repeated one.
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
    if (setting.IsSwitch()) {
      option->expected(0, 1)->default_str("true");
    } else {
      option->expected(1);
    }
  }
  for (const RemovedSetting& removed : RemovedSettings()) {
    app->add_option(std::string(removed.flag))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false)
        ->expected(1);
  }
}

std::string_view UpToEquals(std::string_view text) { return text.substr(0, text.find('=')); }

// A flag that is meant to carry a key, however it is spelled. Its value is never shown.
std::optional<std::string> KeyOnCommandLine(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (!StartsWith(argument, "-")) continue;
    std::string name = LowerCase(UpToEquals(argument));
    name.erase(
        std::remove_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '_'; }),
        name.end());
    const bool secret = Contains(name, "secret");
    if (!secret && !Contains(name, "accesskey")) continue;
    const KeyInfo& key = KeyTable()[secret ? 1 : 0];
    return Concat("--enos_", secret ? "secret" : "access",
                  "_key: value not shown; a key is never given on the command line, where "
                  "other users can read it, expected the variable ",
                  key.variable, " or ", key.file_variable);
  }
  return std::nullopt;
}

// Only the name is repeated: the value may be a key under a misspelled name.
std::string UnexpectedArgument(const std::string& argument, const SecretMask& keys) {
  const std::string shown = Quoted(UpToEquals(argument), keys);
  if (!StartsWith(argument, "-") || argument == "--") {
    return Concat(shown, ": not a setting, expected --name=value (see --help)");
  }
  if (!StartsWith(argument, "--")) {
    return Concat(Quoted(argument.substr(0, 2), keys),
                  "...: unknown setting, expected two dashes, like --listen (see --help)");
  }
  std::string meant(UpToEquals(argument));
  std::replace(meant.begin() + 2, meant.end(), '-', '_');
  const SettingInfo* setting = FindSetting(meant);
  return Concat(
      shown, ": unknown setting, expected ",
      setting == nullptr ? std::string_view("one of those that --help lists") : setting->flag);
}

std::string Repeated(const SettingInfo& setting, const std::vector<std::string>& values,
                     const SecretMask& keys) {
  std::string shown;
  for (const std::string& value : values)
    shown += Concat(shown.empty() ? "" : ", ", Quoted(value, keys));
  return Concat(NameOf(setting, Origin::kFlag), ": given more than once (", shown,
                "), expected it once");
}

// CLI11 found no more arguments although the last one needs a value.
std::string WithoutValue(const std::vector<std::string>& arguments) {
  const SettingInfo* setting = arguments.empty() ? nullptr : FindSetting(arguments.back());
  if (setting == nullptr)
    return "the command line cannot be read, expected --name=value (see --help)";
  return Concat(NameOf(*setting, Origin::kFlag), ": no value, expected ", setting->expected);
}

absl::Status Wrong(const std::string& line) { return absl::InvalidArgumentError(line); }

}  // namespace

absl::StatusOr<CommandLine> ReadCommandLine(const std::vector<std::string>& arguments,
                                            const SecretMask& keys) {
  CLI::App app;
  AddOptions(&app);
  const auto key_error = KeyOnCommandLine(arguments);
  try {
    std::vector<std::string> reversed = SplitEmptyValues(arguments);
    std::reverse(reversed.begin(), reversed.end());  // as CLI11 wants them
    app.parse(reversed);
  } catch (const CLI::Error&) {
    // Its text is not used: it may repeat values.
    return Wrong(key_error ? *key_error : WithoutValue(arguments));
  }

  CommandLine line;
  line.help = app.count("--help") > 0;
  line.version = app.count("--version") > 0;
  if (line.help || line.version) return line;
  if (key_error) return Wrong(*key_error);
  const std::vector<std::string> unexpected = app.remaining();
  if (!unexpected.empty()) return Wrong(UnexpectedArgument(unexpected.front(), keys));
  for (const SettingInfo& setting : SettingTable()) {
    const CLI::Option* option = app.get_option(std::string(setting.flag));
    if (option->count() > 1) return Wrong(Repeated(setting, option->results(), keys));
    if (option->count() == 1) line.values.emplace(setting.flag, option->results().front());
  }
  for (const RemovedSetting& removed : RemovedSettings()) {
    if (app.count(std::string(removed.flag)) > 0) line.removed.insert(removed.flag);
  }
  return line;
}

}  // namespace enos::gateway
