#include "tests/wire/support/old_tls_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/wire/support/certificates.h"

namespace enos::gateway::testing {
OldTlsServer::OldTlsServer(const sandbox::TlsOptions& certificate, int max_version)
    : context_(SSL_CTX_new(TLS_server_method())) {
  // Else OpenSSL would refuse to serve what is old.
  SSL_CTX_set_security_level(context_.get(), 0);
  EXPECT_EQ(SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION), 1);
  EXPECT_EQ(SSL_CTX_set_max_proto_version(context_.get(), max_version), 1);
  UseCertificate(context_.get(), certificate.certificate_chain_pem, certificate.private_key_pem);
  EXPECT_EQ(listen(port_.socket(), SOMAXCONN), 0);
  acceptor_ = std::thread([this] { Accept(); });
}

OldTlsServer::~OldTlsServer() {
  shutdown(port_.socket(), SHUT_RDWR);
  acceptor_.join();
}

// One after the other: these tests connect once at a time.
void OldTlsServer::Accept() {
  for (;;) {
    const int connection = accept4(port_.socket(), nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    Serve(connection);
    close(connection);
  }
}

void OldTlsServer::Serve(int connection) {
  const openssl::Session session(SSL_new(context_.get()));
  SSL_set_fd(session.get(), connection);
  if (SSL_accept(session.get()) != 1) return;
  ++handshakes_;
  SSL_write(session.get(), "x", 1);
  SSL_shutdown(session.get());
}

}  // namespace enos::gateway::testing
