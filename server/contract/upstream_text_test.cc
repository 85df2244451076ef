#include "server/contract/upstream_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/base/utf8.h"

namespace enos::gateway {
namespace {

using namespace std::string_view_literals;

struct TextCase {
  std::string_view name;
  std::string text;
  std::vector<std::string_view> secrets;
  std::string_view cleaned;
};

class CleanUpstreamTextTest : public testing::TestWithParam<TextCase> {};

TEST_P(CleanUpstreamTextTest, IsFitToShow) {
  SecretMask secrets;
  for (const auto secret : GetParam().secrets) secrets.Register(secret, SecretLife::kForever);
  EXPECT_EQ(CleanUpstreamText(GetParam().text, secrets), GetParam().cleaned);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, CleanUpstreamTextTest,
    testing::Values(TextCase{"Empty", "", {"s3cret"}, ""},
                    TextCase{"Plain", "User has no privilege.", {}, "User has no privilege."},
                    TextCase{"SpacesAround", "  Success ", {}, "Success"},
                    TextCase{"OnlySpaces", "   ", {}, ""},
                    TextCase{"OtherScripts", "无权限", {}, "无权限"},
                    TextCase{"LineBreaks", "a\r\nb\tc", {}, "a  b c"},
                    TextCase{"Escape", "\x1b[31mred", {}, "[31mred"},
                    TextCase{"Nul", std::string("a\0b"sv), {}, "a b"},
                    TextCase{"Del", "a\x7f", {}, "a"}, TextCase{"C1", "a\xC2\x85z", {}, "a z"},
                    TextCase{"LineSeparator", "a\xE2\x80\xA8z", {}, "a z"},
                    TextCase{"NotUtf8", "caf\xE9", {}, "caf\xEF\xBF\xBD"},
                    TextCase{"Secret", "key s3cret is bad", {"s3cret"}, "key *** is bad"},
                    TextCase{"SecretTwice", "s3cret, s3cret", {"s3cret"}, "***, ***"},
                    TextCase{"SecretsTouching", "s3crets3cret!", {"s3cret"}, "***!"},
                    TextCase{"SecretsOverlapping", "-abcdef-", {"abcd", "cdef"}, "-***-"},
                    TextCase{"SecretOverlappingItself", "-aaaaaa-", {"aaaa"}, "-***-"},
                    TextCase{"SecretInsideAnother", "-abcdefgh-", {"cdef", "abcdefgh"}, "-***-"},
                    TextCase{
                        "TwoSecrets", "a token b the-key", {"token", "the-key"}, "a *** b ***"},
                    TextCase{"TooShortToBeASecret", "abc", {"", "abc"}, "abc"},
                    TextCase{"SecretOfOtherScript", "密钥 is bad", {"密钥"}, "*** is bad"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(CleanUpstreamTextCut, LongTextIsCutTo256Bytes) {
  EXPECT_EQ(CleanUpstreamText(std::string(100'000, 'x'), {}), std::string(256, 'x'));
}

TEST(CleanUpstreamTextCut, CutsAtACharacterBoundary) {
  const std::string cleaned = CleanUpstreamText(std::string(255, 'x') + "界", {});
  EXPECT_EQ(cleaned, std::string(255, 'x'));
}

TEST(CleanUpstreamTextCut, ReplacementsDoNotMakeItLonger) {
  const std::string cleaned = CleanUpstreamText(std::string(5000, '\xFF'), {});
  EXPECT_LE(cleaned.size(), 256u);
  EXPECT_GE(cleaned.size(), 253u);
  EXPECT_TRUE(IsValidUtf8(cleaned));
}

// Wherever the secret lies, and wherever the cut falls, nothing of it remains.
TEST(CleanUpstreamTextCut, NoPartOfASecretSurvivesAtTheEdge) {
  const std::string secret = "QWERTYUIOPASDFGHJKL";
  for (size_t before = 0; before < 5000; before += before < 300 ? 1 : 61) {
    const std::string text = std::string(before, '.') + secret + std::string(300, '.');
    const std::string cleaned = CleanUpstreamText(text, {secret});
    for (const char c : cleaned) ASSERT_TRUE(c == '.' || c == '*') << before << ": " << cleaned;
  }
}

// A token may be long, and what is read of a text ends somewhere.
TEST(CleanUpstreamTextCut, SecretBehindALotOfThemIsNotShownInPart) {
  const std::string token(4096, 'T');
  std::string text;
  while (text.size() < 40'000) text += token + " ";
  const std::string cleaned = CleanUpstreamText(text, {token});
  EXPECT_EQ(cleaned.find('T'), std::string::npos) << cleaned;
}

struct IdCase {
  std::string_view name;
  std::string id;
  bool kept;
};

class CleanRequestIdTest : public testing::TestWithParam<IdCase> {};

TEST_P(CleanRequestIdTest, KeepsOnlyWhatMayGoIntoMetadata) {
  EXPECT_EQ(CleanRequestId(GetParam().id, {"s3cret"}), GetParam().kept ? GetParam().id : "");
}

INSTANTIATE_TEST_SUITE_P(
    Ids, CleanRequestIdTest,
    testing::Values(IdCase{"Uuid", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", true},
                    IdCase{"One", "7", true}, IdCase{"AllPunctuation", "!\"#$%&'()*+,-./:;~", true},
                    IdCase{"SpaceInside", "a b", true},
                    IdCase{"Longest", std::string(128, 'r'), true}, IdCase{"Empty", "", false},
                    IdCase{"TooLong", std::string(129, 'r'), false},
                    IdCase{"SpaceBefore", " a", false}, IdCase{"SpaceAfter", "a ", false},
                    IdCase{"LineBreak", "a\nb", false}, IdCase{"Nul", std::string("a\0b"sv), false},
                    IdCase{"Tab", "a\tb", false}, IdCase{"Del", "a\x7f", false},
                    IdCase{"NotAscii", "ü", false}, IdCase{"HighByte", "\xFF", false},
                    IdCase{"Secret", "id-s3cret-1", false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace enos::gateway
