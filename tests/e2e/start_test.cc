// What the gateway says if it cannot start, or need not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/testing/ops_client.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::StartsWith;

constexpr char kTestSecret[] = "never-t0-be-shown";
constexpr char kUrl[] = "https://apim.example.com";

struct BadStart {
  std::string name;
  std::vector<std::string> flags;
  std::map<std::string, std::string> environment;  // an empty value: not set
  std::vector<std::string> said;                   // parts of the one line
};

// The line of a start that fails with status 2; checks what holds for every one.
std::string LineOf(const BadStart& start) {
  ProcessOptions options = GatewayOptions(kUrl, start.flags);
  options.environment["ENOS_SECRET_KEY"] = kTestSecret;
  for (const auto& [name, value] : start.environment) {
    options.environment[name] = value;
    if (value.empty()) options.environment.erase(name);
  }
  Process gateway(options);
  EXPECT_THAT(gateway.Wait().status, Optional(2));
  EXPECT_THAT(gateway.out(), IsEmpty());
  std::string line = gateway.err();
  EXPECT_THAT(line, StartsWith("enos-flow-gateway: "));
  EXPECT_THAT(line, EndsWith("\n"));
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  for (const std::string& part : start.said) EXPECT_THAT(line, HasSubstr(part));
  EXPECT_THAT(line, Not(HasSubstr(kTestSecret)));
  return line;
}

class BadStartTest : public testing::TestWithParam<BadStart> {};

