// enos-flow-gateway --check, and its probe, against the sandbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/http/test_certificates.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct CheckRun {
  int status = -1;
  std::vector<std::string> lines;
  std::string err;

  // The lines of that check.
  std::string Of(const std::string& check) const {
    std::string found;
    for (const std::string& line : lines) {
      if (line.substr(8, check.size() + 1) == check + " ") found += line + "\n";
    }
    return found;
  }
};

CheckRun Check(const std::string& url, std::vector<std::string> flags = {},
               const std::string& secret_key = kSecretKey,
               const std::map<std::string, std::string>& environment = {}) {
  flags.insert(flags.begin(), "--check");
  ProcessOptions options = GatewayOptions(url, std::move(flags));
  options.environment["ENOS_SECRET_KEY"] = secret_key;
  options.environment.insert(environment.begin(), environment.end());
  Process gateway(options);
  CheckRun run;
  run.status = gateway.Wait().status.value_or(-1);
  run.err = gateway.err();
  std::string out = gateway.out();
  for (size_t end = out.find('\n'); end != std::string::npos; end = out.find('\n')) {
    run.lines.push_back(out.substr(0, end));
    out.erase(0, end + 1);
  }
  return run;
}

CheckRun Probe(const SandboxProcess& sandbox, std::vector<std::string> flags = {}) {
  flags.insert(flags.end(), {"--probe_flow=3377", "--probe_user=alice", "--probe_org=o15"});
  return Check(sandbox.url(), std::move(flags));
}

TEST(GatewayCheck, AgainstAnEnosThatIsWell_StartsNothing) {
  SandboxProcess sandbox;
  for (const char* version : {"v2.0", "v2.1"}) {
    const CheckRun run = Check(sandbox.url(), {std::string("--enos_api_version=") + version});
    EXPECT_EQ(run.status, 0);
    EXPECT_THAT(run.err, IsEmpty());
    for (const std::string& line : run.lines) EXPECT_THAT(line, StartsWith("ok ")) << line;
    EXPECT_EQ(run.lines.size(), 7U);
    EXPECT_THAT(run.Of("api_version"), HasSubstr(std::string(version) + " answers"));
    EXPECT_THAT(run.Of("time_zone"), HasSubstr("UTC+08:00"));
  }
  EXPECT_THAT(sandbox.View("/_sandbox/calls"), Not(HasSubstr("flowId")));
}

TEST(GatewayCheck, AsJson_EachLineIsAnObject) {
  SandboxProcess sandbox;
  const CheckRun run = Check(sandbox.url(), {"--log_format=json"});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.lines.size(), 7U);
  for (const std::string& line : run.lines)
    EXPECT_THAT(line, AllOf(StartsWith(R"({"check":")"), HasSubstr(R"("result":"ok")")));
}

TEST(GatewayCheck, WrongKey_IsSaidWithoutTheKey) {
  SandboxProcess sandbox;
  const CheckRun run = Check(sandbox.url(), {}, "never-t0-be-shown");
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.Of("token"), AllOf(StartsWith("FAILED"), HasSubstr("ENOS_SECRET_KEY")));
  for (const std::string& line : run.lines) EXPECT_THAT(line, Not(HasSubstr("never-t0")));
}

TEST(GatewayCheck, StoreOfKeys_IsLookedAtAndNotMade) {
  SandboxProcess sandbox;
  const TempFolder folder;
  const std::string path = folder.path("keys.db");
  const auto check = [&](const std::string& store) {
    return Check(sandbox.url(), {}, kSecretKey, {{"ENOS_GATEWAY_IDEMPOTENCY_STORE", store}});
  };
  const CheckRun none = check("sqlite:" + path);
  EXPECT_EQ(none.status, 0);
  EXPECT_THAT(none.Of("idempotency"), AllOf(StartsWith("ok"), HasSubstr("does not exist yet")));
  EXPECT_THAT(ReadFile(path), IsEmpty());

  const CheckRun away = check("postgresql://u:never-t0-be-shown@127.0.0.1:1/d");
  EXPECT_EQ(away.status, 1);
  EXPECT_THAT(away.Of("idempotency"),
              AllOf(StartsWith("FAILED"), HasSubstr("cannot connect"),
                    HasSubstr("Check ENOS_GATEWAY_IDEMPOTENCY_STORE"), Not(HasSubstr("never-t0"))));
  EXPECT_THAT(away.Of("token"), StartsWith("ok")) << "the other checks go on";
}

