#include "server/rpc/caller_identity.h"

#include <arpa/inet.h>
#include <grpc/grpc_security_constants.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "server/base/text.h"
#include "server/identity/caller_name.h"
#include "server/tls/certificate_names.h"

namespace enos::gateway {
namespace {

using Identity = std::optional<std::string> (*)(std::string_view name);

// A certificate has a few KB, and some of its bytes become three here. The server allows this in
// addition to what a caller may send: kMaxMetadataBytesWithFront.
constexpr size_t kMaxEscapedCertificate = 16 << 10;

void AddName(std::string_view name, Identity identity_of, std::vector<std::string>* identities) {
  auto identity = identity_of(name);
  if (!identity) return;
  if (std::find(identities->begin(), identities->end(), *identity) == identities->end())
    identities->push_back(*std::move(identity));
}

void Add(const grpc::AuthContext& context, const char* property, Identity identity_of,
         std::vector<std::string>* identities) {
  for (const grpc::string_ref& name : context.FindPropertyValues(property))
    AddName({name.data(), name.size()}, identity_of, identities);
}

bool IsPort(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::vector<std::string> CertificateIdentities(const grpc::AuthContext& context) {
  std::vector<std::string> identities;
  Add(context, GRPC_PEER_URI_PROPERTY_NAME, &IdentityOfUri, &identities);
  Add(context, GRPC_PEER_DNS_PROPERTY_NAME, &IdentityOfDnsName, &identities);
  return identities;
}

bool IsFront(std::string_view peer) { return peer.substr(0, 5) == "unix:"; }

std::vector<std::string> FrontIdentities(const std::vector<std::string_view>& certificates) {
  std::vector<std::string> identities;
  if (certificates.size() != 1 || certificates.front().size() > kMaxEscapedCertificate) return {};
  const auto pem = PercentDecoded(certificates.front());
  if (!pem) return {};
  const CertificateNames names = NamesOfCertificate(*pem);
  for (const std::string& uri : names.uris) AddName(uri, &IdentityOfUri, &identities);
  for (const std::string& name : names.dns_names) AddName(name, &IdentityOfDnsName, &identities);
  return identities;
}

std::string FrontPeer(const std::vector<std::string_view>& addresses, std::string peer) {
  if (addresses.size() != 1 || addresses.front().size() >= INET6_ADDRSTRLEN) return peer;
  const std::string address(addresses.front());
  in6_addr parsed{};
  if (::inet_pton(AF_INET, address.c_str(), &parsed) == 1) return "ipv4:" + address;
  if (::inet_pton(AF_INET6, address.c_str(), &parsed) == 1) return "ipv6:%5B" + address + "%5D";
  return peer;
}

std::string_view PeerHost(std::string_view peer) {
  const size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos || !IsPort(peer.substr(colon + 1))) return peer;
  return peer.substr(0, colon);
}

}  // namespace enos::gateway
