#include "server/base/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace enos::gateway {
namespace {

std::error_code LastError() { return {errno, std::generic_category()}; }

// As large as the system permits (net.core.somaxconn): what comes while nobody accepts.
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

int ListeningSocket::Release() { return std::exchange(fd_, -1); }

void ListeningSocket::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace enos::gateway
