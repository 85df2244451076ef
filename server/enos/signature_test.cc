#include "server/enos/signature.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <thread>

namespace enos::gateway {
namespace {

// Known answers of FIPS 180-2, appendix B.
TEST(Sha256HexTest, GivesTheStandardsKnownAnswers) {
  EXPECT_EQ(Sha256Hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex({"abc"}), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex({"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"}),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex({std::string(1'000'000, 'a')}),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256HexTest, PartsCountAsOneText) {
  EXPECT_EQ(Sha256Hex({"a", "", "b", std::string_view(), "c"}), Sha256Hex({"abc"}));
}

TEST(Sha256HexTest, EachThreadAndEachCallStartsAfresh) {
  const std::string expected = Sha256Hex({"abc"});
  std::string other;
  std::thread([&other] { other = Sha256Hex({"abc"}); }).join();
  EXPECT_EQ(other, expected);
  EXPECT_EQ(Sha256Hex({"abc"}), expected);
}

TEST(SignCallTest, GivesTheWorkedExampleOfTheFactSheet) {
  EXPECT_EQ(SignCall("xxxxaaaxxxx", "k1v1k2v2k3v3", R"({"count":20,"page":1,"desc":"description"})",
                     1572574909697, "xxxappSecretxxx"),
            "41a6685e7d044aeb864bd6b24d90614117c638f2d94627ea5dfe5c24746850de");
}

TEST(SignCallTest, EveryPartCounts) {
  const std::string base = SignCall("t", "q", "b", 1, "s");
  EXPECT_NE(SignCall("T", "q", "b", 1, "s"), base);
  EXPECT_NE(SignCall("t", "Q", "b", 1, "s"), base);
  EXPECT_NE(SignCall("t", "q", "B", 1, "s"), base);
  EXPECT_NE(SignCall("t", "q", "b", 2, "s"), base);
  EXPECT_NE(SignCall("t", "q", "b", 1, "S"), base);
}

TEST(SignCallTest, LongestTimestampsAreWrittenInFull) {
  EXPECT_EQ(SignCall("t", "q", "b", INT64_MIN, "s"), Sha256Hex({"tqb-9223372036854775808s"}));
  EXPECT_EQ(SignCall("t", "q", "b", INT64_MAX, "s"), Sha256Hex({"tqb9223372036854775807s"}));
}

TEST(SignTokenRequestTest, CoversKeyTimestampAndSecretInThisOrder) {
  // printf '%s' my-access-key1572574909697my-secret-key | sha256sum
  EXPECT_EQ(SignTokenRequest("my-access-key", 1572574909697, "my-secret-key"),
            "0bf539e28b7c3ab6d3f8104d91d486bad2ddabfa8ae47d80a69b121edb19fb73");
}

}  // namespace
}  // namespace enos::gateway
