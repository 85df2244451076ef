#include "server/rpc/caller_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <cstdlib>
#include <map>
#include <utility>

#include "sandbox/http/test_certificates.h"

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

std::string Escaped(const std::string& text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == '\n' || c == ' ' || c == '+' || c == '/') {
      escaped += '%';
      escaped += kDigits[c / 16];
      escaped += kDigits[c % 16];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

struct CertificateCase {
  std::string name;
  sandbox::TestClientName names;
  std::vector<std::string> identities;
};

sandbox::TestClientName Named(std::vector<std::string> uris, std::vector<std::string> dns_names) {
  sandbox::TestClientName name;
  name.uris = std::move(uris);
  name.dns_names = std::move(dns_names);
  return name;
}

class FrontCertificate : public testing::TestWithParam<CertificateCase> {};

// The identities match those of UrisThenDnsNames_EachOnce: gRPC finds the same names.
TEST_P(FrontCertificate, HasTheIdentitiesOfADirectOne) {
  const auto authority = sandbox::MakeTestAuthority("test");
  const auto certificate = sandbox::MakeTestClientCertificate(authority, GetParam().names);
  const std::string escaped = Escaped(certificate.certificate_pem);
  EXPECT_EQ(FrontIdentities({escaped}), GetParam().identities);
  EXPECT_THAT(FrontIdentities({escaped, escaped}), IsEmpty());
  EXPECT_THAT(FrontIdentities({escaped + escaped}), IsEmpty());
  EXPECT_THAT(FrontIdentities({escaped.substr(0, escaped.size() / 2)}), IsEmpty());
  EXPECT_THAT(FrontIdentities({escaped + "%"}), IsEmpty());
  EXPECT_THAT(FrontIdentities({escaped + std::string(16 << 10, ' ')}), IsEmpty());
}

sandbox::TestClientName Expired() {
  sandbox::TestClientName name = Named({"spiffe://prod/ns/a"}, {});
  name.valid_until = -absl::Minutes(1);
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    All, FrontCertificate,
    testing::Values(
        CertificateCase{"Uri", Named({"spiffe://prod/ns/a"}, {}), {"uri:spiffe://prod/ns/a"}},
        CertificateCase{"Dns", Named({}, {"Batch.Example", "*.example"}), {"dns:batch.example"}},
        CertificateCase{"Both",
                        Named({"spiffe://b", "spiffe://a", "spiffe://b"}, {"x.test", "x.test"}),
                        {"uri:spiffe://b", "uri:spiffe://a", "dns:x.test"}},
        CertificateCase{"None", Named({}, {}), {}},
        // Whoever verified it has checked that.
        CertificateCase{"Expired", Expired(), {"uri:spiffe://prod/ns/a"}}),
    [](const auto& test) { return test.param.name; });

TEST(FrontIdentities, WhatIsNoCertificate_IsNobody) {
  for (const std::string& text :
       {std::string(), std::string("nonsense"), std::string("%41"),
        std::string("-----BEGIN CERTIFICATE-----%0AAAAA%0A-----END CERTIFICATE-----%0A")}) {
    EXPECT_THAT(FrontIdentities({text}), IsEmpty()) << text;
  }
  EXPECT_THAT(FrontIdentities({}), IsEmpty());
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(FrontPeer, IsOneIpAddress_OrNothingNew) {
  EXPECT_EQ(FrontPeer({"10.0.0.7"}, "unix:"), "ipv4:10.0.0.7");
  EXPECT_EQ(FrontPeer({"2001:db8::1"}, "unix:"), "ipv6:%5B2001:db8::1%5D");
  for (const std::vector<std::string_view>& bad : std::vector<std::vector<std::string_view>>{
           {}, {""}, {"10.0.0.7", "10.0.0.8"}, {"10.0.0.7, 10.0.0.8"}, {"host"}, {"10.0.0.7:1"}}) {
    EXPECT_EQ(FrontPeer(bad, "unix:"), "unix:");
  }
}

TEST(IsFront, UnixSocketsOnly) {
  EXPECT_TRUE(IsFront("unix:"));
  EXPECT_FALSE(IsFront("ipv4:127.0.0.1:1"));
  EXPECT_FALSE(IsFront(""));
}

TEST(PeerHost, PortIsLeftOut) {
  EXPECT_EQ(PeerHost("ipv4:10.0.0.7:51644"), "ipv4:10.0.0.7");
  EXPECT_EQ(PeerHost("ipv6:%5B::1%5D:51644"), "ipv6:%5B::1%5D");
  EXPECT_EQ(PeerHost("unknown"), "unknown");
  // In the front's format: no port.
  EXPECT_EQ(PeerHost("ipv4:10.0.0.7"), "ipv4:10.0.0.7");
  EXPECT_EQ(PeerHost("ipv6:%5B::1%5D"), "ipv6:%5B::1%5D");
  EXPECT_EQ(PeerHost("unix:"), "unix:");
}

}  // namespace
}  // namespace enos::gateway
