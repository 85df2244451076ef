#include "flags.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "flag_table.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr size_t kHelpColumn = 26;

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(kHelpColumn);
    label("SUBCOMMAND", "COMMAND");
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_option_text().empty() ? std::string() : "=" + option->get_option_text();
  }

  // CLI11 does not break lines.
  std::string make_option_desc(const CLI::Option* option) const override {
    constexpr size_t kWidth = 70;
    std::string wrapped;
    size_t column = 0;
    for (const std::string& word : CLI::detail::split(option->get_description(), ' ')) {
      if (column + word.size() > kWidth) {
        wrapped += '\n';
        column = 0;
      } else if (column > 0) {
        wrapped += ' ';
        ++column;
      }
      wrapped += word;
      column += word.size();
    }
    return wrapped;
  }
};

void AddFlag(CLI::App& app, const Flag& flag) {
  const std::string description = flag.variable == nullptr
                                      ? flag.description
                                      : absl::StrCat(flag.description, " [", flag.variable, "]");
  const std::string name = absl::StrCat("--", flag.name);
  if (flag.value == nullptr) {
    app.add_flag(name, description)->group(flag.group);
    return;
  }
  // Only the raw texts are taken from CLI11; its conversions would split and unquote them, and
  // without allow_extra_args(false) it splits "[1,2]" and swallows arguments that follow.
  app.add_option(name, description)
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->option_text(flag.value)
      ->group(flag.group);
}

// Turns `--name=` into `--name` and an empty argument: CLI11 would take the argument after it.
// Values that merely look like that are left alone.
std::vector<std::string> SplitEmptyValues(std::vector<std::string> args) {
  std::vector<std::string> split;
  bool is_value = false;
  for (std::string& arg : args) {
    const bool is_flag = !is_value && absl::StartsWith(arg, "--");
    is_value = false;
    if (is_flag) {
      const size_t equals = arg.find('=');
      const Flag* const flag =
          FindFlag(arg.substr(2, equals == std::string::npos ? equals : equals - 2));
      const bool takes_value = flag != nullptr && flag->value != nullptr;
      is_value = takes_value && equals == std::string::npos;
      if (flag != nullptr && equals + 1 == arg.size()) {
        // An empty switch (`--plaintext=$UNSET`) must be an error, not "true".
        split.push_back(takes_value ? arg.substr(0, equals) : arg + "\"\"");
        if (takes_value) split.emplace_back();
        continue;
      }
    }
    split.push_back(std::move(arg));
  }
  return split;
}

absl::Status Wrong(const std::string& message) { return absl::InvalidArgumentError(message); }

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const Command& command : Commands()) names.emplace_back(command.name);
  return names;
}

// "; did you mean --user_id? See", or "; see".
std::string Suggestion(absl::string_view unexpected, const Command* command) {
  constexpr char kSee[] = "; see";
  const absl::string_view typed = unexpected.substr(0, unexpected.find('='));
  const size_t start = typed.find_first_not_of('-');
  if ((start == 0) != (command == nullptr) || start == absl::string_view::npos) return kSee;
  std::vector<std::string> names = command == nullptr ? CommandNames() : std::vector<std::string>();
  for (const Flag& flag : command == nullptr ? std::vector<Flag>() : command->flags) {
    names.emplace_back(flag.name);
  }
  const std::string meant = Meant(typed.substr(start), names);
  if (meant.empty() || meant == typed.substr(start)) return kSee;
  return absl::StrCat("; did you mean ", command == nullptr ? "" : "--", meant, "? See");
}

absl::Status WrongRemainder(const std::string& unexpected, const Command* command) {
  return Wrong(absl::StrCat(Excerpt(unexpected), ": expected ",
                            command != nullptr ? "a flag of this command" : "a command",
                            Suggestion(unexpected, command), " enos-flow ",
                            command != nullptr ? absl::StrCat(command->name, " ") : "", "--help"));
}

// "bash or zsh"
std::string OperandChoice(const Command& command) {
  return absl::StrReplaceAll(command.operand, {{"|", " or "}});
}

std::string SectionsText(const std::vector<Section>& sections) {
  std::string text;
  for (const Section& section : sections) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", section.heading, ":\n", section.text);
  }
  return text;
}

// CLI11's messages start with the flag's name and a colon.
std::string FlagOf(const CLI::ParseError& error) {
  const std::string message = error.what();
  return Excerpt(message.substr(0, message.find(':')));
}

// CLI11 puts two empty lines between groups of flags.
Information Help(const std::string& text) {
  return {absl::StrReplaceAll(text, {{"\n\n\n", "\n\n"}})};
}

