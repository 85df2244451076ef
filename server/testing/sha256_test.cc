#include "server/testing/sha256.h"

#include <gtest/gtest.h>

namespace enos::gateway {
namespace {

// FIPS 180-2, appendix B.1.
TEST(IndependentSha256Hex, ExampleOfTheStandard_HasItsDigest) {
  EXPECT_EQ(IndependentSha256Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace enos::gateway
