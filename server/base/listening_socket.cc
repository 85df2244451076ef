#include "server/base/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace enos::gateway {
namespace {

std::error_code LastError() { return {errno, std::generic_category()}; }

// As large as the system permits (net.core.somaxconn): connections that arrive while nobody
// accepts.
constexpr int kBacklog = 65535;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool MakeAddress(const std::string& host, uint16_t port, Address* address) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address->storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address->size = sizeof(*v4);
    return true;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address->storage);
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  address->size = sizeof(*v6);
  return true;
}

bool SetOption(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

// False: too long.
bool MakeUnixAddress(const std::string& path, sockaddr_un* address) {
  if (path.empty() || path.size() > ListeningSocket::kMaxPathBytes) return false;
  address->sun_family = AF_UNIX;
  path.copy(address->sun_path, path.size());
  return true;
}

// The number of the file at `path` if it is a socket (no symbolic link to one), else 0.
uint64_t SocketFileAt(const std::string& path) {
  struct stat about{};
  return ::lstat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode) ? about.st_ino : 0;
}

// Whether the socket file at that address was left behind by a process that no longer exists.
bool IsLeftBehind(const sockaddr_un& address) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool refused =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 &&
      errno == ECONNREFUSED;
  ::close(fd);
  return refused;
}

}  // namespace

std::error_code ListeningSocket::Listen(const std::string& host, uint16_t port) {
  if (host == "localhost") return Bind("127.0.0.1", port);
  const std::error_code error = Bind(host, port);
  const bool no_ipv6 =
      error == std::errc::address_family_not_supported || error == std::errc::address_not_available;
  return host == "::" && no_ipv6 ? Bind("0.0.0.0", port) : error;
}

std::error_code ListeningSocket::Bind(const std::string& host, uint16_t port) {
  Close();
  Address address;
  if (!MakeAddress(host, port, &address)) return std::make_error_code(std::errc::invalid_argument);
  const int family = address.storage.ss_family;
  fd_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return LastError();
  const bool done = SetOption(fd_, SOL_SOCKET, SO_REUSEADDR, 1) &&
                    SetOption(fd_, IPPROTO_TCP, TCP_NODELAY, 1) &&  // accepted sockets inherit it
                    (family != AF_INET6 || SetOption(fd_, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
                    ::bind(fd_, address.get(), address.size) == 0 && ::listen(fd_, kBacklog) == 0 &&
                    ::getsockname(fd_, address.get(), &address.size) == 0;
  if (!done) {
    const std::error_code error = LastError();
    Close();
    return error;
  }
  port_ =
      ntohs(family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port
                               : reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
  return {};
}

std::error_code ListeningSocket::ListenAt(const std::string& path) {
  Close();
  const std::error_code error = BindWhereNobodyListens(path);
  if (error) {
    Close();
    return error;
  }
  path_ = path;
  inode_ = SocketFileAt(path);
  // From here on others may connect: until now only this user, now also the group.
  if (::chmod(path.c_str(), 0660) == 0 && ::listen(fd_, kBacklog) == 0) return {};
  const std::error_code failed = LastError();
  Close();
  return failed;
}

std::error_code ListeningSocket::BindWhereNobodyListens(const std::string& path) {
  sockaddr_un address{};
  if (!MakeUnixAddress(path, &address)) return std::make_error_code(std::errc::filename_too_long);
  std::error_code error = BindAt(path);
  if (error != std::errc::address_in_use) return error;
  if (SocketFileAt(path) == 0) return std::make_error_code(std::errc::not_a_socket);
  if (!IsLeftBehind(address)) return error;
  if (::unlink(path.c_str()) != 0) return LastError();
  return BindAt(path);
}

std::error_code ListeningSocket::BindAt(const std::string& path) {
  if (fd_ < 0) fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return LastError();
  sockaddr_un address{};
  MakeUnixAddress(path, &address);
  // First: Linux creates the file with the socket's mode, so that it is never open to others.
  const bool bound = ::fchmod(fd_, 0600) == 0 &&
                     ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  return bound ? std::error_code() : LastError();
}

int ListeningSocket::Release() { return std::exchange(fd_, -1); }

void ListeningSocket::Close() {
  // Another process may have put its own there meanwhile.
  if (!path_.empty() && SocketFileAt(path_) == inode_) ::unlink(path_.c_str());
  path_.clear();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace enos::gateway
