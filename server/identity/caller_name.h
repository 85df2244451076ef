#ifndef ENOS_SERVER_IDENTITY_CALLER_NAME_H_
#define ENOS_SERVER_IDENTITY_CALLER_NAME_H_

#include <optional>
#include <string>
#include <string_view>

namespace enos::gateway {

// How callers are named, in the policy and in the log. The first part says who vouches for the
// name, so that a token's subject cannot look like a certificate's:
//
//   uri:spiffe://prod.example/ns/batch/sa/nightly      a URI of the client certificate
//   dns:batch.example                                  a DNS name of it
//   sub:system:serviceaccount:batch:nightly            the subject (sub) of a bearer token
inline constexpr std::string_view kUriPrefix = "uri:";
inline constexpr std::string_view kDnsPrefix = "dns:";
inline constexpr std::string_view kSubjectPrefix = "sub:";

// Longer names are not accepted as identities.
inline constexpr size_t kMaxIdentityBytes = 1024;

// The identity for a name in a client certificate; nullopt if it does not name a single caller:
// empty or too long, and DNS names with "*".
std::optional<std::string> IdentityOfUri(std::string_view uri);
std::optional<std::string> IdentityOfDnsName(std::string_view name);

// Whether a name contains nothing that a reader of the policy or of the log could not see: no
// spaces, no control characters.
bool IsPlainName(std::string_view name);

// Whether the characters are allowed in DNS names, including underscores.
bool HasDnsNameCharacters(std::string_view name);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_IDENTITY_CALLER_NAME_H_
