#include "server/config/unknown_variable.h"

#include <gtest/gtest.h>

#include <string>

#include "server/config/setting_table.h"

namespace enos::gateway {
namespace {

// The error line; empty where there is none.
std::string LineFor(const std::vector<std::string>& names) {
  return FindUnknownVariable(names, SecretMask()).value_or("");
}

struct MisspeltCase {
  std::string name;
  std::string expected;
};

class MisspeltVariable : public testing::TestWithParam<MisspeltCase> {};

TEST_P(MisspeltVariable, IsNamedWithWhatItResembles) {
  EXPECT_EQ(LineFor({"PATH", GetParam().name}),
            "\"" + GetParam().name + "\": unknown variable, expected " + GetParam().expected);
}

constexpr char kPolicy[] = "ENOS_GATEWAY_POLICY_FILE (--policy_file)";

INSTANTIATE_TEST_SUITE_P(
    All, MisspeltVariable,
    testing::Values(
        MisspeltCase{"ENOS_GATEWAY_POLICY_FIEL", kPolicy},
        MisspeltCase{"ENOS_GATEWAY_POLICYFILE", kPolicy},
        MisspeltCase{"ENOS_GATEWAY_Policy_File", kPolicy},
        MisspeltCase{"ENOS_GATEWAY_POLICY_FILE ", kPolicy},
        MisspeltCase{"ENOS_GATEWAY_DRAIN_DELAYS", "ENOS_GATEWAY_DRAIN_DELAY (--drain_delay)"},
        MisspeltCase{"ENOS_GATEWAY_MAX_INFLIGHT", "ENOS_GATEWAY_MAX_IN_FLIGHT (--max_in_flight)"},
        // By the pattern that most flags follow, and those of EnOS do not.
        MisspeltCase{"ENOS_GATEWAY_ENOS_URL", "ENOS_API_URL (--enos_url)"},
        MisspeltCase{"ENOS_GATEWAY_API_URL", "ENOS_API_URL (--enos_url)"},
        MisspeltCase{"ENOS_GATEWAY_API_VERSION", "ENOS_API_VERSION (--enos_api_version)"},
        MisspeltCase{"ENOS_GATEWAY_SECRET_KEY", "ENOS_SECRET_KEY"},
        MisspeltCase{"ENOS_GATEWAY_SECRET_KEY_FILE", "ENOS_SECRET_KEY_FILE"},
        MisspeltCase{"ENOS_GATEWAY_", "one of those that --help lists"},
        MisspeltCase{"ENOS_GATEWAY_CAKE_RECIPE", "one of those that --help lists"},
        MisspeltCase{"ENOS_GATEWAY_SUPPORT_ADDRESS", "one of those that --help lists"}));

TEST(UnknownVariable, OfALongName_ShowsNoMoreThanAnyValue) {
  const std::string line = LineFor({"ENOS_GATEWAY_" + std::string(100000, 'X')});
  EXPECT_LT(line.size(), 300U);
  EXPECT_EQ(line.substr(0, 15), "\"ENOS_GATEWAY_X");
}

TEST(UnknownVariable, WithAKeyInItsName_DoesNotShowTheKey) {
  const SecretMask keys{"s3cr3t-of-the-test"};
  const auto line = FindUnknownVariable({"ENOS_GATEWAY_s3cr3t-of-the-test"}, keys);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->find("s3cr3t"), std::string::npos) << *line;
}

TEST(KnownVariables, EverySettingAndEveryRemovedOne_AreLeftAlone) {
  std::vector<std::string> names = {"ENOS_GATEWAY", "XENOS_GATEWAY_X", "ENOS_API_VERSOIN", ""};
  for (const SettingInfo& setting : SettingTable()) names.emplace_back(setting.variable);
  for (const RemovedSetting& removed : RemovedSettings()) names.emplace_back(removed.variable);
  EXPECT_EQ(LineFor(names), "");
}

class ServiceVariable : public testing::TestWithParam<const char*> {};

TEST_P(ServiceVariable, OfKubernetes_IsLeftAlone) { EXPECT_EQ(LineFor({GetParam()}), ""); }

// Of Services named enos-gateway, enos-gateway-grpc and enos-gateway-9.
INSTANTIATE_TEST_SUITE_P(
    All, ServiceVariable,
    testing::Values("ENOS_GATEWAY_SERVICE_HOST", "ENOS_GATEWAY_SERVICE_PORT",
                    "ENOS_GATEWAY_SERVICE_PORT_GRPC", "ENOS_GATEWAY_PORT",
                    "ENOS_GATEWAY_PORT_50051_TCP", "ENOS_GATEWAY_PORT_50051_TCP_ADDR",
                    "ENOS_GATEWAY_PORT_50051_TCP_PORT", "ENOS_GATEWAY_PORT_50051_TCP_PROTO",
                    "ENOS_GATEWAY_PORT_53_UDP", "ENOS_GATEWAY_PORT_53_SCTP_ADDR",
                    "ENOS_GATEWAY_GRPC_SERVICE_HOST", "ENOS_GATEWAY_GRPC_SERVICE_PORT_HTTP",
                    "ENOS_GATEWAY_GRPC_PORT", "ENOS_GATEWAY_9_PORT_50051_TCP"));

class AlmostServiceVariable : public testing::TestWithParam<const char*> {};

TEST_P(AlmostServiceVariable, IsUnknown) { EXPECT_NE(LineFor({GetParam()}), ""); }

INSTANTIATE_TEST_SUITE_P(All, AlmostServiceVariable,
                         testing::Values("ENOS_GATEWAY_PORT_", "ENOS_GATEWAY_PORT_50051",
                                         "ENOS_GATEWAY_PORT_X_TCP", "ENOS_GATEWAY_PORT_1_FILE",
                                         "ENOS_GATEWAY_SERVICE", "ENOS_GATEWAY_PORTS"));

}  // namespace
}  // namespace enos::gateway
