#include "flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "flag_table.h"

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

using Variables = std::map<std::string, std::string>;

Environment From(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto it = variables.find(name);
    if (it == variables.end()) return std::nullopt;
    return it->second;
  };
}

CommandLine ParsedLine(std::vector<std::string> args, Variables variables = {}) {
  ParsedFlags parsed = ParseFlags(std::move(args), From(std::move(variables)));
  if (const auto* wrong = std::get_if<absl::Status>(&parsed)) {
    ADD_FAILURE() << *wrong;
    return {};
  }
  return std::get<CommandLine>(std::move(parsed));
}

FlagValues Parsed(std::vector<std::string> args, Variables variables = {}) {
  args.insert(args.begin(), "trigger");
  return ParsedLine(std::move(args), std::move(variables)).values;
}

std::string Problem(std::vector<std::string> args) {
  const ParsedFlags parsed = ParseFlags(std::move(args), From({}));
  const auto* const wrong = std::get_if<absl::Status>(&parsed);
  if (wrong == nullptr) {
    ADD_FAILURE() << "accepted";
    return "";
  }
  EXPECT_FALSE(wrong->ok());
  return std::string(wrong->message());
}

TEST(ParseFlagsTest, NothingGiven_NoValues) { EXPECT_THAT(Parsed({}), IsEmpty()); }

TEST(ParseFlagsTest, BothSpellings_SameValues) {
  const auto expected =
      UnorderedElementsAre(Pair("user_id", ElementsAre("u")), Pair("flow_id", ElementsAre("7")));
  EXPECT_THAT(Parsed({"--user_id=u", "--flow_id=7"}), expected);
  EXPECT_THAT(Parsed({"--user_id", "u", "--flow_id", "7"}), expected);
}

struct ParamCase {
  const char* name;
  std::vector<std::string> args;
  std::vector<std::string> expected;
};

class ParamFlagTest : public ::testing::TestWithParam<ParamCase> {};

