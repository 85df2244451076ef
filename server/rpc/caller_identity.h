#ifndef ENOS_SERVER_RPC_CALLER_IDENTITY_H_
#define ENOS_SERVER_RPC_CALLER_IDENTITY_H_

#include <grpcpp/security/auth_context.h>

#include <string>
#include <string_view>
#include <vector>

namespace enos::gateway {

// The identities of a connection's client certificate, each once: its URIs, then its DNS names (see
// CallerPattern). None without TLS or a certificate. gRPC has verified the certificate where the
// server asks for one with verification, as ours does or asks for none. Its common name is nobody:
// who issues certificates checks the other names.
std::vector<std::string> CertificateIdentities(const grpc::AuthContext& context);

// The host of gRPC's name of a peer, without its port: "ipv4:10.0.0.7:51644" is "ipv4:10.0.0.7".
std::string_view PeerHost(std::string_view peer);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_CALLER_IDENTITY_H_
