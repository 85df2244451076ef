#include "server/base/listening_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/files.h"

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

class ListeningSocketFile : public testing::Test {
 protected:
  const TempFolder folder_;
};

TEST_F(ListeningSocketFile, IsForUserAndGroup_AndGoesWithTheSocket) {
  const std::string path = folder_.path("s");
  ListeningSocket socket;
  ASSERT_FALSE(socket.ListenAt(path));
  struct stat about{};
  ASSERT_EQ(::lstat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0660U);
  ListeningSocket second;
  EXPECT_EQ(second.ListenAt(path), std::errc::address_in_use);
  socket.Close();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ListeningSocketFile, OneThatWasLeftBehind_IsReplaced) {
  const std::string path = folder_.path("s");
  // As a killed process leaves it.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  const int gone = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(gone, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(gone);
  ListeningSocket socket;
  EXPECT_FALSE(socket.ListenAt(path));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ListeningSocketFile, WhatIsNoSocket_StaysAndIsAnError) {
  const std::string path = folder_.path("file");
  std::ofstream(path) << "text";
  std::filesystem::create_symlink(folder_.path("s"), folder_.path("link"));
  ListeningSocket socket;
  for (const std::string& taken : {path, folder_.path(), folder_.path("link")})
    EXPECT_EQ(socket.ListenAt(taken), std::errc::not_a_socket) << taken;
  EXPECT_EQ(std::filesystem::file_size(path), 4U);
  EXPECT_EQ(socket.ListenAt(folder_.path("no/s")), std::errc::no_such_file_or_directory);
  EXPECT_EQ(socket.ListenAt("/" + std::string(107, 'x')), std::errc::filename_too_long);
}

}  // namespace
}  // namespace enos::gateway