TEST_P(ParamFlagTest, AnyText_KeptByteForByteInOrder) {
  EXPECT_EQ(Parsed(GetParam().args)["param"], GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ParamFlagTest,
    ::testing::Values(
        ParamCase{"order_and_duplicates",
                  {"--param", "B=1", "--param=A=2", "--param", "B=1"},
                  {"B=1", "A=2", "B=1"}},
        ParamCase{"brackets", {"--param", "A=[1,2]"}, {"A=[1,2]"}},
        ParamCase{"nothing_but_brackets", {"--param", "[A=1,B=2]"}, {"[A=1,B=2]"}},
        ParamCase{"braces", {"--param={}", "--param", "{}"}, {"{}", "{}"}},
        ParamCase{"commas_and_semicolons", {"--param=A=1,2;3"}, {"A=1,2;3"}},
        ParamCase{"double_quotes", {"--param", "A=\"x y\""}, {"A=\"x y\""}},
        ParamCase{"quotes_all_around", {"--param", "'A=x'"}, {"'A=x'"}},
        ParamCase{"backslash", {"--param", "A=\\n"}, {"A=\\n"}},
        ParamCase{"spaces", {"--param", " A = b "}, {" A = b "}},
        ParamCase{"line_break", {"--param", "A=x\ny"}, {"A=x\ny"}},
        ParamCase{"unicode", {"--param", "键=值"}, {"键=值"}},
        ParamCase{"empty_value", {"--param=A="}, {"A="}},
        ParamCase{"empty_value_then_flag", {"--param=A=", "--user_id=u"}, {"A="}},
        ParamCase{"leading_dashes", {"--param=A=--x", "--param=--k=v"}, {"A=--x", "--k=v"}},
        ParamCase{"looks_like_a_flag", {"--param", "--user_id=x"}, {"--user_id=x"}},
        ParamCase{"looks_like_an_empty_flag", {"--param", "--user_id="}, {"--user_id="}},
        ParamCase{"looks_like_the_end", {"--param", "--"}, {"--"}},
        ParamCase{"looks_like_help", {"--param", "--help"}, {"--help"}},
        ParamCase{"looks_like_a_number", {"--param", "-1=-2"}, {"-1=-2"}},
        ParamCase{"percent_and_plus", {"--param", "A=%20+&/?"}, {"A=%20+&/?"}},
        ParamCase{"nothing", {"--param="}, {""}},
        ParamCase{"nothing_apart", {"--param", "", "--user_id=u"}, {""}}),
    [](const auto& row) { return row.param.name; });

TEST(ParseFlagsTest, EmptyValueBeforeAnotherFlag_DoesNotSwallowIt) {
  EXPECT_THAT(
      Parsed({"--user_id=", "--org_id=o"}),
      UnorderedElementsAre(Pair("user_id", ElementsAre("")), Pair("org_id", ElementsAre("o"))));
}

TEST(ParseFlagsTest, Switches_TrueOrTheirText) {
  EXPECT_THAT(Parsed({"--tls"}), ElementsAre(Pair("tls", ElementsAre("true"))));
  EXPECT_THAT(Parsed({"--tls=false"}), ElementsAre(Pair("tls", ElementsAre("false"))));
  EXPECT_THAT(Parsed({"--plaintext="}), ElementsAre(Pair("plaintext", ElementsAre("\"\""))));
}

TEST(ParseFlagsTest, Variable_OnlyWhereTheFlagIsNotGiven) {
  EXPECT_THAT(Parsed({}, {{"ENOS_FLOW_ADDRESS", "a:1"}}),
              ElementsAre(Pair("address", ElementsAre("a:1"))));
  EXPECT_THAT(Parsed({"--address=b:2"}, {{"ENOS_FLOW_ADDRESS", "a:1"}}),
              ElementsAre(Pair("address", ElementsAre("b:2"))));
  EXPECT_THAT(Parsed({}, {{"ENOS_FLOW_ADDRESS", ""}}), IsEmpty());
}

TEST(ParseFlagsTest, VariableOfEachFlag_FollowsThePattern) {
  for (const Flag& flag : FindCommand("trigger")->flags) {
    if (flag.variable == nullptr) continue;
    std::string expected = std::string("ENOS_FLOW_") + flag.name;
    for (char& c : expected) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    EXPECT_EQ(flag.variable, expected);
    EXPECT_THAT(Parsed({}, {{expected, "x"}}), ElementsAre(Pair(flag.name, ElementsAre("x"))));
  }
}

TEST(ParseFlagsTest, CommandAndItsWord_Known) {
  const CommandLine line = ParsedLine({"completion", "zsh"});
  EXPECT_STREQ(line.command->name, "completion");
  EXPECT_EQ(line.operand, "zsh");
  EXPECT_STREQ(ParsedLine({"health"}).command->name, "health");
}

TEST(ParseFlagsTest, TypedFlags_ToldFromThoseOfTheEnvironment) {
  const CommandLine line = ParsedLine({"trigger", "--user_id=u"}, {{"ENOS_FLOW_ORG_ID", "o"}});
  EXPECT_THAT(line.typed, ElementsAre("user_id"));
  EXPECT_EQ(line.values.size(), 2U);
  EXPECT_THAT(line.places, ElementsAre(Pair("org_id", "ENOS_FLOW_ORG_ID")));
}

TEST(FlagTableTest, SameNameInTwoCommands_SameKindOfFlag) {
  for (const Command& command : Commands()) {
    for (const Flag& flag : command.flags) {
      const Flag* const other = FindFlag(flag.name);
      EXPECT_EQ(flag.value == nullptr, other->value == nullptr) << flag.name;
      EXPECT_STREQ(flag.variable == nullptr ? "" : flag.variable,
                   other->variable == nullptr ? "" : other->variable);
      EXPECT_EQ(flag.description[std::string(flag.description).size() - 1], '.') << flag.name;
    }
  }
}

TEST(ParseFlagsTest, TlsFlag_BeatsThePlaintextVariable) {
  EXPECT_THAT(Parsed({"--tls"}, {{"ENOS_FLOW_PLAINTEXT", "true"}}),
              ElementsAre(Pair("tls", ElementsAre("true"))));
  EXPECT_THAT(Parsed({"--plaintext"}, {{"ENOS_FLOW_TLS", "true"}}),
              ElementsAre(Pair("plaintext", ElementsAre("true"))));
}

struct WrongCase {
  const char* name;
  std::vector<std::string> args;
  const char* problem;
};

class WrongUsageTest : public ::testing::TestWithParam<WrongCase> {};

TEST_P(WrongUsageTest, WrongArguments_OneLineThatNamesThem) {
  const std::string problem = Problem(GetParam().args);
  EXPECT_EQ(problem, GetParam().problem);
  EXPECT_EQ(problem.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, WrongUsageTest,
    ::testing::Values(
        WrongCase{"nothing",
                  {},
                  "no command: expected trigger, get, watch, cancel, health, completion, man; "
                  "see enos-flow --help"},
        WrongCase{
            "unknown_command", {"launch"}, "launch: expected a command; see enos-flow --help"},
        WrongCase{"flag_before_the_command",
                  {"--user_id=u", "trigger"},
                  "--user_id=u: expected a flag of this command; see enos-flow trigger --help"},
        WrongCase{"misspelt_command",
                  {"triger", "--user_id=u"},
                  "triger: expected a command; did you mean trigger? See enos-flow --help"},
        WrongCase{"dash_for_underscore",
                  {"trigger", "--user-id=u"},
                  "--user-id=u: expected a flag of this command; did you mean --user_id? See "
                  "enos-flow trigger --help"},
        WrongCase{"misspelt_flag",
                  {"get", "7-1", "--adress", "g:1"},
                  "--adress: expected a flag of this command; did you mean --address? See "
                  "enos-flow get --help"},
        WrongCase{"unknown_flag",
                  {"trigger", "--user=u"},
                  "--user=u: expected a flag of this command; see enos-flow trigger --help"},
        WrongCase{"stray_word",
                  {"trigger", "--param", "A=1", "B=2"},
                  "B=2: expected a flag of this command; see enos-flow trigger --help"},
        WrongCase{"control_characters",
                  {"trigger", "a\n\x1B"},
                  "a\xEF\xBF\xBD\xEF\xBF\xBD: expected a flag of this command; see enos-flow "
                  "trigger --help"},
        WrongCase{"value_missing", {"trigger", "--user_id"}, "--user_id: expected a value"},
        WrongCase{"twice",
                  {"trigger", "--flow_id=1", "--flow_id=2"},
                  "--flow_id=2: expected this flag only once, got it 2 times"},
        WrongCase{"command_twice",
                  {"trigger", "trigger"},
                  "trigger: expected a flag of this command; see enos-flow trigger --help"},
        WrongCase{"two_commands",
                  {"health", "trigger"},
                  "trigger: expected a flag of this command; see enos-flow health --help"},
        WrongCase{"flag_of_another_command",
                  {"health", "--user_id=u"},
                  "--user_id=u: expected a flag of this command; see enos-flow health --help"},
        WrongCase{"word_missing", {"completion"}, "completion: expected bash or zsh"},
        WrongCase{"wrong_word", {"completion", "fish"}, "completion fish: expected bash or zsh"},
        WrongCase{"word_too_many",
                  {"completion", "zsh", "bash"},
                  "bash: expected a flag of this command; see enos-flow completion --help"}),
    [](const auto& row) { return row.param.name; });

std::string HelpOf(std::vector<std::string> args) {
  const ParsedFlags parsed = ParseFlags(std::move(args), From({}));
  const auto* const information = std::get_if<Information>(&parsed);
  return information == nullptr ? "" : information->text;
}

TEST(HelpTest, HelpOfTheCommand_EveryFlagItsVariableAndTheForms) {
  const std::string help = HelpOf({"trigger", "--help"});
  for (const Flag& flag : FindCommand("trigger")->flags) {
    EXPECT_THAT(help, HasSubstr(std::string("--") + flag.name));
    if (flag.variable != nullptr) {
      EXPECT_THAT(help, HasSubstr(flag.variable));
    }
  }
  EXPECT_THAT(help, HasSubstr("now+60s"));
  EXPECT_THAT(help, HasSubstr("RFC 3339"));
  EXPECT_THAT(help, HasSubstr("Exit status"));
  EXPECT_THAT(help, HasSubstr("Usage: enos-flow trigger"));
}

TEST(HelpTest, AnyHelp_NoLineOverAHundredColumns) {
  for (const std::string& help : {HelpOf({"trigger", "--help"}), HelpOf({"health", "--help"}),
                                  HelpOf({"completion", "--help"}), HelpOf({"-h"})}) {
    ASSERT_FALSE(help.empty());
    size_t start = 0;
    for (size_t end = 0; (end = help.find('\n', start)) != std::string::npos; start = end + 1) {
      EXPECT_LE(end - start, 100U) << help.substr(start, end - start);
    }
  }
}

TEST(HelpTest, MainHelp_EveryCommand) {
  const std::string help = HelpOf({"--help"});
  for (const Command& command : Commands()) {
    const std::string line = std::string("\n  ") + command.name + " ";
    EXPECT_THAT(help, HasSubstr(line));
  }
  EXPECT_THAT(help, HasSubstr("Settings:\n"));
}

TEST(HelpTest, Version_NameAndNumber) {
  EXPECT_THAT(HelpOf({"--version"}), ::testing::MatchesRegex("enos-flow [0-9.]+\n"));
}

}  // namespace
}  // namespace enos::flow::cli
