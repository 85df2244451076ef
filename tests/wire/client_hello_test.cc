// What the HTTP client offers in a TLS handshake, as read off the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The first record that arrives on a connection to this port.
std::string FirstRecord(int listener) {
  const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  std::array<char, 4096> buffer{};
  const ssize_t got = recv(connection, buffer.data(), buffer.size(), 0);
  close(connection);
  return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

// Over HTTP/2 a refused stream cannot be told from a lost one, and libcurl would open another by
// itself.
TEST(ClientHello, OffersHttp11AndNotHttp2) {
  const RefusingPort port;
  ASSERT_EQ(listen(port.socket(), 1), 0);
  ClientOnLoop client("https://" + port.host_and_port());
  Transfer transfer = client.Start(Post("/"));
  const std::string hello = FirstRecord(port.socket());
  ASSERT_THAT(hello, HasSubstr("\x08http/1.1"));  // ALPN: the length, then the name
  EXPECT_THAT(hello, Not(HasSubstr("\x02h2")));
  EXPECT_EQ(Await(transfer.result).end, TransferEnd::kTlsFailed);
}

}  // namespace
}  // namespace enos::gateway::testing
