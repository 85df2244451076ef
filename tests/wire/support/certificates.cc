#include "tests/wire/support/certificates.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "server/tls/openssl_handles.h"

namespace enos::gateway::testing {
const TestAuthority& TestAuthority::Instance() {
  static const TestAuthority authority;
  return authority;
}

sandbox::HttpServerOptions TestAuthority::ServerOptions(const sandbox::TestServerName& name) const {
  const auto certificate = sandbox::MakeTestServerCertificate(authority_, name);
  sandbox::HttpServerOptions options;
  options.tls = sandbox::TlsOptions{certificate.certificate_pem, certificate.private_key_pem};
  return options;
}

sandbox::HttpServerOptions TestAuthority::ServerOptionsFor(const std::string& host) const {
  sandbox::TestServerName name;
  name.dns_names = {host};
  name.ip_addresses.clear();
  return ServerOptions(name);
}

void UseCertificate(SSL_CTX* context, const std::string& certificate_pem,
                    const std::string& private_key_pem) {
  const openssl::Bio certificate_text = openssl::Reader(certificate_pem);
  const openssl::Certificate certificate(
      PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
  const openssl::Bio key_text = openssl::Reader(private_key_pem);
  const openssl::Key key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  EXPECT_EQ(SSL_CTX_use_certificate(context, certificate.get()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context, key.get()), 1);
}

}  // namespace enos::gateway::testing
