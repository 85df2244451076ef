#include "server/log/log_format.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

struct FormatCase {
  const char* name;
  std::string value;
  std::string written;
};

class LogValueTable : public testing::TestWithParam<FormatCase> {};

TEST_P(LogValueTable, IsWrittenAsOneUnmistakableWord) {
  std::string line;
  AppendLogValue(GetParam().value, &line);
  EXPECT_EQ(line, GetParam().written);
}

INSTANTIATE_TEST_SUITE_P(
    All, LogValueTable,
    testing::Values(FormatCase{"Plain", "ENOS_TIMEOUT", "ENOS_TIMEOUT"},
                    FormatCase{"Url", "https://host:443/a?b", "https://host:443/a?b"},
                    FormatCase{"Empty", "", R"("")"}, FormatCase{"Space", "a b", R"("a b")"},
                    FormatCase{"LooksLikeAField", "a=b", R"("a=b")"},
                    FormatCase{"Quote", R"(say "hi")", R"("say \"hi\"")"},
                    FormatCase{"QuoteAlone", "\"", R"("\"")"},
                    FormatCase{"Backslash", R"(a\n)", R"("a\\n")"},
                    FormatCase{"LineBreaks", "a\nb\r\nc\td", R"("a\nb\r\nc\td")"},
                    FormatCase{"Nul", std::string("a\0b", 3), R"("a\u{0}b")"},
                    FormatCase{"Escape", "\x1b[31m", R"("\u{1b}[31m")"},
                    FormatCase{"Delete", "\x7f", R"("\u{7f}")"},
                    FormatCase{"C1Control", "\xc2\x85", R"("\u{85}")"},
                    FormatCase{"LineSeparator", "\xe2\x80\xa8", R"("\u{2028}")"},
                    FormatCase{"RightToLeftOverride", "\xe2\x80\xae", R"("\u{202e}")"},
                    FormatCase{"ZeroWidthSpace", "\xe2\x80\x8b", R"("\u{200b}")"},
                    FormatCase{"NoBreakSpace", "a\xc2\xa0z", R"("a\u{a0}z")"},
                    FormatCase{"OtherLanguages", "größe流程", "größe流程"},
                    FormatCase{"FourBytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
                    FormatCase{"LastCodePoint", "\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd"},
                    FormatCase{"BeyondLastCodePoint", "\xf4\x90\x80\x80", R"("\xf4\x90\x80\x80")"},
                    FormatCase{"NotUtf8", "a\xff\xfe", R"("a\xff\xfe")"},
                    FormatCase{"Truncated", "a\xe6\xb5", R"("a\xe6\xb5")"},
                    FormatCase{"Overlong", "\xc0\xaf", R"("\xc0\xaf")"},
                    FormatCase{"OverlongThreeBytes", "\xe0\x80\xaf", R"("\xe0\x80\xaf")"},
                    FormatCase{"Surrogate", "\xed\xa0\x80", R"("\xed\xa0\x80")"},
                    FormatCase{"AsLongAsAllowed", std::string(kMaxLogValueBytes, 'x'),
                               std::string(kMaxLogValueBytes, 'x')},
                    FormatCase{"TooLong", std::string(kMaxLogValueBytes + 1, 'x'),
                               '"' + std::string(kMaxLogValueBytes, 'x') + "...\""},
                    FormatCase{"CutBetweenCharacters",
                               std::string(kMaxLogValueBytes - 1, 'x') + "ü",
                               '"' + std::string(kMaxLogValueBytes - 1, 'x') + "...\""}),
    [](const auto& param) { return param.param.name; });

class LogEventTable : public testing::TestWithParam<FormatCase> {};

TEST_P(LogEventTable, CannotLookLikeAField) {
  std::string line;
  AppendLogEvent(GetParam().value, &line);
  EXPECT_EQ(line, GetParam().written);
}

INSTANTIATE_TEST_SUITE_P(All, LogEventTable,
                         testing::Values(FormatCase{"Plain", "call failed", "call failed"},
                                         FormatCase{"Field", "x reason=OK", R"(x reason\u{3d}OK)"},
                                         FormatCase{"Quote", "a\"b", R"(a\"b)"},
                                         FormatCase{"LineBreak", "a\nb", R"(a\nb)"}),
                         [](const auto& param) { return param.param.name; });

class LogJsonTable : public testing::TestWithParam<FormatCase> {};

TEST_P(LogJsonTable, IsOneJsonString) {
  std::string line;
  AppendLogJson(GetParam().value, &line);
  EXPECT_EQ(line, GetParam().written);
}

INSTANTIATE_TEST_SUITE_P(
    All, LogJsonTable,
    testing::Values(FormatCase{"Plain", "a b=c", R"("a b=c")"}, FormatCase{"Empty", "", R"("")"},
                    FormatCase{"Quote", "\"", R"("\"")"}, FormatCase{"Backslash", "\\", R"("\\")"},
                    FormatCase{"LineBreak", "a\nb", R"("a\u000ab")"},
                    FormatCase{"Nul", std::string(1, '\0'), R"("\u0000")"},
                    FormatCase{"LineSeparator", "\xe2\x80\xa8", R"("\u2028")"},
                    FormatCase{"OtherLanguages", "größe流程", "\"größe流程\""},
                    FormatCase{"FourBytes", "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
                    FormatCase{"NotUtf8", "a\xff", R"("a\\xff")"},
                    FormatCase{"TooLong", std::string(kMaxLogValueBytes + 1, 'x'),
                               '"' + std::string(kMaxLogValueBytes, 'x') + "...\""}),
    [](const auto& param) { return param.param.name; });

TEST(LogKey, OddCharacters_BecomeUnderscores) {
  std::string line;
  AppendLogKey("flow.id-1 =\n\"ü", &line);
  EXPECT_EQ(line, "flow.id-1______");
}

}  // namespace
}  // namespace enos::gateway
