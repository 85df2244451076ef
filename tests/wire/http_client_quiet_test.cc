// Whether a kept-alive connection is quiet, byte by byte of what may have arrived over TLS.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "server/http/quiet_connection.h"
#include "tests/wire/support/certificates.h"

namespace enos::gateway::testing {
namespace {

using Session = std::unique_ptr<SSL, void (*)(SSL*)>;
using Context = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

// A session whose client is on a socket, and whose server's records the test delivers itself.
class TlsPair {
 public:
  TlsPair() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()),
              0);
    const auto certificate = *TestAuthority::Instance().ServerOptions().tls;
    UseCertificate(server_context_.get(), certificate.certificate_chain_pem,
                   certificate.private_key_pem);
    server_.reset(SSL_new(server_context_.get()));  // with the certificate
    SSL_set_bio(server_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_fd(client_.get(), ends_[0]);
    SSL_set_connect_state(client_.get());
    SSL_set_accept_state(server_.get());
    for (int i = 0; i < 10 && !IsEstablished(); ++i) Step();
    EXPECT_TRUE(IsEstablished());
    Deliver(Written());
    char byte = 0;
    EXPECT_LE(SSL_read(client_.get(), &byte, 1), 0);  // reads the first tickets
  }
  ~TlsPair() {
    for (const int end : ends_) ::close(end);
  }
  TlsPair(const TlsPair&) = delete;
  TlsPair& operator=(const TlsPair&) = delete;

  bool IsQuiet() { return gateway::IsQuiet(ends_[0], client_.get()); }

  // What the server sends, not delivered yet.
  std::string Data(const std::string& text) {
    SSL_write(server_.get(), text.data(), static_cast<int>(text.size()));
    return Written();
  }
  std::string Ticket() {
    EXPECT_EQ(SSL_new_session_ticket(server_.get()), 1);
    EXPECT_EQ(SSL_do_handshake(server_.get()), 1);
    return Written();
  }
  std::string CloseNotify() {
    SSL_shutdown(server_.get());
    return Written();
  }

  void Deliver(const std::string& bytes) const {
    EXPECT_EQ(::send(ends_[1], bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void Close() const { ::shutdown(ends_[1], SHUT_RDWR); }

 private:
  bool IsEstablished() {
    return SSL_is_init_finished(client_.get()) == 1 && SSL_is_init_finished(server_.get()) == 1;
  }
  void Step() {
    SSL_do_handshake(client_.get());
    std::array<char, 16384> buffer{};
    const ssize_t got = ::recv(ends_[1], buffer.data(), buffer.size(), 0);
    if (got > 0) BIO_write(SSL_get_rbio(server_.get()), buffer.data(), static_cast<int>(got));
    SSL_do_handshake(server_.get());
    Deliver(Written());
    SSL_do_handshake(client_.get());
  }
  std::string Written() {
    std::string bytes(16384, '\0');
    const int size = BIO_read(SSL_get_wbio(server_.get()), bytes.data(), 16384);
    bytes.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return bytes;
  }

  std::array<int, 2> ends_{-1, -1};
  Context client_context_{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
  Context server_context_{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
  Session client_{SSL_new(client_context_.get()), &SSL_free};
  Session server_{nullptr, &SSL_free};
};

TEST(QuietConnection, NothingOrTicketsHaveCome_ItIs) {
  TlsPair pair;
  EXPECT_TRUE(pair.IsQuiet());
  pair.Deliver(pair.Ticket());
  EXPECT_TRUE(pair.IsQuiet());
  EXPECT_TRUE(pair.IsQuiet());
}

TEST(QuietConnection, DataAfterATicket_ItIsNot) {
  TlsPair pair;
  pair.Deliver(pair.Ticket() + pair.Data("HTTP/1.1 429 x"));
  EXPECT_FALSE(pair.IsQuiet());
}

TEST(QuietConnection, EndOfSessionOrConnection_ItIsNot) {
  TlsPair said;
  said.Deliver(said.CloseNotify());
  EXPECT_FALSE(said.IsQuiet());
  const auto closed = std::make_unique<TlsPair>();
  closed->Close();
  EXPECT_FALSE(closed->IsQuiet());
}

// The rest may arrive after the next request, and would be taken for its answer.
TEST(QuietConnection, AnyPartOfARecord_ItIsNot) {
  const size_t size = TlsPair().Data("HTTP/1.1 429 x").size();
  for (size_t part = 1; part <= size; ++part) {
    TlsPair pair;
    pair.Deliver(pair.Data("HTTP/1.1 429 x").substr(0, part));
    EXPECT_FALSE(pair.IsQuiet()) << part << " bytes of " << size;
    EXPECT_FALSE(pair.IsQuiet()) << part << " bytes of " << size << ", looked at again";
  }
}

}  // namespace
}  // namespace enos::gateway::testing
