#include "sandbox/enos/signature.h"

#include <gtest/gtest.h>

#include "sandbox/enos/sha256.h"

namespace enos::sandbox {
namespace {

TEST(Sha256Hex, OfTheStandardsExample) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ExpectedSignature, OfTheWorkedExample) {
  const Query query = {{"k3", "v3"}, {"k1", "v1"}, {"k2", "v2"}};
  const SignedParts parts{"xxxxaaaxxxx", query, R"({"count":20,"page":1,"desc":"description"})",
                          "1572574909697"};
  EXPECT_EQ(ExpectedSignature(parts, "xxxappSecretxxx"),
            "41a6685e7d044aeb864bd6b24d90614117c638f2d94627ea5dfe5c24746850de");
}

TEST(ExpectedSignature, SortsByNameInAsciiOrder) {
  const Query query = {{"b", "1"}, {"a", "2"}, {"B", "3"}};
  EXPECT_EQ(ExpectedSignature({"t", query, "body", "5"}, "s"), Sha256Hex("tB3a2b1body5s"));
}

}  // namespace
}  // namespace enos::sandbox
