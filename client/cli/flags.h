#ifndef ENOS_FLOW_CLI_FLAGS_H_
#define ENOS_FLOW_CLI_FLAGS_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "flag_table.h"

namespace enos::flow::cli {

// Looks up an environment variable.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// What was given for the flags of a command, by name without dashes, in the order given and
// unchanged byte for byte. From the command line, or, for a flag that is not there, from its
// environment variable.
using FlagValues = std::map<std::string, std::vector<std::string>>;

// A command, and what it was given.
struct CommandLine {
  const Command* command = nullptr;
  FlagValues values;
  std::set<std::string> typed;  // the flags that were on the command line itself
  // Where a flag that is not on the command line has its value from, as messages name it:
  // "ENOS_FLOW_TIMEOUT", or "config.yaml:3: timeout".
  std::map<std::string, std::string> places;
  std::string operand;  // the word that the command needs; empty if it needs none
};

// A text to print on stdout: the answer to --help or --version.
struct Information {
  std::string text;
};

// What a command line asks for; a Status, always an error, if it is wrong: its message is one line
// that names the argument, its value and what is expected.
using ParsedFlags = std::variant<Information, CommandLine, absl::Status>;

// Splits a command line (`args` without the program's name) into flags; knows their names but not
// their meaning. An empty variable counts as not set.
ParsedFlags ParseFlags(std::vector<std::string> args, const Environment& environment);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_FLAGS_H_
