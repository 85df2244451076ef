#include "trigger_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <utility>

#include "text.h"

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);

FlagValues With(FlagValues more) {
  more.insert({{"user_id", {"u"}}, {"org_id", {"o"}}, {"flow_id", {"3377"}}});
  return more;
}

absl::StatusOr<TriggerCommand> Make(FlagValues values) {
  CommandLine line;
  line.command = FindCommand("trigger");
  line.values = std::move(values);
  std::istringstream no_input;
  return MakeTriggerCommand(line, kNow, no_input);
}

TEST(MakeTriggerCommandTest, OnlyWhatIsRequired_Defaults) {
  const auto command = Make(With({}));
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->settings.channel.address, "127.0.0.1:50051");
  EXPECT_EQ(command->settings.channel.security, Security::kAuto);
  EXPECT_EQ(command->settings.call.timeout, std::chrono::seconds(30));
  EXPECT_EQ(command->settings.repeat.max_attempts, 1);
  EXPECT_EQ(command->output, OutputFormat::kText);
  EXPECT_EQ(command->request.user_id(), "u");
  EXPECT_EQ(command->request.org_id(), "o");
  EXPECT_EQ(command->request.flow_id(), 3377);
  EXPECT_EQ(command->request.trigger_time().seconds(), 1'700'000'000);
  EXPECT_EQ(command->request.trigger_time().nanos(), 123'000'000);
  EXPECT_EQ(command->request.parameters_size(), 0);
}

TEST(MakeTriggerCommandTest, Everything_AsGiven) {
  const auto command = Make(With({{"trigger_time", {"1970-01-01T00:00:01.5Z"}},
                                  {"param", {"B=1", "A=x=y", "B=1", "C="}},
                                  {"timeout", {"1m30s"}},
                                  {"retries", {"4"}},
                                  {"output", {"json"}},
                                  {"address", {"g.example.com:443"}},
                                  {"ca_file", {"ca"}},
                                  {"cert_file", {"cert"}},
                                  {"key_file", {"key"}},
                                  {"server_name", {"name"}},
                                  {"token_file", {"token"}},
                                  {"tls", {"true"}}}));
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->request.trigger_time().seconds(), 1);
  EXPECT_EQ(command->request.trigger_time().nanos(), 500'000'000);
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& parameter : command->request.parameters()) {
    parameters.emplace_back(parameter.key(), parameter.value());
  }
  EXPECT_THAT(parameters,
              ElementsAre(Pair("B", "1"), Pair("A", "x=y"), Pair("B", "1"), Pair("C", "")));
  EXPECT_EQ(command->settings.call.timeout, std::chrono::seconds(90));
  EXPECT_EQ(command->settings.repeat.max_attempts, 5);
  EXPECT_EQ(command->output, OutputFormat::kJson);
  EXPECT_EQ(command->settings.channel.address, "g.example.com:443");
  EXPECT_EQ(command->settings.channel.security, Security::kTls);
  EXPECT_EQ(command->settings.channel.ca_file, "ca");
  EXPECT_EQ(command->settings.channel.cert_file, "cert");
  EXPECT_EQ(command->settings.channel.key_file, "key");
  EXPECT_EQ(command->settings.channel.server_name, "name");
  EXPECT_EQ(command->settings.token_file, "token");
}

TEST(MakeTriggerCommandTest, KeyWithAFixedTime_AsGiven) {
  const auto command =
      Make(With({{"idempotency_key", {"order-17/3"}}, {"trigger_time", {"2026-07-01T08:00:00Z"}}}));
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->request.idempotency_key(), "order-17/3");
  EXPECT_FALSE(command->made_key);
}

TEST(MakeTriggerCommandTest, KeyAuto_NewEachTimeWithAnyTime) {
  const auto one = Make(With({{"idempotency_key", {"auto"}}}));
  const auto two = Make(With({{"idempotency_key", {"auto"}}, {"trigger_time", {"now+60s"}}}));
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_TRUE(one->made_key);
  EXPECT_EQ(one->request.idempotency_key().size(), 36U);
  EXPECT_NE(one->request.idempotency_key(), two->request.idempotency_key());
}

// It would be another one at the next call, which the gateway would refuse.
TEST(MakeTriggerCommandTest, KeyWithoutAFixedTime_Refused) {
  const std::string expected =
      "--idempotency_key=k: expected together with a fixed --trigger_time, the same in every call "
      "with this key, for example 2026-07-01T08:00:00Z";
  for (const char* const time : {"now", "now+60s", ""}) {
    FlagValues values = With({{"idempotency_key", {"k"}}});
    if (*time != '\0') values["trigger_time"] = {time};
    EXPECT_EQ(Make(values).status().message(), expected) << time;
  }
}

TEST(MakeTriggerCommandTest, PlaintextAskedByName_Plaintext) {
  const auto command = Make(With({{"plaintext", {"true"}}}));
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->settings.channel.security, Security::kPlaintext);
}

struct WrongCase {
  const char* name;
  const char* flag;
  const char* value;
  const char* problem;
};

class WrongValueTest : public ::testing::TestWithParam<WrongCase> {};