ParsedFlags Collect(const Command& command, const CLI::App& app, const Environment& environment) {
  CommandLine line;
  line.command = &command;
  for (const Flag& flag : command.flags) {
    const CLI::Option* const option = app.get_option(absl::StrCat("--", flag.name));
    std::vector<std::string> given = option->results();
    if (given.size() > 1 && !flag.repeatable) {
      return Wrong(absl::StrCat("--", flag.name, "=", Excerpt(given.back()),
                                ": expected this flag only once, got it ", given.size(), " times"));
    }
    if (!given.empty()) line.typed.insert(flag.name);
    if (given.empty() && flag.variable != nullptr) {
      auto value = environment(flag.variable);
      if (value && !value->empty()) {
        given.push_back(*std::move(value));
        line.places[flag.name] = flag.variable;
      }
    }
    if (!given.empty()) line.values[flag.name] = std::move(given);
  }
  // Of these two a flag overrides the other one's variable as well as its own.
  const auto typed = [&](const char* name) { return line.typed.count(name) > 0; };
  if (typed("tls") && !typed("plaintext")) line.values.erase("plaintext");
  if (typed("plaintext") && !typed("tls")) line.values.erase("tls");
  return line;
}

// Takes the command's word from the remaining arguments.
ParsedFlags WithOperand(ParsedFlags parsed, std::vector<std::string> remaining) {
  auto* const line = std::get_if<CommandLine>(&parsed);
  if (line == nullptr) return parsed;
  const Command& command = *line->command;
  if (command.operand != nullptr) {
    const std::vector<std::string> words = absl::StrSplit(command.operand, '|');
    const std::string given = remaining.empty() ? "" : remaining.front();
    const bool any = words.size() == 1;
    if (any ? given.empty() : std::find(words.begin(), words.end(), given) == words.end()) {
      return Wrong(absl::StrCat(command.name, given.empty() ? "" : " ", Excerpt(given),
                                ": expected ", OperandChoice(command)));
    }
    line->operand = given;
    remaining.erase(remaining.begin());
  }
  if (!remaining.empty()) return WrongRemainder(remaining.front(), &command);
  return parsed;
}

void AddCommand(CLI::App& app, const Command& command) {
  CLI::App* const added = app.add_subcommand(command.name, command.summary);
  added->group("Commands");
  added->footer(SectionsText(command.sections));
  for (const Flag& flag : command.flags) AddFlag(*added, flag);
}

// The command on the command line; nullptr: none.
const Command* ParsedCommand(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? nullptr : FindCommand(parsed.front()->get_name());
}

ParsedFlags Interpret(const CLI::App& app, const Environment& environment) {
  const Command* const command = ParsedCommand(app);
  std::vector<std::string> remaining = app.remaining(/*recurse=*/true);
  if (command == nullptr) {
    if (!remaining.empty()) return WrongRemainder(remaining.front(), nullptr);
    return Wrong(absl::StrCat("no command: expected ", absl::StrJoin(CommandNames(), ", "),
                              "; see enos-flow --help"));
  }
  const CLI::App& parsed = *app.get_subcommands().front();
  if (parsed.count() > 1) return WrongRemainder(command->name, command);
  if (app.get_subcommands().size() > 1) {
    return WrongRemainder(app.get_subcommands()[1]->get_name(), command);
  }
  return WithOperand(Collect(*command, parsed, environment), std::move(remaining));
}

}  // namespace

ParsedFlags ParseFlags(std::vector<std::string> args, const Environment& environment) {
  CLI::App app("Starts EnOS batch processing flows through the EnOS flow gateway.", "enos-flow");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Show this help.");
  app.set_version_flag("--version", "enos-flow " ENOS_FLOW_VERSION, "Show the version.");
  app.allow_extras();
  app.footer(SectionsText(MainSections()));
  for (const Command& command : Commands()) AddCommand(app, command);

  args = SplitEmptyValues(std::move(args));
  std::reverse(args.begin(), args.end());  // the order that CLI11 wants
  try {
    app.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    const Command* const command = ParsedCommand(app);
    return Help(command != nullptr ? app.get_subcommand(command->name)->help("enos-flow")
                                   : app.help());
  } catch (const CLI::CallForVersion&) {
    return Information{"enos-flow " ENOS_FLOW_VERSION "\n"};
  } catch (const CLI::ArgumentMismatch& error) {
    return Wrong(absl::StrCat(FlagOf(error), ": expected a value"));
  } catch (const CLI::ParseError& error) {
    return Wrong(ForTerminal(error.what()));
  }
  return Interpret(app, environment);
}

}  // namespace enos::flow::cli
