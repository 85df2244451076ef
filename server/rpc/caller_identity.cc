#include "server/rpc/caller_identity.h"

#include <grpc/grpc_security_constants.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "server/policy/caller_pattern.h"

namespace enos::gateway {
namespace {

using Identity = std::optional<std::string> (*)(std::string_view name);

void Add(const grpc::AuthContext& context, const char* property, Identity identity_of,
         std::vector<std::string>* identities) {
  for (const grpc::string_ref& name : context.FindPropertyValues(property)) {
    auto identity = identity_of({name.data(), name.size()});
    if (!identity) continue;
    if (std::find(identities->begin(), identities->end(), *identity) == identities->end())
      identities->push_back(*std::move(identity));
  }
}

}  // namespace

std::vector<std::string> CertificateIdentities(const grpc::AuthContext& context) {
  std::vector<std::string> identities;
  Add(context, GRPC_PEER_URI_PROPERTY_NAME, &IdentityOfUri, &identities);
  Add(context, GRPC_PEER_DNS_PROPERTY_NAME, &IdentityOfDnsName, &identities);
  return identities;
}

std::string_view PeerHost(std::string_view peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace enos::gateway