TEST_P(BadStartTest, EndsWithStatusTwoAndOneLineThatNamesIt) { LineOf(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    All, BadStartTest,
    testing::Values(
        BadStart{"UrlEmpty", {"--enos_url="}, {}, {"--enos_url (ENOS_API_URL)", "expected"}},
        BadStart{"UrlPlain",
                 {"--enos_url=http://apim.example.com"},
                 {},
                 {"--enos_url", "http://apim.example.com", "https://"}},
        BadStart{"AccessKeyMissing",
                 {},
                 {{"ENOS_ACCESS_KEY", ""}},
                 {"ENOS_ACCESS_KEY (or ENOS_ACCESS_KEY_FILE)", "missing"}},
        BadStart{"SecretKeyMissing",
                 {},
                 {{"ENOS_SECRET_KEY", ""}},
                 {"ENOS_SECRET_KEY (or ENOS_SECRET_KEY_FILE)", "missing"}},
        BadStart{"BothKeyForms",
                 {},
                 {{"ENOS_SECRET_KEY_FILE", "/run/secrets/secret_key"}},
                 {"ENOS_SECRET_KEY and ENOS_SECRET_KEY_FILE", "only one"}},
        BadStart{"StoreOfNoKind",
                 {},
                 {{"ENOS_GATEWAY_IDEMPOTENCY_STORE", "mysql://u:never-t0-be-shown@h/d"}},
                 {"ENOS_GATEWAY_IDEMPOTENCY_STORE", "sqlite:/PATH or postgresql://"}},
        BadStart{"StoreOfAnUnreadableUrl",
                 {},
                 {{"ENOS_GATEWAY_IDEMPOTENCY_STORE", "postgresql://u:never-t0-be-shown@[::1"}},
                 {"ENOS_GATEWAY_IDEMPOTENCY_STORE: the value (not shown) is not valid"}},
        BadStart{"StoreOfAnUnknownParameter",
                 {},
                 {{"ENOS_GATEWAY_IDEMPOTENCY_STORE",
                   "postgresql://u:never-t0-be-shown@h/d?sslmod=require"}},
                 {"ENOS_GATEWAY_IDEMPOTENCY_STORE", "not shown", "expected postgresql://USER:"}},
        BadStart{"StoreInNoFolder",
                 {},
                 {{"ENOS_GATEWAY_IDEMPOTENCY_STORE", "sqlite:/no/such/dir/x"}},
                 {"ENOS_GATEWAY_IDEMPOTENCY_STORE", "\"sqlite:/no/such/dir/x\"",
                  "(/no/such/dir: No such file or directory)"}},
        BadStart{"StoreIsAFolder_AlsoForCheck",
                 {"--check"},
                 {{"ENOS_GATEWAY_IDEMPOTENCY_STORE", "sqlite:/tmp"}},
                 {"ENOS_GATEWAY_IDEMPOTENCY_STORE", "\"sqlite:/tmp\"", "not a regular file"}},
        BadStart{"KeyFileMissing",
                 {},
                 {{"ENOS_SECRET_KEY", ""}, {"ENOS_SECRET_KEY_FILE", "/nonexistent/secret_key"}},
                 {"ENOS_SECRET_KEY_FILE", "/nonexistent/secret_key", "No such file"}},
        BadStart{"KeyInvalid",
                 {},
                 {{"ENOS_SECRET_KEY", std::string(kTestSecret) + " with blanks"}},
                 {"ENOS_SECRET_KEY", "not shown"}},
        BadStart{
            "KeyAsFlag", {std::string("--secret_key=") + kTestSecret}, {}, {"ENOS_SECRET_KEY"}},
        BadStart{"PlaintextBeyondLoopback",
                 {"--listen=0.0.0.0:0"},
                 {},
                 {"--listen (ENOS_GATEWAY_LISTEN)", "\"0.0.0.0:0\"", "--allow_plaintext"}},
        BadStart{"BadDuration",
                 {"--upstream_timeout=soon"},
                 {},
                 {"--upstream_timeout (ENOS_GATEWAY_UPSTREAM_TIMEOUT)", "\"soon\"", "expected"}},
        BadStart{"BadVariable",
                 {},
                 {{"ENOS_GATEWAY_MAX_ATTEMPTS", "0"}},
                 {"ENOS_GATEWAY_MAX_ATTEMPTS (--max_attempts)", "\"0\"", "1 to 10"}},
        BadStart{"MisspeltVariable",
                 {},
                 {{"ENOS_GATEWAY_POLICY_FIEL", "/etc/policy.json"}},
                 {"ENOS_GATEWAY_POLICY_FIEL", "ENOS_GATEWAY_POLICY_FILE (--policy_file)"}},
        BadStart{"UnknownFlag", {"--listten=127.0.0.1:0"}, {}, {"--listten"}},
        BadStart{"MoreCallsThanDescriptors",
                 {"--max_in_flight=1000000"},
                 {},
                 {"--max_in_flight (ENOS_GATEWAY_MAX_IN_FLIGHT)", "1000000", "expected"}}),
    [](const auto& tested) { return tested.param.name; });

// Whether it can export them or was built without the library.
TEST(GatewayStart, TracesThatAreAskedFor_AreSpokenOfOnce) {
  ProcessOptions options = GatewayOptions(kUrl);
  options.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1";
  GatewayProcess gateway(options);
  const std::string log = gateway.all_output();
  EXPECT_NE(log.find(" traces are "), std::string::npos) << log;
  EXPECT_EQ(log.find(" traces are "), log.rfind(" traces are "));
}

// Opening a pipe normally waits for a writer. The start-up ends.
TEST(GatewayStart, PipeInPlaceOfAFile_IsNamedAtOnce) {
  const std::string pipe = testing::TempDir() + "e2e_pipe";
  const std::string policy = testing::TempDir() + "e2e_policy.json";
  std::remove(pipe.c_str());
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::ofstream(policy) << R"({"rules": []})";
  const std::vector<std::string> said = {pipe, "not a regular file"};
  const std::vector<std::string> tokens = {"--jwt_issuer=i", "--jwt_audience=a"};
  const BadStart starts[] = {
      {"ENOS_ACCESS_KEY_FILE", {}, {{"ENOS_ACCESS_KEY", ""}, {"ENOS_ACCESS_KEY_FILE", pipe}}, said},
      {"ENOS_SECRET_KEY_FILE", {}, {{"ENOS_SECRET_KEY", ""}, {"ENOS_SECRET_KEY_FILE", pipe}}, said},
      {"--tls_cert_file", {"--tls_cert_file=" + pipe, "--tls_key_file=" + pipe}, {}, said},
      {"--enos_ca_file", {"--enos_ca_file=" + pipe}, {}, said},
      {"--policy_file",
       {"--policy_file=" + pipe, "--jwt_keys_file=" + pipe, tokens[0], tokens[1]},
       {},
       said},
      {"--jwt_keys_file",
       {"--policy_file=" + policy, "--jwt_keys_file=" + pipe, tokens[0], tokens[1]},
       {},
       said}};
  for (const BadStart& start : starts) {
    SCOPED_TRACE(start.name);
    EXPECT_THAT(LineOf(start), StartsWith("enos-flow-gateway: " + start.name));
  }
  std::remove(pipe.c_str());
  std::remove(policy.c_str());
}

TEST(GatewayStart, UrlNotSet_IsMissing) {
  ProcessOptions options = GatewayOptions(kUrl);
  options.arguments = {"--listen=127.0.0.1:0", "--metrics_listen="};
  Process gateway(options);
  EXPECT_THAT(gateway.Wait().status, Optional(2));
  EXPECT_THAT(gateway.err(), HasSubstr("ENOS_API_URL"));
  EXPECT_THAT(gateway.err(), HasSubstr("missing"));
}

TEST(GatewayStart, KeysFromFiles_Serve) {
  FakeEnos enos;
  const std::string path = testing::TempDir() + "e2e_secret_key";
  std::ofstream(path) << kSecretKey << "\n";
  ProcessOptions options = GatewayOptions(enos.url());
  options.environment.erase("ENOS_SECRET_KEY");
  options.environment["ENOS_SECRET_KEY_FILE"] = path;
  GatewayProcess gateway(options);
  const CallOutcome outcome = Call(OwnChannel(gateway.address()), RequestFor(1));
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  std::remove(path.c_str());
}

TEST(GatewayStart, PortTaken_EndsTheSecondWithOneLineAndTheFirstServesOn) {
  FakeEnos enos;
  GatewayProcess first(GatewayOptions(enos.url()));
  Process second(GatewayOptions(enos.url(), {"--listen=" + first.address()}));
  EXPECT_THAT(second.Wait().status, Optional(1));
  const std::string output = second.all_output();
  EXPECT_EQ(output.find('\n'), output.size() - 1) << output;
  EXPECT_THAT(output, HasSubstr("--listen"));
  EXPECT_THAT(output, HasSubstr(first.address()));
  const auto channel = OwnChannel(first.address());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Call(channel, RequestFor(1)).status.ok());
}