TEST(GatewayCheck, NobodyThere) {
  const CheckRun run = Check("http://127.0.0.1:1");
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.Of("connection"), AllOf(StartsWith("FAILED"), HasSubstr("--enos_url")));
}

TEST(GatewayCheck, CertificateOfAnotherAuthority_SaysWhichSetting) {
  const TempFolder folder;
  const auto authority = sandbox::MakeTestAuthority("check");
  const auto server = sandbox::MakeTestServerCertificate(authority);
  const std::string ca = folder.Write("ca.pem", authority.certificate_pem);
  SandboxProcess sandbox({"--tls_cert_file=" + folder.Write("cert.pem", server.certificate_pem),
                          "--tls_key_file=" + folder.Write("key.pem", server.private_key_pem)});
  const CheckRun refused = Check(sandbox.url());
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.Of("connection"), AllOf(StartsWith("FAILED"), HasSubstr("No TLS with https"),
                                              HasSubstr("--enos_ca_file")));
  const CheckRun taken = Check(sandbox.url(), {"--enos_ca_file=" + ca});
  EXPECT_EQ(taken.status, 0);
  EXPECT_THAT(taken.Of("connection"), HasSubstr("its certificate is valid"));
}

TEST(GatewayCheck, OnlyTheOtherGenerationIsThere_SaysWhatToSet) {
  SandboxProcess sandbox({"--generation=v2.1"});
  const CheckRun run = Check(sandbox.url());
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.Of("api_version"),
              AllOf(StartsWith("FAILED"), HasSubstr("Set --enos_api_version=v2.1")));
  EXPECT_EQ(Check(sandbox.url(), {"--enos_api_version=v2.1"}).status, 0);
}

TEST(GatewayCheck, ClockOff) {
  SandboxProcess sandbox({"--clock_offset=1m"});
  const CheckRun run = Check(sandbox.url());
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.Of("clock"),
              AllOf(StartsWith("FAILED"), HasSubstr("ahead of"), HasSubstr("NTP")));
}

// The gateway's own way out of it works here, too: the checks go on.
TEST(GatewayCheck, ClockSoFarOffThatTokensAreRefused_IsCorrectedAndTold) {
  SandboxProcess sandbox({"--clock_offset=-1h"});
  const CheckRun run = Check(sandbox.url());
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.Of("token"), StartsWith("ok"));
  EXPECT_THAT(run.Of("clock"), AllOf(StartsWith("FAILED"), HasSubstr(" s behind")));
}

TEST(GatewayCheck, TimeNotOffered_BothGenerationsAreTold) {
  SandboxProcess sandbox({"--time_fault=code-403"});
  const CheckRun run = Check(sandbox.url());
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.Of("api_version"), AllOf(StartsWith("FAILED"), HasSubstr("v2.0: EnOS refused"),
                                           HasSubstr("v2.1: EnOS refused")));
}

TEST(GatewayCheck, ZoneRefused_IsSaid) {
  SandboxProcess sandbox({"--time_fault=zone:code-500"});
  const CheckRun run = Check(sandbox.url());
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.Of("time_zone"), StartsWith("FAILED"));
}

TEST(GatewayCheck, WrongSettingOrFile_StatusTwoAndOneLine) {
  const std::string policy = testing::TempDir() + "e2e_check_policy.json";
  std::ofstream(policy) << "{";
  for (const auto& flags : std::vector<std::vector<std::string>>{
           {"--max_attempts=0"},
           {"--probe_flow=3377"},
           {"--policy_file=" + policy, "--jwt_keys_file=" + policy, "--jwt_issuer=i",
            "--jwt_audience=a"}}) {
    const CheckRun run = Check("http://127.0.0.1:1", flags);
    EXPECT_EQ(run.status, 2);
    EXPECT_THAT(run.lines, IsEmpty());
    EXPECT_THAT(run.err, StartsWith("enos-flow-gateway: --"));
  }
}

