#include "server/config/help.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "server/base/text.h"
#include "server/config/setting_table.h"

namespace enos::gateway {
namespace {

TEST(Help, Text_IsTheGoldenFile) {
  std::ifstream file(ENOS_CONFIG_TESTDATA "/help.txt");
  ASSERT_TRUE(file.is_open());
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(HelpText(), golden.str()) << "if the change is meant, write it to testdata/help.txt";
}

TEST(Help, Text_FitsATerminal) {
  const std::string text = HelpText();
  for (const std::string_view line : Split(text, '\n')) EXPECT_LE(line.size(), 80u) << line;
}

TEST(Help, EverySettingAndKey_IsThere) {
  const std::string text = HelpText();
  for (const SettingInfo& setting : SettingTable()) {
    EXPECT_TRUE(Contains(text, setting.flag)) << setting.flag;
    EXPECT_TRUE(Contains(text, setting.variable)) << setting.variable;
  }
  for (const KeyInfo& key : KeyTable()) EXPECT_TRUE(Contains(text, key.file_variable));
}

TEST(Version, Text_NamesProgramAndVersion) {
  EXPECT_EQ(VersionText(), "enos-flow-gateway " ENOS_GATEWAY_VERSION "\n");
}

}  // namespace
}  // namespace enos::gateway
