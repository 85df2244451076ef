#include "server/listener/held_writes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace enos::gateway {
namespace {

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  bool IsHeld() const {
    int cork = -1;
    socklen_t size = sizeof(cork);
    EXPECT_EQ(::getsockopt(fd_, IPPROTO_TCP, TCP_CORK, &cork, &size), 0);
    return cork == 1;
  }

 private:
  int fd_;
};

TEST(HeldWrites, SocketIsHeld_UntilRelease) {
  const Socket one;
  const Socket other;
  const Socket untouched;
  HeldWrites writes;
  writes.Hold(one.fd());
  writes.Hold(other.fd());
  writes.Hold(one.fd());
  EXPECT_TRUE(one.IsHeld());
  EXPECT_TRUE(other.IsHeld());
  EXPECT_FALSE(untouched.IsHeld());
  writes.Release();
  EXPECT_FALSE(one.IsHeld());
  EXPECT_FALSE(other.IsHeld());
}

TEST(HeldWrites, ManyWrites_DoNotWaitForAllOfThem) {
  const Socket first;
  const Socket second;
  HeldWrites writes;
  writes.Hold(first.fd());
  for (int i = 1; i < HeldWrites::kMost; ++i) writes.Hold(second.fd());
  EXPECT_TRUE(first.IsHeld());
  writes.Hold(second.fd());
  EXPECT_FALSE(first.IsHeld());
  EXPECT_TRUE(second.IsHeld());
}

TEST(HeldWrites, EndOfTheObject_Releases) {
  const Socket socket;
  {
    HeldWrites writes;
    writes.Hold(socket.fd());
  }
  EXPECT_FALSE(socket.IsHeld());
}

TEST(HeldWrites, WhatIsNoSocket_IsLeftAlone) {
  const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const Socket socket;
  HeldWrites writes;
  writes.Hold(-1);
  writes.Hold(file);
  writes.Hold(socket.fd());
  EXPECT_TRUE(socket.IsHeld());
  writes.Release();
  EXPECT_FALSE(socket.IsHeld());
  ::close(file);
}

}  // namespace
}  // namespace enos::gateway
