#ifndef ENOS_FLOW_CLI_FLAG_TABLE_H_
#define ENOS_FLOW_CLI_FLAG_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace enos::flow::cli {

// The single description of the command line: the parser, --help, the man page, the shell
// completions and the settings file are all generated from it.

struct Flag {
  const char* name = nullptr;  // without dashes
  // The placeholder for the value in the help; FILE and words with "|" between them also say what a
  // shell may offer. nullptr: a switch.
  const char* value = nullptr;
  const char* variable = nullptr;     // the environment variable, or nullptr
  const char* description = nullptr;  // whole sentences
  const char* group = nullptr;        // the heading in the help
  bool repeatable = false;
};

// A piece of the help after the flags; shown as is, lines of at most 100 columns.
struct Section {
  const char* heading = nullptr;
  const char* text = nullptr;
};

struct Command {
  const char* name = nullptr;
  const char* summary = nullptr;  // one sentence
  // A word that must follow: one of those with "|" between them, or any that this stands for, such
  // as ID; nullptr: none may.
  const char* operand = nullptr;
  std::vector<Flag> flags;
  std::vector<Section> sections;
};

// In the order of the help.
const std::vector<Command>& Commands();
// nullptr: there is none with that name.
const Command* FindCommand(absl::string_view name);

const Flag* FindFlag(const Command& command, absl::string_view name);
// From any command: a name means the same everywhere.
const Flag* FindFlag(absl::string_view name);

// Which of `names` the user may have meant, typing errors and dashes for underscores aside; empty:
// none. In any case at most one.
std::string Meant(absl::string_view typed, const std::vector<std::string>& names);

// Whether a flag may appear in the settings file: one that has a variable, except --config.
bool IsSetting(const Flag& flag);

// The pieces of `enos-flow --help` after the list of commands, and of the man page after everything
// else.
const std::vector<Section>& MainSections();

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_FLAG_TABLE_H_
