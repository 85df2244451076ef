#include "settings_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

#include "tests/support/files.h"

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Pair;

class SettingsFileTest : public ::testing::Test {
 protected:
  SettingsFileTest() { line_.command = FindCommand("trigger"); }

  absl::Status Add(const std::string& text) {
    WriteFile(path_, text);
    line_.values["config"] = {path_};
    return AddWith({});
  }
  absl::Status AddWith(std::map<std::string, std::string> variables) {
    return AddSettingsFile(line_, [&](const std::string& name) -> std::optional<std::string> {
      const auto it = variables.find(name);
      if (it == variables.end()) return std::nullopt;
      return it->second;
    });
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  const std::string path_ = temp_.path("config.yaml");
  CommandLine line_;
};

TEST_F(SettingsFileTest, Settings_FillWhatNobodyElseSaid) {
  line_.values["org_id"] = {"typed"};
  const absl::Status status = Add("address: g:1\norg_id: file\nretries: 3\nplaintext: true\n");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(line_.values["address"], ElementsAre("g:1"));
  EXPECT_THAT(line_.values["org_id"], ElementsAre("typed"));
  EXPECT_THAT(line_.values["retries"], ElementsAre("3"));
  EXPECT_THAT(line_.values["plaintext"], ElementsAre("true"));
}

TEST_F(SettingsFileTest, TlsSaidBefore_BeatsPlaintextOfTheFile) {
  line_.values["tls"] = {"true"};
  ASSERT_TRUE(Add("plaintext: true\n").ok());
  EXPECT_EQ(line_.values.count("plaintext"), 0U);
}

TEST_F(SettingsFileTest, SettingOfAnotherCommand_PassedOver) {
  line_.command = FindCommand("health");
  ASSERT_TRUE(Add("user_id: u\naddress: g:1\n").ok());
  EXPECT_EQ(line_.values.count("user_id"), 0U);
  EXPECT_EQ(line_.values.count("address"), 1U);
}

TEST_F(SettingsFileTest, EmptyFile_NoSettings) {
  EXPECT_TRUE(Add("").ok());
  EXPECT_TRUE(Add("# only a comment\n").ok());
}

TEST_F(SettingsFileTest, UsualPlaces_ReadWhereThereIsAFile) {
  EXPECT_TRUE(AddWith({}).ok());
  EXPECT_TRUE(AddWith({{"HOME", folder_}}).ok()) << "there need not be one";
  EXPECT_THAT(line_.values, IsEmpty());
  ASSERT_EQ(std::system(("mkdir -p " + folder_ + "/.config/enos-flow " + folder_ +
                         "/x/enos-flow && echo 'user_id: home' > " + folder_ +
                         "/.config/enos-flow/config.yaml && echo 'user_id: xdg' > " + folder_ +
                         "/x/enos-flow/config.yaml")
                            .c_str()),
            0);
  CommandLine other = line_;
  EXPECT_TRUE(AddWith({{"HOME", folder_}}).ok());
  EXPECT_THAT(line_.values, ElementsAre(Pair("user_id", ElementsAre("home"))));
  line_ = other;
  EXPECT_TRUE(AddWith({{"HOME", folder_}, {"XDG_CONFIG_HOME", folder_ + "/x"}}).ok());
  EXPECT_THAT(line_.values, ElementsAre(Pair("user_id", ElementsAre("xdg"))));
}

TEST_F(SettingsFileTest, EmptyName_NoFile) {
  line_.values["config"] = {""};
  EXPECT_TRUE(AddWith({{"HOME", "/nonexistent"}}).ok());
}

struct BadCase {
  const char* name;
  const char* text;
  const char* problem;
};

class BadSettingsTest : public SettingsFileTest, public ::testing::WithParamInterface<BadCase> {};

TEST_P(BadSettingsTest, File_OneLineThatNamesTheSetting) {
  EXPECT_THAT(std::string(Add(GetParam().text).message()), EndsWith(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadSettingsTest,
    ::testing::Values(
        BadCase{"unknown", "adress: g:1\n",
                ":1: adress: not a setting; did you mean address? See enos-flow --help"},
        BadCase{"a_flag_without_variable", "flow_id: 1\n",
                ":1: flow_id: not a setting; see enos-flow --help"},
        BadCase{"another_file", "config: x\n", ":1: config: not a setting; see enos-flow --help"},
        BadCase{"twice", "user_id: a\nuser_id: b\n", ":2: user_id: expected only once"},
        BadCase{"nothing", "user_id:\n", ":1: user_id: expected a string"},
        BadCase{"a_list", "- user_id\n",
                ": expected settings, for example address: gateway.example.com:443"}),
    [](const auto& row) { return row.param.name; });

TEST_F(SettingsFileTest, NamedFileThatIsNotThere_Error) {
  line_.values["config"] = {"/nonexistent"};
  EXPECT_EQ(AddWith({}).message(),
            "--config=/nonexistent: cannot be read (No such file or directory)");
}

}  // namespace
}  // namespace enos::flow::cli