struct ProbeCase {
  std::string name;
  std::vector<std::string> sandbox;
  std::vector<std::string> gateway;
  int status;
  int started;                                            // runs
  std::vector<std::pair<std::string, std::string>> said;  // check, part of its lines
};

class GatewayProbe : public testing::TestWithParam<ProbeCase> {};

TEST_P(GatewayProbe, FindsOutWhatTheSandboxDoes) {
  SandboxProcess sandbox(GetParam().sandbox);
  const CheckRun run = Probe(sandbox, GetParam().gateway);
  EXPECT_EQ(run.status, GetParam().status);
  for (const auto& [check, part] : GetParam().said) EXPECT_THAT(run.Of(check), HasSubstr(part));
  const std::string calls = sandbox.View("/_sandbox/calls");
  int started = 0;
  const std::string executed = R"("executed":true)";
  for (size_t at = calls.find(executed); at != std::string::npos; at = calls.find(executed, at + 1))
    ++started;
  EXPECT_EQ(started, GetParam().started) << calls;
}

INSTANTIATE_TEST_SUITE_P(
    All, GatewayProbe,
    testing::Values(
        ProbeCase{"Everything",
                  {},
                  {},
                  0,
                  3,
                  {{"probe", "really started"},
                   {"parameters", "As array: taken"},
                   {"parameters", "As string: taken"},
                   {"same_minute", "another instance id"},
                   {"instance", "shows its parameters"},
                   {"settings", "--enos_api_version=v2.0 --parameters_as=array"}}},
        ProbeCase{"V21",
                  {},
                  {"--enos_api_version=v2.1"},
                  0,
                  3,
                  {{"settings", "--enos_api_version=v2.1 --parameters_as=array"}}},
        ProbeCase{"OtherGeneration",
                  {"--generation=v2.1"},
                  {},
                  1,
                  3,
                  {{"api_version", "Set --enos_api_version=v2.1"},
                   {"settings", "--enos_api_version=v2.1 --parameters_as=array"}}},
        ProbeCase{"OnlyArray",
                  {"--parameters_as=array"},
                  {},
                  0,
                  2,
                  {{"parameters", "As string: EnOS refused"}, {"settings", "=array"}}},
        ProbeCase{"OnlyString",
                  {"--parameters_as=string"},
                  {},
                  1,
                  2,
                  {{"parameters", "As array: EnOS refused"},
                   {"settings", "Set --parameters_as=string (ENOS_GATEWAY_PARAMETERS_AS)"}}},
        ProbeCase{"OnlyStringAndSet",
                  {"--parameters_as=string"},
                  {"--parameters_as=string"},
                  0,
                  2,
                  {{"settings", "=string"}}},
        ProbeCase{"SameMinuteRefused",
                  {"--same_minute=refuse"},
                  {},
                  0,
                  2,
                  {{"same_minute", "refused by 62102"}}},
        ProbeCase{
            "SameMinuteSame", {"--same_minute=same"}, {}, 0, 2, {{"same_minute", "the same"}}},
        ProbeCase{"ReadableLater",
                  {"--fault=3377:get:code-99404x2"},
                  {},
                  0,
                  3,
                  {{"instance", "could be read"}}},
        ProbeCase{"ParametersAsMap",
                  {"--run_fault=3377:parameters-map"},
                  {},
                  0,
                  3,
                  {{"instance", "shows its parameters"}}},
        ProbeCase{"ParametersNotShown",
                  {"--run_fault=3377:parameters-none"},
                  {},
                  0,
                  3,
                  {{"instance", "does not show its parameters"}}},
        ProbeCase{"ForeignFlow",
                  {"--foreign_flows=3377"},
                  {},
                  1,
                  0,
                  {{"probe", "No run could be started"}}}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace enos::e2e
