#ifndef ENOS_SERVER_CONFIG_SETTING_TABLE_H_
#define ENOS_SERVER_CONFIG_SETTING_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "server/config/settings.h"

namespace enos::gateway {

// One setting: everything that the command line, the environment, the help, the error lines and the
// documentation need to know about it.
struct SettingInfo {
  std::string_view group;         // heading in the help; settings of one group are adjacent
  std::string_view flag;          // with the dashes: "--listen"
  std::string_view variable;      // empty: only a flag
  std::string_view value_name;    // in the help: "DURATION"; empty for a switch
  std::string_view default_text;  // as a user would write it; empty: see `required`
  std::string_view help;          // a sentence or two, without the default
  std::string_view expected;      // completes "expected ..." in an error line
  bool required;                  // has no default
  // Parses `text` into the setting's field. False, with nothing changed, if it is not valid.
  bool (*set)(std::string_view text, Settings* settings);

  bool IsSwitch() const { return value_name.empty(); }
};

// All settings except the keys, in the order of the help.
const std::vector<SettingInfo>& SettingTable();

// The entry of a flag that is in the table ("--listen").
const SettingInfo& SettingNamed(std::string_view flag);

// A setting of earlier versions. If a deployment still has it, the gateway says so at start-up and
// continues.
struct RemovedSetting {
  std::string_view flag;
  std::string_view variable;
  std::string_view because;  // what applies instead
};

const std::vector<RemovedSetting>& RemovedSettings();

// A key: given by a variable or by a file that a variable names, never by a flag.
struct KeyInfo {
  std::string_view variable;
  std::string_view file_variable;
  std::string_view help;
  bool required;
  std::string_view expected;  // what a valid one is
  bool (*is_valid)(std::string_view text);
  Secret Settings::* field;
  std::string Settings::* file;
};

// The access key, the secret key, and what may have a password in it: where idempotency keys are
// kept.
const std::vector<KeyInfo>& KeyTable();

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONFIG_SETTING_TABLE_H_