TEST_P(WrongValueTest, WrongValue_FlagValueAndWhatIsExpected) {
  FlagValues values = With({});
  values[GetParam().flag] = {GetParam().value};
  const auto command = Make(values);
  ASSERT_FALSE(command.ok());
  EXPECT_EQ(std::string(command.status().message()), "--" + std::string(GetParam().flag) + "=" +
                                                         Excerpt(GetParam().value) + ": " +
                                                         GetParam().problem);
}

constexpr char kId[] = "expected an id; it is required";
constexpr char kFlow[] = "expected a whole number from 1 to 2147483647";
constexpr char kTime[] =
    "expected now, now+60s, now-1h30m, an RFC 3339 time such as 2026-07-01T08:00:00Z, or Unix "
    "milliseconds";
constexpr char kKey[] = "expected printable ASCII characters without spaces, or auto";
constexpr char kParam[] = "expected KEY=VALUE with a key that is not empty";
constexpr char kTimeout[] =
    "expected a duration from 1ms to 24h with its unit, for example 30s or 1m30s";
constexpr char kRetries[] = "expected a whole number from 0 to 100";

INSTANTIATE_TEST_SUITE_P(
    Rows, WrongValueTest,
    ::testing::Values(WrongCase{"user_id_empty", "user_id", "", kId},
                      WrongCase{"org_id_empty", "org_id", "", kId},
                      WrongCase{"org_id_not_utf8", "org_id", "\xFF", "expected UTF-8"},
                      WrongCase{"flow_id_empty", "flow_id", "", kFlow},
                      WrongCase{"flow_id_zero", "flow_id", "0", kFlow},
                      WrongCase{"flow_id_negative", "flow_id", "-1", kFlow},
                      WrongCase{"flow_id_too_large", "flow_id", "2147483648", kFlow},
                      WrongCase{"flow_id_word", "flow_id", "abc", kFlow},
                      WrongCase{"flow_id_fraction", "flow_id", "1.0", kFlow},
                      WrongCase{"flow_id_blank", "flow_id", " 1", kFlow},
                      WrongCase{"flow_id_plus", "flow_id", "+1", kFlow},
                      WrongCase{"trigger_time_word", "trigger_time", "soon", kTime},
                      WrongCase{"trigger_time_empty", "trigger_time", "", kTime},
                      WrongCase{"key_empty", "idempotency_key", "", kKey},
                      WrongCase{"key_with_space", "idempotency_key", "a b", kKey},
                      WrongCase{"key_not_ascii", "idempotency_key", "k\xC3\xA9", kKey},
                      WrongCase{"param_without_equals", "param", "K", kParam},
                      WrongCase{"param_without_key", "param", "=V", kParam},
                      WrongCase{"param_empty", "param", "", kParam},
                      WrongCase{"param_not_utf8", "param", "K=\xC3", "expected UTF-8"},
                      WrongCase{"timeout_without_unit", "timeout", "30", kTimeout},
                      WrongCase{"timeout_zero", "timeout", "0", kTimeout},
                      WrongCase{"timeout_negative", "timeout", "-1s", kTimeout},
                      WrongCase{"timeout_tiny", "timeout", "999us", kTimeout},
                      WrongCase{"timeout_huge", "timeout", "25h", kTimeout},
                      WrongCase{"timeout_infinite", "timeout", "inf", kTimeout},
                      WrongCase{"retries_negative", "retries", "-1", kRetries},
                      WrongCase{"retries_too_many", "retries", "101", kRetries},
                      WrongCase{"output_unknown", "output", "xml", "expected text or json"},
                      WrongCase{"output_case", "output", "JSON", "expected text or json"},
                      WrongCase{"tls_word", "tls", "maybe", "expected true or false"},
                      WrongCase{"plaintext_word", "plaintext", "\"\"", "expected true or false"}),
    [](const auto& row) { return row.param.name; });

TEST(MakeTriggerCommandTest, TlsAndPlaintext_Refused) {
  const auto command = Make(With({{"tls", {"true"}}, {"plaintext", {"true"}}}));
  ASSERT_FALSE(command.ok());
  EXPECT_EQ(std::string(command.status().message()),
            "--plaintext=true: expected only one of --tls and --plaintext");
}

struct ParameterCase {
  const char* text;
  const char* key;
  const char* value;
};

class ParseParameterTest : public ::testing::TestWithParam<ParameterCase> {};

TEST_P(ParseParameterTest, KeyAndValue_SplitAtTheFirstEquals) {
  const auto parameter = ParseParameter(GetParam().text);
  ASSERT_TRUE(parameter.ok());
  EXPECT_EQ(parameter->first, GetParam().key);
  EXPECT_EQ(parameter->second, GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ParseParameterTest,
    ::testing::Values(ParameterCase{"K=V", "K", "V"}, ParameterCase{"K=", "K", ""},
                      ParameterCase{"K==", "K", "="}, ParameterCase{"K=a=b", "K", "a=b"},
                      ParameterCase{" K = V ", " K ", " V "},
                      ParameterCase{"A=[1,2]", "A", "[1,2]"}, ParameterCase{"键=值", "键", "值"},
                      ParameterCase{"--k=--v", "--k", "--v"}));

}  // namespace
}  // namespace enos::flow::cli
