#ifndef ENOS_SERVER_TESTING_SOCKET_PAIR_H_
#define ENOS_SERVER_TESTING_SOCKET_PAIR_H_

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace enos::gateway {

// For tests: both ends of a connection over 127.0.0.1.
class Pair {
 public:
  Pair() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    client_ = ::socket(AF_INET, SOCK_STREAM, 0);
    // connect would choose a port that another destination's connection may have: two peers of one
    // name, which no listener ever sees.
    sockaddr_in any = address;
    any.sin_port = 0;
    EXPECT_EQ(::bind(client_, reinterpret_cast<sockaddr*>(&any), size), 0);
    EXPECT_EQ(::connect(client_, reinterpret_cast<sockaddr*>(&address), size), 0);
    server_ = ::accept(listener, reinterpret_cast<sockaddr*>(&address), &size);
    peer_ = "ipv4:127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    ::close(listener);
  }
  ~Pair() {
    ::close(client_);
    ::close(server_);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  int client() const { return client_; }
  int server() const { return server_; }
  const std::string& peer() const { return peer_; }

  // Returns when it has arrived.
  void SendToServer(const std::string& bytes) const {
    EXPECT_EQ(::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string arrived(bytes.size(), '\0');
    EXPECT_EQ(::recv(server_, arrived.data(), arrived.size(), MSG_PEEK | MSG_WAITALL),
              static_cast<ssize_t>(bytes.size()));
  }

  // The server's end is closed, and its number is that of a file that is no socket.
  void ReplaceServer() const {
    const int other = ::open("/dev/null", O_RDONLY);
    ::dup2(other, server_);
    ::close(other);
  }

 private:
  int client_ = -1;
  int server_ = -1;
  std::string peer_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_SOCKET_PAIR_H_
