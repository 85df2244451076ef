#include "server/listener/connection_table.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace enos::gateway {
namespace {

// A number that no other open socket has; 0 if `fd` is no longer a socket. Its owner may close it
// at this very moment, which does no harm: hence statx, which ThreadSanitizer does not treat as a
// use of the descriptor. System call filters older than statx refuse it.
uint64_t SocketNumber(int fd) {
  struct statx about{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO, &about) == 0)
    return S_ISSOCK(about.stx_mode) ? about.stx_ino : 0;
  if (errno != ENOSYS && errno != EPERM) return 0;
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

std::string AddressText(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, address, text.data(), text.size()) != nullptr ? text.data() : "";
}

// In gRPC 1.51's format: a URI with a percent-encoded authority. Empty for addresses that it
// formats differently (those with a scope).
std::string PeerOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof(address));
    return "ipv4:" + AddressText(AF_INET, &address.sin_addr) + ":" +
           std::to_string(ntohs(address.sin_port));
  }
  if (storage.ss_family != AF_INET6) return {};
  sockaddr_in6 address{};
  std::memcpy(&address, &storage, sizeof(address));
  const std::string port = std::to_string(ntohs(address.sin6_port));
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    return "ipv4:" + AddressText(AF_INET, &address.sin6_addr.s6_addr[12]) + ":" + port;
  }
  if (address.sin6_scope_id != 0) return {};
  return "ipv6:%5B" + AddressText(AF_INET6, &address.sin6_addr) + "%5D:" + port;
}

}  // namespace

void ConnectionTable::Add(int socket) {
  Forget(socket);
  Connection connection;
  connection.socket = socket;
  connection.number = SocketNumber(socket);
  connection.peer = PeerOf(socket);
  const std::lock_guard lock(mutex_);
  Connection& added = by_socket_.emplace(socket, std::move(connection)).first->second;
  if (added.peer.empty()) return;
  by_peer_.erase(added.peer);  // the name belongs to the closed one
  by_peer_.emplace(added.peer, &added);
}

void ConnectionTable::Forget(int socket, uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = by_socket_.find(socket);
  if (found == by_socket_.end() || (number != 0 && found->second.number != number)) return;
  ForgetPeer(found->second);
  by_socket_.erase(found);
}

void ConnectionTable::ForgetClosed() {
  const std::lock_guard lock(mutex_);
  for (auto it = by_socket_.begin(); it != by_socket_.end();) {
    const uint64_t number = SocketNumber(it->first);
    if (number != 0 && number == it->second.number) {
      ++it;
    } else {
      ForgetPeer(it->second);
      it = by_socket_.erase(it);
    }
  }
}

// Unless a later connection has the same address, which the closed one no longer needs.
void ConnectionTable::ForgetPeer(const Connection& connection) {
  const auto found = by_peer_.find(connection.peer);
  if (found != by_peer_.end() && found->second == &connection) by_peer_.erase(found);
}

size_t ConnectionTable::size() const {
  const std::lock_guard lock(mutex_);
  return by_socket_.size();
}

int ConnectionTable::CallArrived(std::string_view peer, uint64_t message_bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return -1;
  found->second->calls.Add(message_bytes);
  return found->second->socket;
}

std::optional<uint64_t> ConnectionTable::TcpReceivedBytes(int socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return info.tcpi_bytes_received;
}

std::vector<ConnectionTable::Observed> ConnectionTable::Observe(const ReceivedBytes& received,
                                                                Duration elapsed) {
  struct Counted {
    Observed observed;
    CallBytes calls;
    uint64_t received;
  };
  std::vector<Counted> all;
  {
    const std::lock_guard lock(mutex_);
    all.reserve(by_socket_.size());
    for (auto& [socket, connection] : by_socket_) {
      if (connection.number == 0) continue;
      all.push_back({{socket, connection.number, connection.peer, {}}, connection.calls, 0});
      connection.calls = {};
    }
  }
  // Without the lock: calls need it.
  for (Counted& one : all) {
    const bool is_open = SocketNumber(one.observed.socket) == one.observed.number;
    const auto bytes = is_open ? received(one.observed.socket) : std::nullopt;
    if (bytes) one.received = *bytes;
    if (!bytes) one.observed.number = 0;
  }
  std::vector<Observed> observed;
  const std::lock_guard lock(mutex_);
  for (Counted& one : all) {
    const auto found = by_socket_.find(one.observed.socket);
    if (found == by_socket_.end() || found->second.number != one.observed.number) continue;
    ByteAccount& account = found->second.account;
    account.Update(one.received, one.calls, elapsed);
    one.observed.load = {account.unaccounted(), account.recent()};
    observed.push_back(std::move(one.observed));
  }
  return observed;
}

// gRPC may close its descriptor at any moment, and the number may then refer to another file: a
// duplicate stays valid. Connecting to AF_UNSPEC is how Linux is told to abort a connection: that
// also discards its receive queue, which shutdown(2) would leave for gRPC to read.
bool ConnectionTable::Cut(const Observed& connection) {
  const int copy = ::fcntl(connection.socket, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return false;
  const bool is_open = SocketNumber(copy) == connection.number;
  if (is_open) {
    const sockaddr nowhere{AF_UNSPEC, {}};
    if (::connect(copy, &nowhere, sizeof(nowhere)) != 0) ::shutdown(copy, SHUT_RDWR);
  }
  ::close(copy);
  Forget(connection.socket, connection.number);
  return is_open;
}

}  // namespace enos::gateway
