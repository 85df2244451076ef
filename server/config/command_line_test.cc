#include "server/config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::gateway {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

struct GoodCase {
  const char* name;
  std::vector<std::string> arguments;
  Values values;
};

class GoodCommandLine : public testing::TestWithParam<GoodCase> {};

TEST_P(GoodCommandLine, IsRead) {
  const auto line = ReadCommandLine(GetParam().arguments, SecretMask());
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->values, GetParam().values);
  EXPECT_FALSE(line->help);
  EXPECT_FALSE(line->version);
}

INSTANTIATE_TEST_SUITE_P(
    All, GoodCommandLine,
    testing::Values(
        GoodCase{"Nothing", {}, {}},
        GoodCase{"Equals", {"--listen=127.0.0.1:1"}, {{"--listen", "127.0.0.1:1"}}},
        GoodCase{"Apart", {"--listen", "127.0.0.1:1"}, {{"--listen", "127.0.0.1:1"}}},
        GoodCase{"Brackets", {"--listen=[::]"}, {{"--listen", "[::]"}}},
        GoodCase{"BracketsApart", {"--listen", "[::1]"}, {{"--listen", "[::1]"}}},
        GoodCase{"EqualsInValue", {"--enos_url=a=b="}, {{"--enos_url", "a=b="}}},
        GoodCase{"Commas", {"--enos_url=a,b"}, {{"--enos_url", "a,b"}}},
        GoodCase{"EmptyEquals",
                 {"--metrics_listen=", "--max_in_flight=1"},
                 {{"--metrics_listen", ""}, {"--max_in_flight", "1"}}},
        GoodCase{"EmptyEqualsLast", {"--metrics_listen="}, {{"--metrics_listen", ""}}},
        GoodCase{"EmptyApart", {"--metrics_listen", ""}, {{"--metrics_listen", ""}}},
        GoodCase{"Negative", {"--max_in_flight", "-5"}, {{"--max_in_flight", "-5"}}},
        GoodCase{
            "ValueLikeAFlag", {"--listen", "--max_in_flight"}, {{"--listen", "--max_in_flight"}}},
        GoodCase{"Switch", {"--trust_503"}, {{"--trust_503", "true"}}},
        GoodCase{"SwitchFalse", {"--early_headers=false"}, {{"--early_headers", "false"}}},
        GoodCase{"SwitchApart", {"--early_headers", "false"}, {{"--early_headers", "false"}}},
        GoodCase{"SwitchEmpty", {"--early_headers="}, {{"--early_headers", ""}}},
        GoodCase{"SwitchThenFlag",
                 {"--trust_503", "--listen=x"},
                 {{"--trust_503", "true"}, {"--listen", "x"}}},
        GoodCase{"TwoSwitches",
                 {"--trust_503", "--reflection"},
                 {{"--trust_503", "true"}, {"--reflection", "true"}}}),
    [](const auto& param) { return param.param.name; });

struct BadCase {
  const char* name;
  std::vector<std::string> arguments;
  std::string error;
};

constexpr char kSecretFlag[] =
    "--enos_secret_key: value not shown; a key is never given on the command line, where other "
    "users can read it, expected the variable ENOS_SECRET_KEY or ENOS_SECRET_KEY_FILE";
constexpr char kAccessFlag[] =
    "--enos_access_key: value not shown; a key is never given on the command line, where other "
    "users can read it, expected the variable ENOS_ACCESS_KEY or ENOS_ACCESS_KEY_FILE";

class BadCommandLine : public testing::TestWithParam<BadCase> {};

