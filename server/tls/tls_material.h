#ifndef ENOS_SERVER_TLS_TLS_MATERIAL_H_
#define ENOS_SERVER_TLS_TLS_MATERIAL_H_

#include <optional>
#include <string>
#include <vector>

#include "server/base/read_file.h"
#include "server/base/scheduler.h"
#include "server/base/secret.h"

namespace enos::gateway {

// What the listener identifies itself with, and whom it trusts: the contents of three files, all
// PEM.
struct TlsMaterial {
  Secret certificate;  // the server's, then its intermediates
  Secret key;          // the private key of the first certificate, not encrypted
  // Who signs clients' certificates; none: clients need no certificate.
  std::optional<Secret> client_ca;
};

// The same, as files that are read and watched together (server/reload). A client CA that is not
// configured is not among them.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  // empty: none

  std::vector<std::string> Paths() const;
};
TlsMaterial MaterialOf(FileContents contents);
// A copy, wiped with the object.
FileContents ContentsOf(const TlsMaterial& material);

// The maximum size of each file.
inline constexpr size_t kMaxTlsFileBytes = 1 << 20;

// Which of the three files is wrong, and why, as the end of a sentence: "it has no certificate".
// Never any of their contents.
struct TlsProblem {
  enum class In { kCertificate, kKey, kClientCa };
  In in;
  std::string why;
};

// Checks what gRPC would only find out at the first handshake, or not at all, using OpenSSL in the
// same way as its handshakes do: every PEM block can be read, the key matches the first
// certificate, keys and digests are strong enough for OpenSSL's security level. Not checked:
// whether the certificate is expired, or whether clients would trust it. nullopt: it can be used.
std::optional<TlsProblem> FindTlsProblem(const TlsMaterial& material);

// The period in which all certificates of the server's chain are valid.
struct TlsValidity {
  WallTime from;
  WallTime until;
};

// For material without a problem.
TlsValidity ValidityOf(const TlsMaterial& material);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TLS_TLS_MATERIAL_H_
