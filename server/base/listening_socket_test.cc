#include "server/base/listening_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace enos::gateway {
namespace {

bool CanConnect(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.sin_port = htons(port);
  const bool connected =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0;
  ::close(fd);
  return connected;
}

class ListeningSocketHosts : public testing::TestWithParam<std::string> {};

TEST_P(ListeningSocketHosts, TakeConnectionsOverIpv4) {
  ListeningSocket socket;
  ASSERT_FALSE(socket.Listen(GetParam(), 0));
  EXPECT_NE(socket.port(), 0);
  EXPECT_TRUE(CanConnect(socket.port()));
  socket.Close();
  EXPECT_FALSE(CanConnect(socket.port()));
}

INSTANTIATE_TEST_SUITE_P(All, ListeningSocketHosts,
                         testing::Values("127.0.0.1", "localhost", "0.0.0.0", "::"));

TEST(ListeningSocket, APortThatIsTakenIsNotShared) {
  ListeningSocket first;
  ASSERT_FALSE(first.Listen("127.0.0.1", 0));
  ListeningSocket second;
  EXPECT_EQ(second.Listen("127.0.0.1", first.port()), std::errc::address_in_use);
  EXPECT_EQ(second.fd(), -1);
}

TEST(ListeningSocket, AnAddressOfAnotherMachineIsAnError) {
  ListeningSocket socket;
  EXPECT_EQ(socket.Listen("192.0.2.1", 0), std::errc::address_not_available);
}

TEST(ListeningSocket, ANameIsAnError) {
  ListeningSocket socket;
  EXPECT_EQ(socket.Listen("example.com", 0), std::errc::invalid_argument);
}

}  // namespace
}  // namespace enos::gateway
