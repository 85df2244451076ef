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
#include "absl/strings/str_replace.h"
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
  // without allow_extra_args(false) it takes "[1,2]" apart and swallows arguments that follow.
  app.add_option(name, description)
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->option_text(flag.value)
      ->group(flag.group);
}

const Flag* FindFlag(const std::string& name) {
  const auto* const found = std::find_if(std::begin(kTriggerFlags), std::end(kTriggerFlags),
                                         [&](const Flag& flag) { return name == flag.name; });
  return found == std::end(kTriggerFlags) ? nullptr : found;
}

// Writes `--name=` as `--name` and an empty argument: CLI11 would take the argument after it.
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

absl::Status WrongRemainder(const std::vector<std::string>& unexpected, bool have_command) {
  return Wrong(absl::StrCat(Excerpt(unexpected.front()), ": expected ",
                            have_command ? "a flag of this command; see enos-flow trigger --help"
                                         : "a command; see enos-flow --help"));
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

ParsedFlags Collect(const CLI::App& command, const Environment& environment) {
  FlagValues values;
  for (const Flag& flag : kTriggerFlags) {
    const CLI::Option* const option = command.get_option(absl::StrCat("--", flag.name));
    std::vector<std::string> given = option->results();
    if (given.size() > 1 && !flag.repeatable) {
      return Wrong(absl::StrCat("--", flag.name, "=", Excerpt(given.back()),
                                ": expected this flag only once, got it ", given.size(), " times"));
    }
    if (given.empty() && flag.variable != nullptr) {
      auto value = environment(flag.variable);
      if (value && !value->empty()) given.push_back(*std::move(value));
    }
    if (!given.empty()) values[flag.name] = std::move(given);
  }
  // Of these two a flag beats the other one's variable as well as its own.
  const auto on_command_line = [&](const char* name) { return command.count(name) > 0; };
  if (on_command_line("--tls") && !on_command_line("--plaintext")) values.erase("plaintext");
  if (on_command_line("--plaintext") && !on_command_line("--tls")) values.erase("tls");
  return values;
}

}  // namespace

ParsedFlags ParseFlags(std::vector<std::string> args, const Environment& environment) {
  CLI::App app("Starts EnOS batch processing flows through the EnOS flow gateway.", "enos-flow");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Show this help.");
  app.set_version_flag("--version", "enos-flow " ENOS_FLOW_VERSION, "Show the version.");
  app.allow_extras();
  app.footer(kMainFooter);
  CLI::App* const trigger =
      app.add_subcommand("trigger", "Start a flow and print its instance id.");
  trigger->group("Commands");
  trigger->footer(kTriggerFooter);
  for (const Flag& flag : kTriggerFlags) AddFlag(*trigger, flag);

  args = SplitEmptyValues(std::move(args));
  std::reverse(args.begin(), args.end());  // the order that CLI11 wants
  try {
    app.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    return Help(trigger->parsed() ? trigger->help("enos-flow") : app.help());
  } catch (const CLI::CallForVersion&) {
    return Information{"enos-flow " ENOS_FLOW_VERSION "\n"};
  } catch (const CLI::ArgumentMismatch& error) {
    return Wrong(absl::StrCat(FlagOf(error), ": expected a value"));
  } catch (const CLI::ParseError& error) {
    return Wrong(ForTerminal(error.what()));
  }
  const std::vector<std::string> unexpected = app.remaining(/*recurse=*/true);
  if (!unexpected.empty()) return WrongRemainder(unexpected, trigger->parsed());
  if (trigger->count() > 1) return WrongRemainder({"trigger"}, true);
  if (!trigger->parsed()) return Wrong("no command: expected trigger; see enos-flow --help");
  return Collect(*trigger, environment);
}

}  // namespace enos::flow::cli
