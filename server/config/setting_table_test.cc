#include "server/config/setting_table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <tuple>

#include "server/base/text.h"
#include "tests/support/files.h"

namespace enos::gateway {
namespace {

std::string UpperCase(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return upper;
}

// Everything that the table sets, to compare.
auto Comparable(const Settings& s) {
  return std::make_tuple(
      s.listen.ToString(), s.metrics_listen ? s.metrics_listen->ToString() : "", s.allow_plaintext,
      s.reflection, s.early_headers, s.enos_url.host, s.enos_api_version, s.parameters_as,
      s.enos_ca_file, s.allow_plaintext_upstream, s.trust_503, s.max_attempts, s.upstream_timeout,
      s.connect_timeout, s.upstream_idle_timeout, s.max_in_flight, s.reload_interval, s.drain_delay,
      s.drain_timeout, s.max_connection_age, s.max_connection_idle, s.handshake_timeout,
      s.log_level, s.log_format, s.log_user_id, s.policy_file, s.jwt_keys_file, s.jwt_issuer,
      s.jwt_audience, s.max_in_flight_per_caller, s.max_memory, s.front_socket, s.check,
      s.probe_flow, s.probe_user, s.probe_org, s.idempotency_ttl);
}

std::string TestName(const testing::TestParamInfo<SettingInfo>& param) {
  return std::string(param.param.flag.substr(2));
}

class EverySetting : public testing::TestWithParam<SettingInfo> {};

TEST_P(EverySetting, DefaultText_IsTheDefaultOfTheField) {
  if (GetParam().required) {
    EXPECT_EQ(GetParam().default_text, "");
    return;
  }
  Settings settings;
  ASSERT_TRUE(GetParam().set(GetParam().default_text, &settings));
  EXPECT_EQ(Comparable(settings), Comparable(Settings()));
}

TEST_P(EverySetting, Names_FollowThePattern) {
  // Those of the upstream's address predate the pattern: the contract's table.
  const std::set<std::string_view> by_contract = {"ENOS_API_URL", "ENOS_API_VERSION"};
  if (by_contract.count(GetParam().variable) > 0) return;
  // What the program is to do now, and not how it is set up.
  if (GetParam().group == "Check") {
    EXPECT_EQ(GetParam().variable, "");
    return;
  }
  EXPECT_EQ(GetParam().variable, Concat("ENOS_GATEWAY_", UpperCase(GetParam().flag.substr(2))));
}

TEST_P(EverySetting, Texts_AreThere) {
  EXPECT_EQ(GetParam().help.back(), '.');
  EXPECT_FALSE(GetParam().expected.empty());
  EXPECT_FALSE(GetParam().group.empty());
}

TEST_P(EverySetting, WrongText_IsRefusedAndChangesNothing) {
  Settings settings;
  EXPECT_FALSE(GetParam().set(std::string_view("\0 wrong", 7), &settings));
  EXPECT_EQ(Comparable(settings), Comparable(Settings()));
}

INSTANTIATE_TEST_SUITE_P(All, EverySetting, testing::ValuesIn(SettingTable()), TestName);

TEST(SettingTable, FlagsAndVariables_AreUnique) {
  std::set<std::string_view> names;
  for (const SettingInfo& setting : SettingTable()) {
    EXPECT_TRUE(names.insert(setting.flag).second) << setting.flag;
    if (setting.variable.empty()) continue;
    EXPECT_TRUE(names.insert(setting.variable).second) << setting.variable;
  }
}

// -- docs/configuration.md

std::string DefaultCell(const SettingInfo& setting) {
  if (setting.required) return "*required*";
  return setting.default_text.empty() ? "none" : Concat("`", setting.default_text, "`");
}

// As it appears in the guide after the line that names this test.
std::string SettingsAsMarkdown() {
  std::string text;
  std::string_view group;
  for (const SettingInfo& setting : SettingTable()) {
    if (setting.group != group) {
      group = setting.group;
      text += Concat("\n## ", group, "\n\n| flag | variable | default | |\n|---|---|---|---|\n");
    }
    const std::string variable =
        setting.variable.empty() ? "none" : Concat("`", setting.variable, "`");
    text += Concat("| `", setting.flag, "` | ", variable, " | ", DefaultCell(setting), " | ",
                   setting.help, " |\n");
  }
  return text;
}

// ENOS_UPDATE_DOCS=1 in the environment: writes it.
TEST(SettingTable, Guide_IsMadeFromIt) {
  constexpr std::string_view kMark = "<!-- Generated from";
  const std::string path = ENOS_SOURCE_DIR "/docs/configuration.md";
  const std::string guide = ReadFile(path);
  const size_t mark = guide.find(kMark);
  ASSERT_NE(mark, std::string::npos);
  const size_t begin = guide.find('\n', mark) + 1;
  const std::string made = SettingsAsMarkdown();
  if (std::getenv("ENOS_UPDATE_DOCS") != nullptr)
    std::ofstream(path) << guide.substr(0, begin) << made;
  else
    EXPECT_EQ(guide.substr(begin), made);
}

}  // namespace
}  // namespace enos::gateway
