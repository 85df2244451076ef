#ifndef ENOS_TESTS_WIRE_SUPPORT_CERTIFICATES_H_
#define ENOS_TESTS_WIRE_SUPPORT_CERTIFICATES_H_

#include <openssl/ssl.h>

#include <string>

#include "sandbox/http/http_server.h"
#include "sandbox/http/test_certificates.h"
#include "tests/support/files.h"

namespace enos::gateway::testing {

// One certificate authority for all tests of a process, and its certificate in a temporary file.
class TestAuthority {
 public:
  static const TestAuthority& Instance();

  const std::string& ca_file() const { return ca_file_; }

  // Options of a TLS server with a certificate of this authority; by default one that fits.
  sandbox::HttpServerOptions ServerOptions(const sandbox::TestServerName& name = {}) const;
  // The same for this host name, and for no address.
  sandbox::HttpServerOptions ServerOptionsFor(const std::string& host) const;

 private:
  TestAuthority() = default;

  const sandbox::TestCertificate authority_ = sandbox::MakeTestAuthority("enos test authority");
  const TempFolder folder_;
  const std::string ca_file_ = folder_.Write("ca.pem", authority_.certificate_pem);
};

// Gives OpenSSL this certificate and its private key, both PEM, to show to the other side.
void UseCertificate(SSL_CTX* context, const std::string& certificate_pem,
                    const std::string& private_key_pem);

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_CERTIFICATES_H_
