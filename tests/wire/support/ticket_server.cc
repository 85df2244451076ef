#include "tests/wire/support/ticket_server.h"

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "tests/support/wait.h"
#include "tests/wire/support/certificates.h"

namespace enos::gateway::testing {

TicketServer::TicketServer() : context_(SSL_CTX_new(TLS_server_method())) {
  EXPECT_EQ(SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION), 1);
  const auto certificate = *TestAuthority::Instance().ServerOptions().tls;
  UseCertificate(context_.get(), certificate.certificate_chain_pem, certificate.private_key_pem);
  EXPECT_EQ(listen(port_.socket(), SOMAXCONN), 0);
  acceptor_ = std::thread([this] { Accept(); });
}

TicketServer::~TicketServer() {
  shutdown(port_.socket(), SHUT_RDWR);
  acceptor_.join();
}

void TicketServer::Accept() {
  for (;;) {
    const int connection = accept4(port_.socket(), nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    ++connections_;
    Serve(connection);
    close(connection);
  }
}

void TicketServer::Serve(int connection) {
  constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  const openssl::Session session(SSL_new(context_.get()));
  SSL_set_fd(session.get(), connection);
  if (SSL_accept(session.get()) != 1) return;
  std::string request;
  std::array<char, 4096> buffer{};
  for (;;) {
    const int got = SSL_read(session.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) return;
    request.append(buffer.data(), static_cast<size_t>(got));
    if (request.find("\r\n\r\n{}") == std::string::npos) continue;  // the body of all requests
    request.clear();
    SSL_write(session.get(), kAnswer.data(), static_cast<int>(kAnswer.size()));
    if (!SendTicket(session.get(), connection)) return;
  }
}

bool TicketServer::SendTicket(SSL* session, int connection) {
  if (SSL_new_session_ticket(session) != 1 || SSL_do_handshake(session) != 1) return false;
  int unacknowledged = 1;
  while (unacknowledged > 0) {
    if (ioctl(connection, SIOCOUTQ, &unacknowledged) != 0) return false;
    std::this_thread::yield();
  }
  const std::lock_guard lock(mutex_);
  ++tickets_;
  changed_.notify_all();
  return true;
}

bool TicketServer::WaitForTickets(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kGuard, [&] { return tickets_ >= count; });
}

}  // namespace enos::gateway::testing
