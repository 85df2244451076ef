#include "server/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

using namespace std::string_view_literals;

struct Utf8Case {
  std::string_view name;
  std::string_view bytes;
  bool valid;
  std::string_view repaired;
};

class Utf8Test : public testing::TestWithParam<Utf8Case> {};

TEST_P(Utf8Test, IsJudgedAndRepaired) {
  EXPECT_EQ(IsValidUtf8(GetParam().bytes), GetParam().valid);
  EXPECT_EQ(ToValidUtf8(GetParam().bytes, 100), GetParam().repaired);
}

#define FFFD "\xEF\xBF\xBD"

INSTANTIATE_TEST_SUITE_P(
    Texts, Utf8Test,
    testing::Values(Utf8Case{"Empty", "", true, ""}, Utf8Case{"Ascii", "abc", true, "abc"},
                    Utf8Case{"Nul", "a\0b"sv, true, "a\0b"sv}, Utf8Case{"TwoBytes", "ü", true, "ü"},
                    Utf8Case{"ThreeBytes", "界", true, "界"},
                    Utf8Case{"FourBytes", "😀", true, "😀"},
                    Utf8Case{"Smallest2", "\xC2\x80", true, "\xC2\x80"},
                    Utf8Case{"Smallest3", "\xE0\xA0\x80", true, "\xE0\xA0\x80"},
                    Utf8Case{"Smallest4", "\xF0\x90\x80\x80", true, "\xF0\x90\x80\x80"},
                    Utf8Case{"Largest", "\xF4\x8F\xBF\xBF", true, "\xF4\x8F\xBF\xBF"},
                    Utf8Case{"BelowSurrogates", "\xED\x9F\xBF", true, "\xED\x9F\xBF"},
                    Utf8Case{"AboveSurrogates", "\xEE\x80\x80", true, "\xEE\x80\x80"},
                    Utf8Case{"Surrogate", "\xED\xA0\x80", false, FFFD FFFD FFFD},
                    Utf8Case{"Overlong2", "\xC0\xAF", false, FFFD FFFD},
                    Utf8Case{"Overlong2b", "\xC1\xBF", false, FFFD FFFD},
                    Utf8Case{"Overlong3", "\xE0\x9F\xBF", false, FFFD FFFD FFFD},
                    Utf8Case{"Overlong4", "\xF0\x8F\xBF\xBF", false, FFFD FFFD FFFD FFFD},
                    Utf8Case{"TooLarge", "\xF4\x90\x80\x80", false, FFFD FFFD FFFD FFFD},
                    Utf8Case{"F5", "\xF5", false, FFFD}, Utf8Case{"FF", "\xFF", false, FFFD},
                    Utf8Case{"LoneContinuation", "a\x80z", false, "a" FFFD "z"},
                    Utf8Case{"CutInHalfAtEnd", "a\xF0\x9F\x98", false, "a" FFFD},
                    Utf8Case{"CutInHalfInside", "a\xF0\x9F\x98z", false, "a" FFFD "z"},
                    Utf8Case{"Latin1", "caf\xE9 au lait", false, "caf" FFFD " au lait"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ToValidUtf8Test, CutsAtACharacterBoundary) {
  EXPECT_EQ(ToValidUtf8("aüb", 0), "");
  EXPECT_EQ(ToValidUtf8("aüb", 1), "a");
  EXPECT_EQ(ToValidUtf8("aüb", 2), "a");
  EXPECT_EQ(ToValidUtf8("aüb", 3), "aü");
  EXPECT_EQ(ToValidUtf8("aüb", 4), "aüb");
}

TEST(ToValidUtf8Test, ReplacementsCountToo) {
  EXPECT_EQ(ToValidUtf8("\xFF\xFF", 5), FFFD);
  EXPECT_EQ(ToValidUtf8("\xFF", 2), "");
}

// Every code point, encoded by hand.
TEST(DecodeUtf8Test, AgreesWithEncodingEveryCodePoint) {
  for (uint32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    if (code_point >= 0xD800 && code_point <= 0xDFFF) continue;
    std::string bytes;
    const auto put = [&bytes](uint32_t byte) { bytes.push_back(static_cast<char>(byte)); };
    if (code_point < 0x80) {
      put(code_point);
    } else if (code_point < 0x800) {
      put(0xC0 | code_point >> 6), put(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
      put(0xE0 | code_point >> 12), put(0x80 | (code_point >> 6 & 0x3F));
      put(0x80 | (code_point & 0x3F));
    } else {
      put(0xF0 | code_point >> 18), put(0x80 | (code_point >> 12 & 0x3F));
      put(0x80 | (code_point >> 6 & 0x3F)), put(0x80 | (code_point & 0x3F));
    }
    const Utf8Char c = DecodeUtf8(bytes);
    ASSERT_TRUE(c.valid && c.size == bytes.size() && c.code_point == code_point) << code_point;
  }
}

}  // namespace
}  // namespace enos::gateway