ProcessOptions WithStore(const std::string& enos_url, const std::string& store,
                         std::vector<std::string> flags = {}) {
  ProcessOptions options = GatewayOptions(enos_url, std::move(flags));
  options.environment["ENOS_GATEWAY_IDEMPOTENCY_STORE"] = store;
  return options;
}

TEST(GatewayStart, StoreOfKeysThatIsAnothers_EndsWithOneLine) {
  FakeEnos enos;
  const TempFolder folder;
  const std::string store = "sqlite:" + folder.path("keys.db");
  GatewayProcess first(WithStore(enos.url(), store));
  EXPECT_THAT(first.err(), HasSubstr("idempotency=sqlite"));
  Process second(WithStore(enos.url(), store));
  EXPECT_THAT(second.Wait().status, Optional(1));
  EXPECT_THAT(second.err(), StartsWith("enos-flow-gateway: ENOS_GATEWAY_IDEMPOTENCY_STORE: "));
  EXPECT_THAT(second.err(), HasSubstr("another process uses"));
  EXPECT_EQ(second.err().find('\n'), second.err().size() - 1) << second.err();

  ProcessOptions by_file = GatewayOptions(enos.url());
  by_file.environment["ENOS_GATEWAY_IDEMPOTENCY_STORE_FILE"] = folder.Write("store", store);
  Process third(by_file);
  EXPECT_THAT(third.Wait().status, Optional(1));
  EXPECT_THAT(third.err(), StartsWith("enos-flow-gateway: ENOS_GATEWAY_IDEMPOTENCY_STORE_FILE: "));
}

TEST(GatewayStart, StoreOfKeysThatIsAway_IsSaidAndCallsGoOn) {
  FakeEnos enos;
  GatewayProcess gateway(WithStore(enos.url(),
                                   std::string("postgresql://u:") + kTestSecret + "@127.0.0.1:1/d",
                                   {"--metrics_listen=127.0.0.1:0"}));
  const auto channel = OwnChannel(gateway.address());
  EXPECT_TRUE(WaitForHealth(channel, Health::kServing));
  EXPECT_TRUE(Call(channel, RequestFor(1)).status.ok());
  const auto ready = gateway::OpsGet(gateway.metrics_address(), "/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(ready.body, StartsWith("ok\nidempotency store: cannot connect ("));
  EXPECT_THAT(gateway::OpsGet(gateway.metrics_address(), "/metrics").body,
              HasSubstr("\nenos_gateway_idempotency_store_up 0\n"));
  EXPECT_THAT(gateway.err(), HasSubstr("idempotency store does not answer"));
  EXPECT_THAT(gateway.err(), Not(HasSubstr(kTestSecret)));
}

class InformationTest : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(InformationTest, NeedsNoSettingsAndEndsWithStatusZero) {
  Process gateway({GatewayOptions(kUrl).program, {GetParam().first}, {}});
  EXPECT_THAT(gateway.Wait().status, Optional(0));
  EXPECT_THAT(gateway.out(), HasSubstr(GetParam().second));
  EXPECT_THAT(gateway.err(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, InformationTest,
                         testing::Values(std::pair("--help", "--max_in_flight=NUMBER"),
                                         std::pair("--version", "enos-flow-gateway ")));

}  // namespace
}  // namespace enos::e2e
