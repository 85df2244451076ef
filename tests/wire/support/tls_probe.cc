#include "tests/wire/support/tls_probe.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "server/tls/openssl_handles.h"
#include "tests/support/wait.h"
#include "tests/wire/support/certificates.h"

namespace enos::gateway::testing {
namespace {

namespace asio = boost::asio;

using openssl::Bio;
using openssl::Certificate;
using openssl::Context;
using openssl::Session;

Context MakeContext(const TlsProbeOptions& options) {
  Context context(SSL_CTX_new(TLS_client_method()));
  // Else OpenSSL itself, not the server, would refuse what is old.
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  if (options.max_version != 0) SSL_CTX_set_max_proto_version(context.get(), options.max_version);
  if (!options.ciphers.empty()) {
    EXPECT_EQ(SSL_CTX_set_cipher_list(context.get(), options.ciphers.c_str()), 1);
  }
  if (options.client) {
    UseCertificate(context.get(), options.client->certificate_pem, options.client->private_key_pem);
  }
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  if (options.http2) SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof(kHttp2));
  return context;
}

std::string LastError() {
  const char* const reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return reason == nullptr ? "closed" : reason;
}

std::string ServerCertificate(const SSL* session) {
  const Certificate certificate(SSL_get1_peer_certificate(session));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (certificate == nullptr || PEM_write_bio_X509(bio.get(), certificate.get()) != 1) return "";
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

// An HTTP/2 server speaks first. So nothing is sent, which might meet a closed socket, whose reset
// would overtake the alert.
bool IsServed(SSL* session) {
  char byte = 0;
  return SSL_read(session, &byte, 1) == 1;
}

}  // namespace

TlsProbeResult ProbeTls(const std::string& address, const TlsProbeOptions& options) {
  const auto port = static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)));
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  const timeval guard{kGuard.count(), 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));

  const Context context = MakeContext(options);
  const Session session(SSL_new(context.get()));
  SSL_set_fd(session.get(), socket.native_handle());
  int connected = 0;
  do {  // libuv's io_uring interrupts the thread that made it, too
    ERR_clear_error();
    errno = 0;
    connected = SSL_connect(session.get());
  } while (connected < 0 && errno == EINTR);
  TlsProbeResult result;
  if (connected == 1) {
    result.version = SSL_get_version(session.get());
    result.cipher = SSL_get_cipher_name(session.get());
    result.certificate = ServerCertificate(session.get());
    result.served = IsServed(session.get());
  }
  if (!result.served) result.error = LastError();
  return result;
}

}  // namespace enos::gateway::testing
