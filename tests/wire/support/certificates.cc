#include "tests/wire/support/certificates.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace enos::gateway::testing {
namespace {

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;

Bio Reader(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

}  // namespace

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
  const Bio certificate_text = Reader(certificate_pem);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr), &X509_free);
  const Bio key_text = Reader(private_key_pem);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  EXPECT_EQ(SSL_CTX_use_certificate(context, certificate.get()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context, key.get()), 1);
}

}  // namespace enos::gateway::testing
