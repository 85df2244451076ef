#ifndef ENOS_SERVER_BASE_LISTENING_SOCKET_H_
#define ENOS_SERVER_BASE_LISTENING_SOCKET_H_

#include <cstdint>
#include <string>
#include <system_error>

namespace enos::gateway {

// A TCP socket that listens: non-blocking, closed on exec, its connections without Nagle's delay.
// Its port is shared with no other socket (no SO_REUSEPORT), but can be had again at once after a
// restart. Not thread-safe.
class ListeningSocket {
 public:
  ListeningSocket() = default;
  ~ListeningSocket() { Close(); }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  // `host` is an IP literal without brackets, or "localhost", which is 127.0.0.1. "::" takes IPv4
  // too, and is 0.0.0.0 on a machine without IPv6. Port 0 takes a free one. Once.
  std::error_code Listen(const std::string& host, uint16_t port);

  // After a successful Listen; -1 and 0 before.
  int fd() const { return fd_; }
  uint16_t port() const { return port_; }

  // Gives the descriptor to the caller.
  int Release();
  void Close();

 private:
  std::error_code Bind(const std::string& host, uint16_t port);

  int fd_ = -1;
  uint16_t port_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_LISTENING_SOCKET_H_
