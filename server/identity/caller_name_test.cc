#include "server/identity/caller_name.h"

#include <gtest/gtest.h>

namespace enos::gateway {
namespace {

TEST(Identity, CertificateNames_AreMarkedByKind) {
  EXPECT_EQ(IdentityOfUri("spiffe://prod/ns/A"), "uri:spiffe://prod/ns/A");
  EXPECT_EQ(IdentityOfDnsName("Batch.Example"), "dns:batch.example");
}

TEST(Identity, NamesOfNobody_AreNone) {
  EXPECT_EQ(IdentityOfUri(""), std::nullopt);
  EXPECT_EQ(IdentityOfUri("spiffe://a b"), std::nullopt);
  EXPECT_EQ(IdentityOfUri(std::string(1021, 'a')), std::nullopt);
  EXPECT_EQ(IdentityOfDnsName(""), std::nullopt);
  EXPECT_EQ(IdentityOfDnsName("*.example"), std::nullopt);
}

}  // namespace
}  // namespace enos::gateway
