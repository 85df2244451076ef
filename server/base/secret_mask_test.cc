#include "server/base/secret_mask.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace enos::gateway {
namespace {

struct MaskCase {
  const char* name;
  std::vector<std::string> secrets;
  std::string text;
  std::string masked;
};

class SecretMaskTable : public testing::TestWithParam<MaskCase> {};

TEST_P(SecretMaskTable, KnownSecretsAreReplaced) {
  SecretMask mask;
  for (const std::string& secret : GetParam().secrets) mask.Register(secret, SecretLife::kRotating);
  std::string text = GetParam().text;
  mask.Apply(&text);
  EXPECT_EQ(text, GetParam().masked);
}

INSTANTIATE_TEST_SUITE_P(
    All, SecretMaskTable,
    testing::Values(
        MaskCase{"NothingKnown", {}, "token abcdef", "token abcdef"},
        MaskCase{"Once", {"abcdef"}, "token abcdef!", "token ***!"},
        MaskCase{"Twice", {"abcdef"}, "abcdef,abcdef", "***,***"},
        MaskCase{"NotThere", {"abcdef"}, "abcde", "abcde"},
        MaskCase{"PrefixOfAnotherFirst", {"abcd", "abcdefgh"}, "x abcdefgh y", "x *** y"},
        MaskCase{"PrefixOfAnotherLast", {"abcdefgh", "abcd"}, "x abcdefgh y", "x *** y"},
        MaskCase{"Overlapping", {"abcdef", "defghi"}, "x abcdefghi y", "x *** y"},
        MaskCase{"RepeatsItself", {"ababab"}, "x abababab y", "x *** y"},
        MaskCase{"Touching", {"abcdef"}, "x abcdefabcdef y", "x *** y"},
        MaskCase{"TooShortIsNotTaken", {"abc", ""}, "abc", "abc"},
        MaskCase{"EmptyText", {"abcdef"}, "", ""}),
    [](const auto& param) { return param.param.name; });

TEST(SecretMask, MoreTokensThanRoom_OldestIsForgotten) {
  SecretMask mask;
  mask.Register("token-first", SecretLife::kRotating);
  mask.Register("token-again", SecretLife::kRotating);
  for (size_t i = 0; i + 1 < SecretMask::kMaxRotating; ++i) {
    mask.Register("filler-" + std::to_string(i), SecretLife::kRotating);
    mask.Register("token-again", SecretLife::kRotating);
  }
  std::string text = "token-first token-again filler-0";
  mask.Apply(&text);
  EXPECT_EQ(text, "token-first *** ***");
}

TEST(SecretMask, AnyNumberOfTokens_KeyStaysKnown) {
  SecretMask mask;
  mask.Register("the-key", SecretLife::kForever);
  for (int i = 0; i < 1000; ++i) mask.Register("token-" + std::to_string(i), SecretLife::kRotating);
  std::string text = "the-key token-999";
  mask.Apply(&text);
  EXPECT_EQ(text, "*** ***");
}

}  // namespace
}  // namespace enos::gateway
