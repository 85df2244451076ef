#ifndef ENOS_SERVER_RPC_CALLER_IDENTITY_H_
#define ENOS_SERVER_RPC_CALLER_IDENTITY_H_

#include <grpcpp/security/auth_context.h>

#include <string>
#include <string_view>
#include <vector>

namespace enos::gateway {

// The identities in a connection's client certificate, without duplicates: its URIs, then its DNS
// names (see CallerPattern). None without TLS or a certificate. gRPC has verified the certificate,
// because our server either requests certificates with verification or not at all. The common name
// is not an identity, because certificate authorities vouch only for the other names.
std::vector<std::string> CertificateIdentities(const grpc::AuthContext& context);

// What a proxy at the front socket says about a call's caller, in metadata. It sets both on every
// call, so that nothing its own callers send under these names gets through. On other connections
// they mean nothing.
inline constexpr char kFrontCertificateKey[] = "x-enos-client-cert";
inline constexpr char kFrontPeerKey[] = "x-forwarded-for";

// Whether a call came through the front socket, judged by gRPC's name of its peer: gRPC derives it
// from the connection's address family, so no TCP connection can have it.
bool IsFront(std::string_view peer);

// The identities in the client certificate that the proxy verified, as if gRPC had verified it. The
// values of kFrontCertificateKey: one, the certificate in PEM, percent-encoded (nginx's
// $ssl_client_escaped_cert). None if it is anything else.
std::vector<std::string> FrontIdentities(const std::vector<std::string_view>& certificates);

// gRPC's name of a peer at the IP address that the proxy names, without a port: "ipv4:10.0.0.7".
// `peer` if the values of kFrontPeerKey are not a single address.
std::string FrontPeer(const std::vector<std::string_view>& addresses, std::string peer);

// The host in gRPC's name of a peer, without its port: "ipv4:10.0.0.7:51644" is "ipv4:10.0.0.7".
std::string_view PeerHost(std::string_view peer);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_CALLER_IDENTITY_H_