TEST_P(BadCommandLine, IsRefusedInOneLine) {
  const auto read = ReadCommandLine(GetParam().arguments, SecretMask());
  ASSERT_FALSE(read.ok());
  const std::string error(read.status().message());
  EXPECT_EQ(error, GetParam().error);
  EXPECT_THAT(error, testing::Not(testing::HasSubstr("s3cr3t")));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCommandLine,
    testing::Values(
        BadCase{"Unknown",
                {"--wrong=1"},
                "\"--wrong\": unknown setting, expected one of those that --help lists"},
        BadCase{"UnknownHidesItsValue",
                {"--pasword=s3cr3t"},
                "\"--pasword\": unknown setting, expected one of those that --help lists"},
        BadCase{"UnknownApartHidesItsValue",
                {"--pasword", "s3cr3t"},
                "\"--pasword\": unknown setting, expected one of those that --help lists"},
        BadCase{"Hyphens",
                {"--max-in-flight=5"},
                "\"--max-in-flight\": unknown setting, expected --max_in_flight"},
        BadCase{"OneDash",
                {"-listen=x"},
                "\"-l\"...: unknown setting, expected two dashes, like --listen (see --help)"},
        BadCase{"OneDashHidesItsRest",
                {"-ps3cr3t"},
                "\"-p\"...: unknown setting, expected two dashes, like --listen (see --help)"},
        BadCase{
            "Positional", {"run"}, "\"run\": not a setting, expected --name=value (see --help)"},
        BadCase{"PositionalAssignment",
                {"ENOS_SECRET_KEY=s3cr3t"},
                "\"ENOS_SECRET_KEY\": not a setting, expected --name=value (see --help)"},
        BadCase{"PositionalLines",
                {"a\nb"},
                "\"a\\nb\": not a setting, expected --name=value (see --help)"},
        BadCase{"EmptyPositional", {""}, "\"\": not a setting, expected --name=value (see --help)"},
        BadCase{
            "DoubleDash", {"--", "x"}, "\"--\": not a setting, expected --name=value (see --help)"},
        BadCase{"AfterEqualsApart",
                {"--listen=x", "y"},
                "\"y\": not a setting, expected --name=value (see --help)"},
        BadCase{
            "Repeated",
            {"--listen=a", "--listen", "b c"},
            "--listen (ENOS_GATEWAY_LISTEN): given more than once (\"a\", \"b c\"), expected it "
            "once"},
        BadCase{
            "RepeatedEmpty",
            {"--metrics_listen=", "--metrics_listen="},
            "--metrics_listen (ENOS_GATEWAY_METRICS_LISTEN): given more than once (\"\", \"\"), "
            "expected it once"},
        BadCase{"RepeatedSwitch",
                {"--trust_503", "--trust_503=false"},
                "--trust_503 (ENOS_GATEWAY_TRUST_503): given more than once (\"true\", \"false\"), "
                "expected it once"},
        BadCase{"NoValue",
                {"--drain_delay"},
                "--drain_delay (ENOS_GATEWAY_DRAIN_DELAY): no value, expected a duration from 0s "
                "to 1h in whole milliseconds, like 5s or 500ms"},
        BadCase{"SecretKey", {"--enos_secret_key=s3cr3t"}, kSecretFlag},
        BadCase{"SecretKeyApart", {"--enos_secret_key", "s3cr3t"}, kSecretFlag},
        BadCase{"SecretKeyHyphens", {"--ENOS-SECRET-KEY=s3cr3t"}, kSecretFlag},
        BadCase{"SecretKeyOneDash", {"-secret_key", "s3cr3t"}, kSecretFlag},
        BadCase{"SecretKeyGluedOn", {"--secretkeys3cr3t"}, kSecretFlag},
        BadCase{"SecretKeyAfterOthers", {"--wrong", "x", "--secret=s3cr3t"}, kSecretFlag},
        BadCase{"SecretKeySwallowed", {"--listen", "--enos_secret_key=s3cr3t"}, kSecretFlag},
        BadCase{"SecretKeyThenNoValue", {"--secret_key=s3cr3t", "--listen"}, kSecretFlag},
        BadCase{"AccessKey", {"--enos_access_key=s3cr3t"}, kAccessFlag},
        BadCase{"AccessKeyFile", {"--enos_access_key_file=s3cr3t"}, kAccessFlag}),
    [](const auto& param) { return param.param.name; });

class HelpAsked : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(HelpAsked, WhateverElseIsThere_IsGiven) {
  const auto line = ReadCommandLine(GetParam(), SecretMask());
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_TRUE(line->help);
}

INSTANTIATE_TEST_SUITE_P(
    All, HelpAsked,
    testing::Values(std::vector<std::string>{"--help"}, std::vector<std::string>{"-h"},
                    std::vector<std::string>{"--wrong", "--help"},
                    std::vector<std::string>{"--help", "--listen=a", "--listen=b"},
                    std::vector<std::string>{"--help", "--enos_secret_key=x"},
                    std::vector<std::string>{"--help", "--help"}));

TEST(CommandLine, VersionAsked_IsGiven) {
  const auto line = ReadCommandLine({"--version"}, SecretMask());
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_TRUE(line->version);
}

}  // namespace
}  // namespace enos::gateway
