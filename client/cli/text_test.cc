#include "text.h"

#include <gtest/gtest.h>

namespace enos::flow::cli {
namespace {

#define FFFD "\xEF\xBF\xBD"

struct TextCase {
  const char* name;
  std::string text;
  bool utf8;
  std::string for_terminal;
};

class TextTest : public ::testing::TestWithParam<TextCase> {};

TEST_P(TextTest, AnyBytes_HarmlessUtf8) {
  EXPECT_EQ(IsUtf8(GetParam().text), GetParam().utf8);
  EXPECT_EQ(ForTerminal(GetParam().text), GetParam().for_terminal);
  EXPECT_TRUE(IsUtf8(ForTerminal(GetParam().text)));
  EXPECT_TRUE(IsUtf8(ToUtf8(GetParam().text)));
  EXPECT_EQ(ToUtf8(GetParam().text) == GetParam().text, GetParam().utf8);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TextTest,
    ::testing::Values(TextCase{"empty", "", true, ""}, TextCase{"ascii", "a b~", true, "a b~"},
                      TextCase{"chinese", "工作流", true, "工作流"},
                      TextCase{"emoji", "\xF0\x9F\x98\x80", true, "\xF0\x9F\x98\x80"},
                      TextCase{"escape_sequence", "\x1B[31mred", true, FFFD "[31mred"},
                      TextCase{"line_breaks", "a\r\nb\tc", true, "a" FFFD FFFD "b" FFFD "c"},
                      TextCase{"zero_byte", std::string("a\0b", 3), true, "a" FFFD "b"},
                      TextCase{"delete", "\x7F", true, FFFD},
                      TextCase{"c1_csi",
                               "\xC2\x9B"
                               "31m",
                               true, FFFD "31m"},
                      TextCase{"line_separator", "\xE2\x80\xA8", true, FFFD},
                      TextCase{"right_to_left_override",
                               "a\xE2\x80\xAE"
                               "b",
                               true, "a" FFFD "b"},
                      TextCase{"isolate", "\xE2\x81\xA6", true, FFFD},
                      TextCase{"no_break_space_stays", "\xC2\xA0", true, "\xC2\xA0"},
                      TextCase{"lone_continuation", "\x80", false, FFFD},
                      TextCase{"overlong", "\xC0\xAF", false, FFFD FFFD},
                      TextCase{"overlong_three", "\xE0\x80\xAF", false, FFFD FFFD FFFD},
                      TextCase{"surrogate", "\xED\xA0\x80", false, FFFD FFFD FFFD},
                      TextCase{"too_large", "\xF4\x90\x80\x80", false, FFFD FFFD FFFD FFFD},
                      TextCase{"never_a_lead", "\xFF", false, FFFD},
                      TextCase{"cut_off", "a\xE5\xB7", false, "a" FFFD FFFD},
                      TextCase{"broken_then_fine",
                               "\xE5"
                               "ab",
                               false, FFFD "ab"}),
    [](const auto& row) { return row.param.name; });

TEST(ExcerptTest, LongText_CutAtACharacter) {
  EXPECT_EQ(Excerpt("short"), "short");
  EXPECT_EQ(Excerpt(std::string(80, 'x')), std::string(80, 'x'));
  EXPECT_EQ(Excerpt(std::string(81, 'x')), std::string(80, 'x') + "...");
  EXPECT_EQ(Excerpt(std::string(79, 'x') + "工作"), std::string(79, 'x') + "...");
  EXPECT_EQ(Excerpt("\n"), FFFD);
}

}  // namespace
}  // namespace enos::flow::cli
