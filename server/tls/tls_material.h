#ifndef ENOS_SERVER_TLS_TLS_MATERIAL_H_
#define ENOS_SERVER_TLS_TLS_MATERIAL_H_

#include <optional>
#include <string>
#include <vector>

#include "server/base/read_file.h"
#include "server/base/scheduler.h"
#include "server/base/secret.h"

namespace enos::gateway {

// What the listener proves itself with, and whom it believes: the contents of three files, all PEM.
struct TlsMaterial {
  Secret certificate;  // the server's, then its intermediates
  Secret key;          // the private key of the first certificate, not encrypted
  // Who signs clients' certificates; none: clients need no certificate.
  std::optional<Secret> client_ca;
};

// The same, as files that are read and watched together (server/reload). A client CA that is not
// named is not among them.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  // empty: none

  std::vector<std::string> Paths() const;
};
TlsMaterial MaterialOf(FileContents contents);
// A copy, wiped with the object.
FileContents ContentsOf(const TlsMaterial& material);

// The most that any of the files may hold.
inline constexpr size_t kMaxTlsFileBytes = 1 << 20;

// Which of the three files is wrong, and why, as the end of a sentence: "it has no certificate".
// Never anything of their contents.
struct TlsProblem {
  enum class In { kCertificate, kKey, kClientCa };
  In in;
  std::string why;
};

// Checks what gRPC would only find out with the first handshake, or not at all, and in the way its
// handshakes use them, by OpenSSL: every PEM block can be read, the key fits the first certificate,
// keys and digests are strong enough for OpenSSL's security level. Whether the certificate is
// expired, or whoever connects would believe it, is not checked. nullopt: it can be used.
std::optional<TlsProblem> FindTlsProblem(const TlsMaterial& material);

// From when to when all certificates of the server's chain are valid.
struct TlsValidity {
  WallTime from;
  WallTime until;
};

// Of material without a problem.
TlsValidity ValidityOf(const TlsMaterial& material);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TLS_TLS_MATERIAL_H_
