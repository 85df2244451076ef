#include "completion.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "flag_table.h"

namespace enos::flow::cli {
namespace {

bool IsFile(const Flag& flag) {
  return flag.value != nullptr && absl::string_view(flag.value) == "FILE";
}

// "text json" of "text|json"; empty if the value is not a choice of words.
std::string Choice(const char* value) {
  if (value == nullptr || !absl::StrContains(value, "|")) return "";
  return absl::StrReplaceAll(value, {{"|", " "}});
}

std::string CommandNames(const char* separator) {
  return absl::StrJoin(Commands(), separator,
                       [](std::string* out, const Command& command) { out->append(command.name); });
}

// The cases of `case "COMMAND --flag"`: what may follow that flag.
std::string BashValues() {
  std::string cases;
  for (const Command& command : Commands()) {
    for (const Flag& flag : command.flags) {
      if (flag.value == nullptr) continue;
      const std::string choice = Choice(flag.value);
      absl::StrAppend(&cases, "    \"", command.name, " --", flag.name, "\") ");
      if (IsFile(flag)) {
        absl::StrAppend(&cases, "_enos_flow_files \"$cur\"; return ;;\n");
      } else if (!choice.empty()) {
        absl::StrAppend(&cases, "_enos_flow_words \"$cur\" ", choice, "; return ;;\n");
      } else {
        absl::StrAppend(&cases, "return ;;\n");
      }
    }
  }
  return cases;
}

// The words that may come next: "--flag=" waits for its value, "--switch " is complete.
std::string BashFlags() {
  std::string cases;
  for (const Command& command : Commands()) {
    absl::StrAppend(&cases, "    ", command.name, ") _enos_flow_words \"$cur\"");
    for (const Flag& flag : command.flags) {
      absl::StrAppend(&cases, " --", flag.name, flag.value != nullptr ? "=" : "");
    }
    const std::string operand = Choice(command.operand);
    absl::StrAppend(&cases, operand.empty() ? "" : " ", operand, " --help ;;\n");
  }
  return cases;
}

// For a single-quoted text of zsh's _arguments.
std::string ZshText(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshFlag(const Flag& flag) {
  std::string spec =
      absl::StrCat("        '", flag.repeatable ? "*" : "", "--", flag.name,
                   flag.value != nullptr ? "=" : "", "[", ZshText(flag.description), "]");
  if (flag.value != nullptr) {
    const std::string choice = Choice(flag.value);
    absl::StrAppend(&spec, ":", ZshText(absl::StrReplaceAll(flag.value, {{"|", " or "}})), ":");
    if (IsFile(flag)) {
      absl::StrAppend(&spec, "_files");
    } else if (!choice.empty()) {
      absl::StrAppend(&spec, "(", choice, ")");
    } else {
      absl::StrAppend(&spec, " ");
    }
  }
  return spec + "' \\\n";
}

std::string ZshCommand(const Command& command) {
  std::string text = absl::StrCat("    ", command.name, ")\n      _arguments \\\n");
  for (const Flag& flag : command.flags) absl::StrAppend(&text, ZshFlag(flag));
  if (command.operand != nullptr) {
    const std::string choice = Choice(command.operand);
    absl::StrAppend(
        &text, "        '1:",
        choice.empty() ? absl::StrCat(command.operand, ": ") : absl::StrCat("shell:(", choice, ")"),
        "' \\\n");
  }
  return text + "        '(- *)--help[Show this help.]' ;;\n";
}

}  // namespace

std::string BashCompletion() {
  return absl::StrCat(R"(# Completions of enos-flow for bash; made by "enos-flow completion bash".
_enos_flow_words() {
  local cur="$1" word
  shift
  for word; do
    [[ $word == "$cur"* ]] || continue
    [[ $word == *= ]] || word+=" "
    COMPREPLY+=("$word")
  done
  compopt -o nospace 2>/dev/null
}
_enos_flow_files() {
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
  compopt -o filenames 2>/dev/null
}
_enos_flow() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" command="" flag="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      )",
                      CommandNames("|"), R"() command="${COMP_WORDS[i]}"; break ;;
    esac
  done
  # bash makes three words of --flag=value.
  if [[ $cur == "=" ]]; then
    flag="$prev" cur=""
  elif [[ $prev == "=" ]]; then
    flag="${COMP_WORDS[COMP_CWORD-2]}"
  elif [[ $prev == --* ]]; then
    flag="$prev"
  fi
  case "$command $flag" in
)",
                      BashValues(), R"(  esac
  case "$command" in
    "") _enos_flow_words "$cur" )",
                      CommandNames(" "), " --help --version ;;\n", BashFlags(), R"(  esac
}
complete -F _enos_flow enos-flow
)");
}

std::string ZshCompletion() {
  std::string script = R"(#compdef enos-flow
# Completions of enos-flow for zsh; made by "enos-flow completion zsh".
_enos-flow() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands=(
)";
  for (const Command& command : Commands()) {
    absl::StrAppend(&script, "    '", command.name, ":", ZshText(command.summary), "'\n");
  }
  absl::StrAppend(&script, R"(  )
  _arguments -C '(- *)--help[Show this help.]' '(- *)--version[Show the version.]' \
    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands; return ;;
    rest) ;;
    *) return ;;
  esac
  case $words[1] in
)");
  for (const Command& command : Commands()) absl::StrAppend(&script, ZshCommand(command));
  absl::StrAppend(&script, R"(  esac
}
if [[ $funcstack[1] == _enos-flow ]]; then
  _enos-flow "$@"
else
  compdef _enos-flow enos-flow
fi
)");
  return script;
}

}  // namespace enos::flow::cli
