#include "server/config/parse_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using Environment = std::map<std::string, std::string, std::less<>>;

constexpr char kAccessKey[] = "acc3ss-of-the-test";
constexpr char kSecretKey[] = "s3cr3t-of-the-test";

// What every start needs.
Environment Required() {
  return {{"ENOS_API_URL", "https://apim.example.com"},
          {"ENOS_ACCESS_KEY", kAccessKey},
          {"ENOS_SECRET_KEY", kSecretKey}};
}

absl::StatusOr<Secret> ReadTestFile(const std::string& path, size_t /*max_bytes*/) {
  if (path == "/ca.pem") return Secret("# CA\n-----BEGIN CERTIFICATE-----\n");
  if (path == "/ca.der") return Secret("\x30\x82");
  return absl::NotFoundError("No such file or directory");
}

std::variant<Settings, ExitNow> Parse(const std::vector<std::string>& arguments,
                                      const Environment& environment) {
  std::vector<const char*> argv = {"enos-flow-gateway"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  const EnvLookup look_up = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::make_optional(found->second);
  };
  std::vector<std::string> names;
  for (const auto& [name, value] : environment) names.push_back(name);
  return ParseSettings(static_cast<int>(argv.size()), argv.data(), look_up, &ReadTestFile, names);
}

// Required() plus, or with replaced, entries.
Environment With(const Environment& more) {
  Environment environment = more;
  environment.merge(Required());
  return environment;
}

