#include "server/rpc/caller_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What gRPC found in a connection's certificate.
class Properties : public grpc::AuthContext {
 public:
  void Add(const char* name, std::string value) { values_.emplace(name, std::move(value)); }

  bool IsPeerAuthenticated() const override { return true; }
  std::vector<grpc::string_ref> GetPeerIdentity() const override { return {}; }
  std::string GetPeerIdentityPropertyName() const override { return ""; }
  std::vector<grpc::string_ref> FindPropertyValues(const std::string& name) const override {
    std::vector<grpc::string_ref> found;
    const auto [first, last] = values_.equal_range(name);
    for (auto value = first; value != last; ++value) found.emplace_back(value->second);
    return found;
  }
  grpc::AuthPropertyIterator begin() const override { std::abort(); }  // not called
  grpc::AuthPropertyIterator end() const override { std::abort(); }
  void AddProperty(const std::string&, const grpc::string_ref&) override {}
  bool SetPeerIdentityPropertyName(const std::string&) override { return false; }

 private:
  std::multimap<std::string, std::string> values_;
};

TEST(CertificateIdentities, UrisThenDnsNames_EachOnce) {
  Properties properties;
  properties.Add("peer_dns", "Batch.Example");
  properties.Add("peer_dns", "*.example");
  properties.Add("peer_uri", "spiffe://prod/ns/a");
  properties.Add("peer_uri", "spiffe://prod/ns/a");
  properties.Add("peer_spiffe_id", "spiffe://prod/ns/a");
  properties.Add("peer_ip", "10.0.0.7");
  properties.Add("x509_common_name", "somebody");
  EXPECT_THAT(CertificateIdentities(properties),
              ElementsAre("uri:spiffe://prod/ns/a", "dns:batch.example"));
}

TEST(CertificateIdentities, CommonNameAlone_IsNobody) {
  Properties properties;
  properties.Add("x509_common_name", "batch.example");
  EXPECT_THAT(CertificateIdentities(properties), IsEmpty());
}

TEST(PeerHost, PortIsLeftOut) {
  EXPECT_EQ(PeerHost("ipv4:10.0.0.7:51644"), "ipv4:10.0.0.7");
  EXPECT_EQ(PeerHost("ipv6:%5B::1%5D:51644"), "ipv6:%5B::1%5D");
  EXPECT_EQ(PeerHost("unknown"), "unknown");
}

}  // namespace
}  // namespace enos::gateway
