#include "man_page.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "flag_table.h"

namespace enos::flow::cli {
namespace {

// Text that troff shows as is. A line that starts with a dot or a quote would be a request.
std::string Escaped(absl::string_view text) {
  std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\e"},
                                                   {"-", "\\-"},
                                                   {"'", "\\(aq"},
                                                   {"`", "\\(ga"},
                                                   {"^", "\\(ha"},
                                                   {"~", "\\(ti"}});
  if (!escaped.empty() && escaped.front() == '.') escaped.insert(0, "\\&");
  return escaped;
}

std::string FlagEntry(const Flag& flag) {
  std::string entry = absl::StrCat(".TP\n\\fB", Escaped(absl::StrCat("--", flag.name)), "\\fR");
  if (flag.value != nullptr) absl::StrAppend(&entry, "=\\fI", Escaped(flag.value), "\\fR");
  absl::StrAppend(&entry, "\n", Escaped(flag.description));
  if (flag.variable != nullptr) absl::StrAppend(&entry, " [", flag.variable, "]");
  return entry + "\n";
}

// Lines as they are.
std::string Verbatim(absl::string_view text) {
  std::string block = ".nf\n";
  for (const absl::string_view line :
       absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    absl::StrAppend(&block, line.empty() ? ".sp" : Escaped(line), "\n");
  }
  return block + ".fi\n";
}

std::string CommandText(const Command& command) {
  std::string text =
      absl::StrCat(".SS \"enos\\-flow ", command.name, "\"\n", Escaped(command.summary), "\n");
  const char* group = nullptr;
  for (const Flag& flag : command.flags) {
    if (group == nullptr || absl::string_view(group) != flag.group) {
      group = flag.group;
      absl::StrAppend(&text, ".PP\n\\fI", group, ":\\fR\n");
    }
    absl::StrAppend(&text, FlagEntry(flag));
  }
  for (const Section& section : command.sections) {
    absl::StrAppend(&text, ".PP\n\\fI", section.heading, ":\\fR\n", Verbatim(section.text));
  }
  return text;
}

}  // namespace

std::string ManPage() {
  std::string page = absl::StrCat(
      ".\\\" Made by \"enos-flow man\" from the table that --help is made from.\n"
      ".TH ENOS\\-FLOW 1 \"\" \"enos-flow " ENOS_FLOW_VERSION
      "\" \"User Commands\"\n"
      ".SH NAME\nenos\\-flow \\- start EnOS batch processing flows through the EnOS flow gateway\n"
      ".SH SYNOPSIS\n");
  for (const Command& command : Commands()) {
    absl::StrAppend(&page, &command == &Commands().front() ? "" : ".br\n", ".B enos\\-flow ",
                    command.name, "\n", command.flags.empty() ? "" : "[\\fIFLAG\\fR]...\n");
    if (command.operand != nullptr) absl::StrAppend(&page, Escaped(command.operand), "\n");
  }
  absl::StrAppend(
      &page,
      ".br\n.B enos\\-flow\n\\-\\-help | \\-\\-version\n.SH DESCRIPTION\n"
      "A started flow cannot be undone, and each call starts another run. So every message "
      "about a failed call says whether the flow was certainly not started or may have been "
      "started anyway.\n.SH COMMANDS\n");
  for (const Command& command : Commands()) {
    absl::StrAppend(&page, CommandText(command));
  }
  for (const Section& section : MainSections()) {
    absl::StrAppend(&page, ".SH \"", absl::AsciiStrToUpper(section.heading), "\"\n",
                    Verbatim(section.text));
  }
  return page;
}

}  // namespace enos::flow::cli