// The error line without program name and line break; checks what holds for every one.
std::string ErrorOf(const std::variant<Settings, ExitNow>& parsed) {
  const auto* exit = std::get_if<ExitNow>(&parsed);
  if (exit == nullptr) return "no error";
  EXPECT_EQ(exit->status, 2);
  EXPECT_EQ(std::count(exit->text.begin(), exit->text.end(), '\n'), 1) << exit->text;
  EXPECT_THAT(exit->text, Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(exit->text, Not(HasSubstr("acc3ss")));
  const std::string start = "enos-flow-gateway: ";
  EXPECT_EQ(exit->text.substr(0, start.size()), start);
  EXPECT_EQ(exit->text.back(), '\n');
  return exit->text.substr(start.size(), exit->text.size() - start.size() - 1);
}

// -- Good values: by flag and by variable, and the flag beats the variable.

struct GoodCase {
  std::string flag;
  std::string variable;
  std::string text;                            // a good value
  std::string other;                           // another good value
  std::function<bool(const Settings&)> holds;  // true for `text`, false for `other`
  std::vector<std::string> beside = {};        // further arguments that both need
};

class GoodSetting : public testing::TestWithParam<GoodCase> {
 protected:
  // Whether the settings are accepted and hold `text`; the test fails if they are not accepted.
  static bool Holds(std::vector<std::string> arguments, const Environment& environment) {
    arguments.insert(arguments.end(), GetParam().beside.begin(), GetParam().beside.end());
    const auto parsed = Parse(arguments, environment);
    const auto* settings = std::get_if<Settings>(&parsed);
    EXPECT_NE(settings, nullptr) << ErrorOf(parsed);
    return settings != nullptr && GetParam().holds(*settings);
  }
};

TEST_P(GoodSetting, AsFlag_IsTaken) {
  EXPECT_TRUE(Holds({GetParam().flag + "=" + GetParam().text}, Required()));
  EXPECT_TRUE(Holds({GetParam().flag, GetParam().text}, Required()));
  EXPECT_FALSE(Holds({GetParam().flag + "=" + GetParam().other}, Required()));
}

TEST_P(GoodSetting, AsVariable_IsTaken) {
  EXPECT_TRUE(Holds({}, With({{GetParam().variable, GetParam().text}})));
  EXPECT_FALSE(Holds({}, With({{GetParam().variable, GetParam().other}})));
}

TEST_P(GoodSetting, FlagAndVariable_FlagBeatsVariable) {
  EXPECT_TRUE(Holds({GetParam().flag + "=" + GetParam().text},
                    With({{GetParam().variable, GetParam().other}})));
}

TEST_P(GoodSetting, FlagAndBadVariable_VariableIsNotLookedAt) {
  EXPECT_TRUE(
      Holds({GetParam().flag + "=" + GetParam().text}, With({{GetParam().variable, "\n wrong"}})));
}

std::string Upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

template <typename Field, typename Value>
GoodCase Good(const std::string& name, const std::string& text, const std::string& other,
              Field field, Value value, std::vector<std::string> beside = {}) {
  return {"--" + name,
          "ENOS_GATEWAY_" + Upper(name),
          text,
          other,
          [field, value](const Settings& settings) { return settings.*field == value; },
          std::move(beside)};
}

// What goes together for tokens, but for one of it.
std::vector<std::string> Tokens(const std::string& without) {
  std::vector<std::string> flags;
  for (const std::string flag :
       {"--policy_file", "--jwt_keys_file", "--jwt_issuer", "--jwt_audience"}) {
    const bool left_out = flag == without || (without.empty() && flag == "--policy_file");
    if (!left_out) flags.push_back(flag + "=/x");
  }
  return flags;
}

std::vector<GoodCase> GoodCases() {
  using S = Settings;
  return {
      Good("listen", "[::1]:1", "127.0.0.1:2", &S::listen, ListenAddress{"::1", 1}),
      Good("metrics_listen", ":9", "", &S::metrics_listen,
           std::optional<ListenAddress>(ListenAddress{"::", 9})),
      Good("metrics_listen", "", "127.0.0.1:1", &S::metrics_listen, std::nullopt),
      Good("front_socket", "/run/front/gateway.sock", "/other", &S::front_socket,
           "/run/front/gateway.sock"),
      // Callers that the proxy behind it has verified.
      Good("policy_file", "/policy.json", "/other.json", &S::policy_file, "/policy.json",
           {"--front_socket=/x"}),
      Good("allow_plaintext", "true", "false", &S::allow_plaintext, true),
      Good("reflection", "false", "true", &S::reflection, false),
      Good("early_headers", "false", "true", &S::early_headers, false),
      Good("policy_file", "/policy.json", "/other.json", &S::policy_file, "/policy.json",
           Tokens("")),
      Good("jwt_keys_file", "/keys.json", "/other.json", &S::jwt_keys_file, "/keys.json",
           Tokens("--jwt_keys_file")),
      Good("jwt_issuer", "https://issuer", "other", &S::jwt_issuer, "https://issuer",
           Tokens("--jwt_issuer")),
      Good("jwt_audience", "gateway", "other", &S::jwt_audience, "gateway",
           Tokens("--jwt_audience")),
      Good("max_in_flight_per_caller", "1", "0", &S::max_in_flight_per_caller, 1),
      {"--enos_url", "ENOS_API_URL", "https://a.example:1/", "https://b.example",
       [](const S& s) { return s.enos_url.ToString() == "https://a.example:1"; }},
      {"--enos_url", "ENOS_API_URL", "http://127.0.0.1:8080", "http://localhost",
       [](const S& s) { return s.enos_url.ToString() == "http://127.0.0.1:8080"; }},
      {"--enos_url",
       "ENOS_API_URL",
       "http://a.example",
       "http://b.example",
       [](const S& s) { return s.enos_url.ToString() == "http://a.example"; },
       {"--allow_plaintext_upstream"}},
      {"--enos_api_version", "ENOS_API_VERSION", "v2.1", "v2.0",
       [](const S& s) { return s.enos_api_version == ApiVersion::kV21; }},
      Good("parameters_as", "string", "array", &S::parameters_as, ParametersAs::kString),
      Good("enos_ca_file", "/ca.pem", "", &S::enos_ca_file, "/ca.pem"),
      Good("allow_plaintext_upstream", "true", "false", &S::allow_plaintext_upstream, true),
      Good("trust_503", "true", "false", &S::trust_503, true),
      Good("max_attempts", "1", "10", &S::max_attempts, 1),
      Good("upstream_timeout", "1ms", "30s", &S::upstream_timeout, milliseconds(1)),
      Good("upstream_timeout", "1h", "30s", &S::upstream_timeout, std::chrono::hours(1),
           {"--drain_timeout=2h"}),
      Good("connect_timeout", "5m", "1ms", &S::connect_timeout, std::chrono::minutes(5)),
      Good("upstream_idle_timeout", "1s", "1h", &S::upstream_idle_timeout, milliseconds(1000)),
      Good("upstream_max_connection_age", "1s", "24h", &S::upstream_max_connection_age,
           milliseconds(1000)),
      Good("max_in_flight", "1", "1000000", &S::max_in_flight, 1),
      Good("max_watches", "1", "100000", &S::max_watches, 1),
      Good("watch_interval", "1s", "1h", &S::watch_interval, milliseconds(1000)),
      Good("watch_failures", "1", "1000", &S::watch_failures, 1),
      Good("max_connection_age", "0s", "24h", &S::max_connection_age, milliseconds(0)),
      Good("max_connection_idle", "0s", "24h", &S::max_connection_idle, milliseconds(0)),
      Good("handshake_timeout", "100ms", "1m", &S::handshake_timeout, milliseconds(100)),
      Good("reload_interval", "100ms", "1h", &S::reload_interval, milliseconds(100)),
      Good("drain_delay", "0s", "1h", &S::drain_delay, milliseconds(0)),
      Good("drain_timeout", "35001ms", "24h", &S::drain_timeout, milliseconds(35001)),
      Good("log_level", "trace", "debug", &S::log_level, LogLevel::kTrace),
      Good("log_level", "debug", "info", &S::log_level, LogLevel::kDebug),
      Good("log_level", "info", "trace", &S::log_level, LogLevel::kInfo),
      Good("log_level", "warning", "info", &S::log_level, LogLevel::kWarning),
      Good("log_level", "error", "info", &S::log_level, LogLevel::kError),
      Good("log_format", "json", "logfmt", &S::log_format, LogFormat::kJson),
      Good("log_user_id", "true", "false", &S::log_user_id, true),
      Good("log_format", "logfmt", "json", &S::log_format, LogFormat::kLogfmt),
  };
}

INSTANTIATE_TEST_SUITE_P(All, GoodSetting, testing::ValuesIn(GoodCases()));

// -- Bad values: the line names flag and variable, the value, and what is expected.

struct BadCase {
  std::string flag;
  std::string variable;
  std::string value;
  std::string shown;  // with quotes
  std::string expected;
};

class BadSetting : public testing::TestWithParam<BadCase> {};

TEST_P(BadSetting, AsFlag_LineNamesFlagVariableValueAndExpectation) {
  const BadCase& bad = GetParam();
  EXPECT_EQ(ErrorOf(Parse({bad.flag + "=" + bad.value}, Required())),
            bad.flag + " (" + bad.variable + "): " + bad.shown + " is not valid, expected " +
                bad.expected);
}

TEST_P(BadSetting, AsVariable_LineNamesTheVariableFirst) {
  const BadCase& bad = GetParam();
  EXPECT_EQ(ErrorOf(Parse({}, With({{bad.variable, bad.value}}))),
            bad.variable + " (" + bad.flag + "): " + bad.shown + " is not valid, expected " +
                bad.expected);
}

BadCase Bad(const std::string& name, const std::string& value, const std::string& expected) {
  return {"--" + name, "ENOS_GATEWAY_" + Upper(name), value, '"' + value + '"', expected};
}

BadCase BadUrl(const std::string& value, const std::string& shown) {
  return {"--enos_url", "ENOS_API_URL", value, shown,
          "https://HOST or https://HOST:PORT, with no path, user, query or fragment"};
}

std::vector<BadCase> BadCases() {
  const std::string listen =
      "an IP address or localhost, and a port, like 127.0.0.1:50051, [::1]:50051 or :50051";
  const std::string beyond =
      "a loopback address like 127.0.0.1:50051, or TLS (--tls_cert_file and --tls_key_file), or "
      "--allow_plaintext (ENOS_GATEWAY_ALLOW_PLAINTEXT) as well, because nothing would be "
      "encrypted";
  const std::string plain_url =
      "https://, or --allow_plaintext_upstream (ENOS_GATEWAY_ALLOW_PLAINTEXT_UPSTREAM) as well, "
      "because nothing would be encrypted";
  const std::string file = "a file of PEM certificates that can be read, or nothing";
  const std::string hour = "a duration from 1ms to 1h in whole milliseconds, like ";
  return {
      Bad("listen", "", listen),
      Bad("listen", "example.com:1", listen),
      Bad("listen", "127.0.0.1:65536", listen),
      Bad("listen", "0.0.0.0:50051", beyond),
      Bad("listen", ":50051", beyond),
      Bad("listen", "[::]:50051", beyond),
      Bad("listen", "192.0.2.1:1", beyond),
      Bad("metrics_listen", "off",
          "an IP address or localhost, and a port, like 127.0.0.1:9464, or nothing"),
      Bad("front_socket", "gateway.sock", "an absolute path of at most 107 bytes, or nothing"),
      Bad("front_socket", "/run/front/", "an absolute path of at most 107 bytes, or nothing"),
      Bad("front_socket", "/" + std::string(107, 'x'),
          "an absolute path of at most 107 bytes, or nothing"),
      Bad("allow_plaintext", "yes", "true or false"),
      Bad("reflection", "1", "true or false"),
      Bad("early_headers", "", "true or false"),
      Bad("log_user_id", "yes", "true or false"),
      Bad("trust_503", "TRUE", "true or false"),
      Bad("allow_plaintext_upstream", "no", "true or false"),
      BadUrl("", "\"\""),
      BadUrl("https://{apigw-address}", "\"https://{apigw-address}\""),
      BadUrl("https://a.example/path", "\"https://a.example/path\""),
      BadUrl("https://me:s3cr3t@a.example", "\"https://***@a.example\""),
      BadUrl("https://a.example?key=s3cr3t", "\"https://a.example?***\""),
      BadUrl("https://a.example\nERROR", "\"https://a.example\\nERROR\""),
      {"--enos_url", "ENOS_API_URL", "http://a.example", "\"http://a.example\"", plain_url},
      {"--enos_api_version", "ENOS_API_VERSION", "2.0", "\"2.0\"", "v2.0 or v2.1"},
      {"--parameters_as", "ENOS_GATEWAY_PARAMETERS_AS", "text", "\"text\"", "array or string"},
      Bad("enos_ca_file", "/none", file + " (No such file or directory)"),
      Bad("enos_ca_file", "/ca.der", file + " (it has no -----BEGIN line)"),
      Bad("max_attempts", "0", "a number from 1 to 10"),
      Bad("max_attempts", "11", "a number from 1 to 10"),
      Bad("upstream_timeout", "30", hour + "30s or 1m30s"),
      Bad("upstream_timeout", "0s", hour + "30s or 1m30s"),
      Bad("upstream_timeout", "61m", hour + "30s or 1m30s"),
      Bad("connect_timeout", "6m",
          "a duration from 1ms to 5m in whole milliseconds, like 5s or 500ms"),
      Bad("upstream_idle_timeout", "999ms",
          "a duration from 1s to 1h in whole milliseconds, like 30s or 1m30s"),
      Bad("upstream_max_connection_age", "0s",
          "a duration from 1s to 24h in whole milliseconds, like 5m or 1h"),
      Bad("max_in_flight", "0", "a number from 1 to 1000000"),
      Bad("max_watches", "0", "a number from 1 to 100000"),
      Bad("watch_interval", "999ms",
          "a duration from 1s to 1h in whole milliseconds, like 5s or 1m"),
      Bad("watch_failures", "0", "a number from 1 to 1000"),
      Bad("max_in_flight", "1000001", "a number from 1 to 1000000"),
      Bad("max_in_flight", "many", "a number from 1 to 1000000"),
      Bad("max_memory", "512Mi", "auto, or a number of MiB from 0 to 1000000"),
      Bad("max_memory", "-1", "auto, or a number of MiB from 0 to 1000000"),
      Bad("max_in_flight_per_caller", "-1", "a number from 0 to 1000000"),
      Bad("max_connection_age", "25h",
          "a duration from 0s to 24h in whole milliseconds, like 5m or 0"),
      Bad("max_connection_idle", "25h",
          "a duration from 0s to 24h in whole milliseconds, like 2m or 0"),
      Bad("handshake_timeout", "0s",
          "a duration from 100ms to 1m in whole milliseconds, like 10s or 500ms"),
      Bad("reload_interval", "99ms",
          "a duration from 100ms to 1h in whole milliseconds, like 5s or 500ms"),
      Bad("drain_delay", "-1s", "a duration from 0s to 1h in whole milliseconds, like 5s or 500ms"),
      Bad("drain_timeout", "inf",
          "a duration from 1ms to 24h in whole milliseconds, like 45s or 2m"),
      Bad("drain_timeout", "35s",
          "more than 35s: --upstream_timeout (ENOS_GATEWAY_UPSTREAM_TIMEOUT) is \"30s\", and a "
          "call may wait 5s for an access token before"),
      Bad("log_level", "verbose", "trace, debug, info, warning or error"),
      Bad("log_format", "xml", "logfmt or json"),
      {"--log_level", "ENOS_GATEWAY_LOG_LEVEL", std::string("x ") + kSecretKey, "\"x ***\"",
       "trace, debug, info, warning or error"},
      {"--log_level", "ENOS_GATEWAY_LOG_LEVEL", kAccessKey, "\"***\"",
       "trace, debug, info, warning or error"},
  };
}

INSTANTIATE_TEST_SUITE_P(All, BadSetting, testing::ValuesIn(BadCases()));

// -- What concerns several settings

TEST(ParseSettings, OnlyWhatIsRequired_GivesTheDefaults) {
  const auto parsed = Parse({}, Required());
  ASSERT_TRUE(std::holds_alternative<Settings>(parsed)) << ErrorOf(parsed);
  const auto& settings = std::get<Settings>(parsed);
  EXPECT_EQ(settings.listen.ToString(), "127.0.0.1:50051");
  EXPECT_EQ(settings.metrics_listen->ToString(), "127.0.0.1:9464");
  EXPECT_EQ(settings.enos_url.ToString(), "https://apim.example.com");
  EXPECT_EQ(settings.access_key.Reveal(), kAccessKey);
  EXPECT_EQ(settings.secret_key.Reveal(), kSecretKey);
  EXPECT_EQ(settings.max_in_flight, 10000);
  EXPECT_EQ(settings.max_watches, 1000);
  EXPECT_EQ(settings.watch_interval, milliseconds(5000));
  EXPECT_EQ(settings.watch_failures, 5);
}

struct CallersCase {
  const char* name;
  std::vector<std::string> flags;
  const char* error;
};

class IncompleteCallers : public testing::TestWithParam<CallersCase> {};

TEST_P(IncompleteCallers, LineSaysWhatIsMissing) {
  EXPECT_THAT(ErrorOf(Parse(GetParam().flags, Required())), HasSubstr(GetParam().error));
}

constexpr char kTogether[] =
    "--jwt_keys_file, --jwt_issuer, --jwt_audience and --policy_file are set together";

INSTANTIATE_TEST_SUITE_P(
    All, IncompleteCallers,
    testing::Values(
        CallersCase{
            "KeysFile", {"--policy_file=/x", "--jwt_issuer=x", "--jwt_audience=x"}, kTogether},
        CallersCase{"Issuer",
                    {"--policy_file=/x", "--jwt_keys_file=/x", "--jwt_audience=x"},
                    "--jwt_issuer (ENOS_GATEWAY_JWT_ISSUER): missing, expected the issuer as "
                    "it appears in tokens: "},
        CallersCase{"Audience",
                    {"--policy_file=/x", "--jwt_keys_file=/x", "--jwt_issuer=x"},
                    "--jwt_audience (ENOS_GATEWAY_JWT_AUDIENCE): missing"},
        CallersCase{"Policy",
                    {"--jwt_keys_file=/x", "--jwt_issuer=x", "--jwt_audience=x"},
                    "--policy_file (ENOS_GATEWAY_POLICY_FILE): missing, expected a policy file"},
        CallersCase{"Identity",
                    {"--policy_file=/x"},
                    "--jwt_keys_file (ENOS_GATEWAY_JWT_KEYS_FILE): missing, expected a file of "
                    "public keys that can be read: with --policy_file callers need an identity"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ParseSettings, NoProgramName_IsNoProblem) {
  const auto parsed =
      ParseSettings(0, nullptr, [](std::string_view) { return std::nullopt; }, &ReadTestFile);
  EXPECT_THAT(ErrorOf(parsed), HasSubstr("--enos_url (ENOS_API_URL): missing"));
}

struct MissingCase {
  const char* variable;
  const char* error;
};

class MissingSetting : public testing::TestWithParam<MissingCase> {};

TEST_P(MissingSetting, LineSaysWhatIsExpected) {
  Environment environment = Required();
  environment.erase(GetParam().variable);
  EXPECT_EQ(ErrorOf(Parse({}, environment)), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, MissingSetting,
    testing::Values(MissingCase{"ENOS_API_URL",
                                "--enos_url (ENOS_API_URL): missing, expected https://HOST or "
                                "https://HOST:PORT, with no path, user, query or fragment"},
                    MissingCase{"ENOS_ACCESS_KEY",
                                "ENOS_ACCESS_KEY (or ENOS_ACCESS_KEY_FILE): missing, expected the "
                                "application's AccessKey in one of these variables"},
                    MissingCase{"ENOS_SECRET_KEY",
                                "ENOS_SECRET_KEY (or ENOS_SECRET_KEY_FILE): missing, expected the "
                                "application's SecretKey in one of these variables"}),
    [](const auto& param) { return std::string(param.param.variable); });

TEST(ParseSettings, ListenBeyondLoopback_TakenWhenAskedForByName) {
  const auto parsed = Parse({"--listen=:1", "--allow_plaintext"}, Required());
  ASSERT_TRUE(std::holds_alternative<Settings>(parsed)) << ErrorOf(parsed);
  EXPECT_EQ(std::get<Settings>(parsed).listen.ToString(), "[::]:1");
}

TEST(ParseSettings, MetricsBeyondLoopback_NeedNoPermission) {
  EXPECT_TRUE(
      std::holds_alternative<Settings>(Parse({"--metrics_listen=0.0.0.0:9464"}, Required())));
}

TEST(ParseSettings, LongUpstreamTimeoutAndDefaultDrain_NamesBoth) {
  EXPECT_EQ(ErrorOf(Parse({}, With({{"ENOS_GATEWAY_UPSTREAM_TIMEOUT", "60s"}}))),
            "--drain_timeout (ENOS_GATEWAY_DRAIN_TIMEOUT): \"45s\" (the default) is not valid, "
            "expected more than 1m5s: ENOS_GATEWAY_UPSTREAM_TIMEOUT (--upstream_timeout) is "
            "\"60s\", and a call may wait 5s for an access token before");
}

TEST(ParseSettings, KeyAsFlag_IsNeverRepeated) {
  EXPECT_THAT(ErrorOf(Parse({std::string("--enos_secret_key=") + kSecretKey}, Required())),
              HasSubstr("expected the variable ENOS_SECRET_KEY or ENOS_SECRET_KEY_FILE"));
}

TEST(ParseSettings, KeyAsArgument_IsNeverRepeated) {
  EXPECT_THAT(ErrorOf(Parse({kSecretKey}, Required())), HasSubstr("\"***\": not a setting"));
}

TEST(ParseSettings, HelpAsked_StatusZeroWhateverIsMissing) {
  const auto parsed = Parse({"--help"}, {});
  ASSERT_TRUE(std::holds_alternative<ExitNow>(parsed));
  EXPECT_EQ(std::get<ExitNow>(parsed).status, 0);
  EXPECT_THAT(std::get<ExitNow>(parsed).text, HasSubstr("Usage: enos-flow-gateway"));
}

TEST(ParseSettings, VersionAsked_StatusZeroWhateverIsMissing) {
  const auto parsed = Parse({"--version"}, {});
  ASSERT_TRUE(std::holds_alternative<ExitNow>(parsed));
  EXPECT_EQ(std::get<ExitNow>(parsed).status, 0);
  EXPECT_THAT(std::get<ExitNow>(parsed).text, testing::StartsWith("enos-flow-gateway "));
}

// -- Variables that are none of ours

TEST(UnknownVariables, StopTheStartBeforeWhatTheyLeaveOutDoes) {
  Environment environment = With({{"ENOS_GATEWAY_POLICY_FIEL", "/policy.json"}});
  environment.erase("ENOS_API_URL");
  EXPECT_EQ(ErrorOf(Parse({}, environment)),
            "\"ENOS_GATEWAY_POLICY_FIEL\": unknown variable, expected ENOS_GATEWAY_POLICY_FILE "
            "(--policy_file)");
}

TEST(Probe, IsCompleteAndOnlyWithCheck) {
  const std::vector<std::string> whole = {"--check", "--probe_flow=3377", "--probe_user=u",
                                          "--probe_org=o"};
  const auto parsed = Parse(whole, Required());
  ASSERT_TRUE(std::holds_alternative<Settings>(parsed)) << ErrorOf(parsed);
  EXPECT_TRUE(std::get<Settings>(parsed).check);
  EXPECT_EQ(std::get<Settings>(parsed).probe_flow, 3377);
  for (size_t left_out = 0; left_out < whole.size(); ++left_out) {
    std::vector<std::string> rest = whole;
    const std::string flag = rest[left_out].substr(0, rest[left_out].find('='));
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
    EXPECT_THAT(ErrorOf(Parse(rest, Required())),
                testing::StartsWith(flag + ": missing, expected"));
  }
  EXPECT_THAT(ErrorOf(Parse({"--check", "--probe_flow=0"}, Required())),
              testing::StartsWith("--probe_flow: \"0\" is not valid, expected a flow id"));
}

// Nobody starts runs because of what stands in an environment.
TEST(Probe, HasNoVariables) {
  EXPECT_EQ(ErrorOf(Parse({}, With({{"ENOS_GATEWAY_PROBE_FLOW", "3377"}}))),
            "\"ENOS_GATEWAY_PROBE_FLOW\": unknown variable, expected --probe_flow");
}

TEST(UnknownVariables, DoNotKeepHelpAway) {
  const auto parsed = Parse({"--help"}, {{"ENOS_GATEWAY_POLICY_FIEL", "/policy.json"}});
  ASSERT_TRUE(std::holds_alternative<ExitNow>(parsed));
  EXPECT_EQ(std::get<ExitNow>(parsed).status, 0);
}

// -- Removed settings

Settings Parsed(const std::vector<std::string>& arguments, const Environment& more = {}) {
  auto parsed = Parse(arguments, With(more));
  EXPECT_TRUE(std::holds_alternative<Settings>(parsed)) << ErrorOf(parsed);
  return std::move(std::get<Settings>(parsed));
}

TEST(RemovedSettings, AreNamedAsTheyWereSetAndDoNotStopTheStart) {
  const Settings by_flag = Parsed({"--max_queue=", "--max_queue=5", "--max_queue_wait", "1s"});
  ASSERT_EQ(by_flag.removed.size(), 2U);
  EXPECT_EQ(by_flag.removed[0].name, "--max_queue");
  EXPECT_EQ(by_flag.removed[1].name, "--max_queue_wait");
  const Settings by_variable = Parsed({}, {{"ENOS_GATEWAY_MAX_QUEUE", ""}});
  ASSERT_EQ(by_variable.removed.size(), 1U);
  EXPECT_EQ(by_variable.removed[0].name, "ENOS_GATEWAY_MAX_QUEUE");
  EXPECT_EQ(by_variable.removed[0].because, "calls beyond --max_in_flight are refused at once");
  EXPECT_TRUE(Parsed({}).removed.empty());
}

// -- Descriptors

struct DescriptorCase {
  const char* name;
  int64_t in_flight;
  int64_t watches;
  uint64_t limit;
  std::string error;  // empty: they fit
};

class CheckDescriptorsTable : public testing::TestWithParam<DescriptorCase> {};

TEST_P(CheckDescriptorsTable, FitsOrSaysWhatWould) {
  Settings settings;
  settings.max_in_flight = GetParam().in_flight;
  settings.max_watches = GetParam().watches;
  const auto exit = CheckDescriptors(settings, GetParam().limit);
  if (GetParam().error.empty()) {
    EXPECT_FALSE(exit.has_value());
  } else {
    ASSERT_TRUE(exit);
    EXPECT_EQ(ErrorOf(*exit), GetParam().error);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, CheckDescriptorsTable,
    testing::Values(
        DescriptorCase{"Default", 10000, 1000, 11188, ""},
        DescriptorCase{"FewWatches", 10000, 10, 11098, ""},
        DescriptorCase{"OneTooFew", 10000, 1000, 11187,
                       "--max_in_flight (ENOS_GATEWAY_MAX_IN_FLIGHT): \"10000\" needs 11188 "
                       "descriptors and the process may open 11187, expected at most 9999, or a "
                       "higher limit (ulimit -Hn)"},
        DescriptorCase{"SmallLimit", 10000, 1000, 1024,
                       "--max_in_flight (ENOS_GATEWAY_MAX_IN_FLIGHT): \"10000\" needs 11188 "
                       "descriptors and the process may open 1024, expected at most 430, or a "
                       "higher limit (ulimit -Hn)"},
        DescriptorCase{"NoLimit", 1000000, 100000, UINT64_MAX, ""},
        DescriptorCase{"HopelessLimit", 1, 1, 10,
                       "--max_in_flight (ENOS_GATEWAY_MAX_IN_FLIGHT): \"1\" needs 67 descriptors "
                       "and the process may open 10, expected at most 0, or a higher limit "
                       "(ulimit -Hn)"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace enos::gateway
