// What is generated from the flag table for other programs, tested with these programs: bash, zsh,
// mandoc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kDocs[] = ENOS_CLI_DOCS;

CommandResult RunProgram(const std::string& program, std::vector<std::string> arguments) {
  Process process({program,
                   std::move(arguments),
                   {{"PATH", "/usr/bin:/bin"}, {"TERM", "xterm"}, {"LC_ALL", "C.UTF-8"}}});
  const ProcessEnd end = process.Wait();
  return {end.status.value_or(-1), process.out(), process.err()};
}

// What bash offers for a line, `words` as bash splits it, the last one being typed.
std::vector<std::string> BashOffers(const std::vector<std::string>& words) {
  std::string script = absl::StrCat("source '", kDocs, "/enos-flow.bash'; COMP_WORDS=(");
  for (const std::string& word : words) absl::StrAppend(&script, " '", word, "'");
  absl::StrAppend(&script, "); COMP_CWORD=", words.size() - 1,
                  "; _enos_flow; for reply in \"${COMPREPLY[@]}\"; do echo \"$reply|\"; done; "
                  "complete -p enos-flow >&2");
  const CommandResult result = RunProgram("/bin/bash", {"--norc", "-c", script});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "complete -F _enos_flow enos-flow\n");
  return absl::StrSplit(result.out, '\n', absl::SkipEmpty());
}

TEST(BashCompletionTest, Commands_Offered) {
  EXPECT_THAT(BashOffers({"enos-flow", ""}),
              ElementsAre("trigger |", "get |", "watch |", "cancel |", "health |", "completion |",
                          "man |", "--help |", "--version |"));
  EXPECT_THAT(BashOffers({"enos-flow", "he"}), ElementsAre("health |"));
}

TEST(BashCompletionTest, Flags_ValueFlagsWaitForTheirValue) {
  EXPECT_THAT(BashOffers({"enos-flow", "trigger", "--flow"}), ElementsAre("--flow_id=|"));
  EXPECT_THAT(BashOffers({"enos-flow", "trigger", "--plain"}), ElementsAre("--plaintext |"));
  EXPECT_THAT(BashOffers({"enos-flow", "health", "--flow"}), IsEmpty());
  EXPECT_THAT(BashOffers({"enos-flow", "health", "--tls", "--ser"}),
              ElementsAre("--service=|", "--server_name=|"));
}

TEST(BashCompletionTest, Values_ChoicesFilesOrNothing) {
  EXPECT_THAT(BashOffers({"enos-flow", "trigger", "--output", "=", "j"}), ElementsAre("json |"));
  EXPECT_THAT(BashOffers({"enos-flow", "trigger", "--output", "="}),
              ElementsAre("text |", "json |"));
  EXPECT_THAT(BashOffers({"enos-flow", "trigger", "--output", "t"}), ElementsAre("text |"));
  EXPECT_THAT(
      BashOffers({"enos-flow", "trigger", "--batch", "=", absl::StrCat(kDocs, "/enos-flow.b")}),
      ElementsAre(absl::StrCat(kDocs, "/enos-flow.bash|")));
  EXPECT_THAT(BashOffers({"enos-flow", "trigger", "--user_id", "=", ""}), IsEmpty());
  EXPECT_THAT(BashOffers({"enos-flow", "completion", "z"}), ElementsAre("zsh |"));
}

// Types into a zsh that runs in its own terminal, and reads until the line is as expected. If it
// never is, the guard of Process ends the test.
int ZshCompletes(const std::string& typed, const std::string& expected) {
  const std::string script = absl::StrCat(
      "zmodload zsh/zpty && zpty z zsh -f -i && "
      "zpty -w z 'PS1=\"ready\"\"> \"; unsetopt beep; fpath=(\"",
      kDocs, "\" $fpath); autoload -Uz compinit; compinit -u -D' && ",
      "zpty -r z line '*ready> *' && zpty -w -n z $'", typed, "\\t' && zpty -r z line '*", expected,
      "*' && zpty -d z");
  return RunProgram("/usr/bin/zsh", {"-f", "-c", script}).status;
}

class ZshCompletionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (access("/usr/bin/zsh", X_OK) != 0) GTEST_SKIP() << "zsh is not installed";
  }
};

TEST_F(ZshCompletionTest, CommandsFlagsAndValues_Completed) {
  EXPECT_EQ(ZshCompletes("enos-flow hea", "enos-flow health"), 0);
  EXPECT_EQ(ZshCompletes("enos-flow trigger --plai", "trigger --plaintext"), 0);
  EXPECT_EQ(ZshCompletes("enos-flow trigger --user_id=x --output=js", "--output=json"), 0);
  EXPECT_EQ(ZshCompletes("enos-flow completion z", "completion zsh"), 0);
}

TEST(ManPageTest, Lint_NothingButTheMissingDate) {
  if (access("/usr/bin/mandoc", X_OK) != 0) GTEST_SKIP() << "mandoc is not installed";
  const std::string page = absl::StrCat(kDocs, "/enos-flow.1");
  const CommandResult lint = RunProgram("/usr/bin/mandoc", {"-T", "lint", "-W", "warning", page});
  // A date would make every build different.
  for (const auto& line : absl::StrSplit(lint.out + lint.err, '\n', absl::SkipEmpty())) {
    EXPECT_THAT(std::string(line), HasSubstr("missing date"));
  }
  const CommandResult text = RunProgram("/usr/bin/mandoc", {"-T", "ascii", page});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("ENOS_FLOW_USER_ID"));
  EXPECT_THAT(text.out, HasSubstr("\\\n"));  // the backslash at the end of a line of an example
}

}  // namespace
}  // namespace enos::e2e
