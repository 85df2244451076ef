#include "style.h"

#include <gtest/gtest.h>

namespace enos::flow::cli {
namespace {

struct StyleCase {
  const char* name;
  const char* color;  // nullptr: not given
  bool is_terminal;
  const char* no_color;
  const char* term;
  bool colours;
};

class MakeStyleTest : public ::testing::TestWithParam<StyleCase> {};

TEST_P(MakeStyleTest, FlagTerminalAndVariables_DecideTogether) {
  const StyleCase& row = GetParam();
  FlagValues values;
  if (row.color != nullptr) values["color"] = {row.color};
  const auto style = MakeStyle(
      values,
      [&](const std::string& name) -> std::optional<std::string> {
        return name == "NO_COLOR" ? row.no_color : row.term;
      },
      row.is_terminal);
  ASSERT_TRUE(style.ok());
  EXPECT_EQ(style->Good("x") != "x", row.colours);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, MakeStyleTest,
    ::testing::Values(StyleCase{"terminal", nullptr, true, "", "xterm", true},
                      StyleCase{"no_terminal", nullptr, false, "", "xterm", false},
                      StyleCase{"no_color", nullptr, true, "1", "xterm", false},
                      StyleCase{"dumb", nullptr, true, "", "dumb", false},
                      StyleCase{"always", "always", false, "1", "dumb", true},
                      StyleCase{"never", "never", true, "", "xterm", false}),
    [](const auto& row) { return row.param.name; });

TEST(MakeStyleTest, AnyOtherWord_Refused) {
  const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  EXPECT_EQ(MakeStyle({{"color", {"pink"}}}, none, true).status().message(),
            "--color=pink: expected auto, always or never");
}

}  // namespace
}  // namespace enos::flow::cli
