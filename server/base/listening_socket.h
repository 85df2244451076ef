#ifndef ENOS_SERVER_BASE_LISTENING_SOCKET_H_
#define ENOS_SERVER_BASE_LISTENING_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

namespace enos::gateway {

// A listening socket: non-blocking and close-on-exec. With TCP, its connections are without Nagle's
// delay, and its port is shared with no other socket (no SO_REUSEPORT), but can be bound again at
// once after a restart. Or a Unix-domain socket. Not thread-safe.
class ListeningSocket {
 public:
  ListeningSocket() = default;
  ~ListeningSocket() { Close(); }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  // `host` is an IP literal without brackets, or "localhost", which is 127.0.0.1. "::" also accepts
  // IPv4, and is 0.0.0.0 on a machine without IPv6. Port 0 picks a free one. Once.
  std::error_code Listen(const std::string& host, uint16_t port);

  // A Unix-domain socket at `path`, for processes of this user or group (mode 0660). A stale one,
  // on which nobody listens, is replaced; anything else at that path is left untouched and is an
  // error (not_a_socket, address_in_use). Close removes it. Once.
  std::error_code ListenAt(const std::string& path);

  // The longest path that a Unix-domain socket can have.
  static constexpr size_t kMaxPathBytes = 107;

  // After a successful Listen; -1 and 0 before.
  int fd() const { return fd_; }
  uint16_t port() const { return port_; }

  // Passes ownership of the descriptor to the caller.
  int Release();
  void Close();

 private:
  std::error_code Bind(const std::string& host, uint16_t port);
  std::error_code BindAt(const std::string& path);
  std::error_code BindWhereNobodyListens(const std::string& path);

  int fd_ = -1;
  uint16_t port_ = 0;
  // For a Unix-domain socket: where its file is, and which one is ours.
  std::string path_;
  uint64_t inode_ = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_LISTENING_SOCKET_H_
