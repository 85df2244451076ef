#include "server/config/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

#include "server/base/read_file.h"
#include "server/config/parse_settings.h"

namespace enos::gateway {
namespace {

TEST(LookUpEnvironment, SetEmptyOrUnset_IsTold) {
  ::setenv("ENOS_SOURCES_TEST", "value", 1);
  EXPECT_EQ(LookUpEnvironment("ENOS_SOURCES_TEST"), "value");
  ::setenv("ENOS_SOURCES_TEST", "", 1);
  EXPECT_EQ(LookUpEnvironment("ENOS_SOURCES_TEST"), "");
  ::unsetenv("ENOS_SOURCES_TEST");
  EXPECT_EQ(LookUpEnvironment("ENOS_SOURCES_TEST"), std::nullopt);
}

TEST(LookUpEnvironment, LineBreakAtTheEnd_IsNotPartOfTheValue) {
  const std::pair<const char*, const char*> values[] = {
      {"value\n", "value"}, {"value\r\n", "value"}, {"value\n\n", "value\n"}, {"\n", ""},
      {"a\nb", "a\nb"},     {"\nvalue", "\nvalue"}, {"value ", "value "},
  };
  for (const auto& [value, seen] : values) {
    ::setenv("ENOS_SOURCES_TEST", value, 1);
    EXPECT_EQ(LookUpEnvironment("ENOS_SOURCES_TEST"), seen);
  }
  ::unsetenv("ENOS_SOURCES_TEST");
}

TEST(EnvironmentNames, AreThoseOfTheVariables) {
  ::setenv("ENOS_SOURCES_TEST", "a=b", 1);
  EXPECT_THAT(EnvironmentNames(), testing::Contains("ENOS_SOURCES_TEST"));
  ::unsetenv("ENOS_SOURCES_TEST");
  EXPECT_THAT(EnvironmentNames(), testing::Not(testing::Contains("ENOS_SOURCES_TEST")));
}

// Every setting, and the keys, as given by a Secret whose values were written with an editor.
TEST(LookUpEnvironment, SettingsWithALineBreakAtTheEnd_AreTaken) {
  const std::pair<const char*, const char*> variables[] = {
      {"ENOS_API_URL", "https://apim.example.com\n"},
      {"ENOS_API_VERSION", "v2.1\r\n"},
      {"ENOS_ACCESS_KEY", "access\n"},
      {"ENOS_SECRET_KEY", "s3cr3t\n"},
      {"ENOS_GATEWAY_UPSTREAM_TIMEOUT", "20s\n"},
      {"ENOS_GATEWAY_TRUST_503", "true\n"},
  };
  for (const auto& [name, value] : variables) ::setenv(name, value, 1);
  const char* const argv[] = {"enos-flow-gateway"};
  const auto parsed = ParseSettings(1, argv, &LookUpEnvironment, &ReadWholeFile);
  for (const auto& [name, value] : variables) ::unsetenv(name);

  const auto* settings = std::get_if<Settings>(&parsed);
  ASSERT_NE(settings, nullptr) << std::get<ExitNow>(parsed).text;
  EXPECT_EQ(settings->enos_url.host, "apim.example.com");
  EXPECT_EQ(settings->enos_api_version, ApiVersion::kV21);
  EXPECT_EQ(settings->access_key.Reveal(), "access");
  EXPECT_EQ(settings->secret_key.Reveal(), "s3cr3t");
  EXPECT_EQ(settings->upstream_timeout, std::chrono::seconds(20));
  EXPECT_TRUE(settings->trust_503);
}

}  // namespace
}  // namespace enos::gateway
