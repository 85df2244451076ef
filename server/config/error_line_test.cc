#include "server/config/error_line.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

struct QuotedCase {
  const char* name;
  std::string value;
  std::string shown;
};

class QuotedTable : public testing::TestWithParam<QuotedCase> {};

TEST_P(QuotedTable, IsShownOnOneLineWithoutSecrets) {
  SecretMask keys;
  keys.Register("the-key-0815", SecretLife::kForever);
  EXPECT_EQ(Quoted(GetParam().value, keys), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    All, QuotedTable,
    testing::Values(QuotedCase{"Plain", "30x", R"("30x")"}, QuotedCase{"Empty", "", R"("")"},
                    QuotedCase{"Space", "a b", R"("a b")"},
                    QuotedCase{"LineBreak", "a\nb", R"("a\nb")"},
                    QuotedCase{"Key", "x the-key-0815", R"("x ***")"},
                    QuotedCase{"Password", "https://me:pw@host/", R"("https://***@host/")"},
                    QuotedCase{"TwoAts", "https://me:p@w@host", R"("https://***@host")"},
                    QuotedCase{"UserWithoutScheme", "me:pw@host", R"("***@host")"},
                    QuotedCase{"Query", "https://h/?token=x", R"("https://h/?***")"},
                    QuotedCase{"SlashInPassword", "https://me:p://w@h", R"("https://***@h")"},
                    QuotedCase{"Long", std::string(300, 'x'),
                               '"' + std::string(200, 'x') + "...\""},
                    QuotedCase{"KeyAtTheCut", std::string(195, 'x') + "the-key-0815",
                               '"' + std::string(195, 'x') + "***\""}),
    [](const auto& param) { return param.param.name; });

TEST(NameOf, ValueFromFlagOrVariable_ThatOneComesFirst) {
  const SettingInfo& listen = SettingNamed("--listen");
  EXPECT_EQ(NameOf(listen, Origin::kFlag), "--listen (ENOS_GATEWAY_LISTEN)");
  EXPECT_EQ(NameOf(listen, Origin::kDefault), "--listen (ENOS_GATEWAY_LISTEN)");
  EXPECT_EQ(NameOf(listen, Origin::kVariable), "ENOS_GATEWAY_LISTEN (--listen)");
}

}  // namespace
}  // namespace enos::gateway
