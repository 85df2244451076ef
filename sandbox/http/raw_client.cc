#include "sandbox/http/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace enos::sandbox {

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval guard{30, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &guard, sizeof(guard));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket_, to, sizeof(address)) == 0) {
    connected_ = true;
  } else if (errno == ECONNRESET) {
    reset_ = true;  // by a server quick to reset
  }
}

RawClient::~RawClient() { Close(); }

bool RawClient::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t RawClient::SendUntilStuck(std::size_t limit) const {
  const std::string chunk(64 * 1024, 'x');
  std::size_t total = 0;
  while (total < limit) {
    const std::size_t size = std::min(chunk.size(), limit - total);
    const ssize_t sent = ::send(socket_, chunk.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) break;
    total += static_cast<std::size_t>(sent);
  }
  return total;
}

void RawClient::Close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void RawClient::Reset() {
  const linger hard{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  Close();
}

RawClient::Outcome RawClient::ReadSome() {
  if (reset_) return Outcome::kReset;
  std::array<char, 16 * 1024> bytes{};
  ssize_t size = 0;
  do {  // libuv's io_uring interrupts the thread that made it, too
    size = ::recv(socket_, bytes.data(), bytes.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size > 0) {
    received_.append(bytes.data(), static_cast<std::size_t>(size));
    return Outcome::kOpen;
  }
  if (size == 0) return Outcome::kEnd;
  return errno == ECONNRESET || errno == EPIPE ? Outcome::kReset : Outcome::kNothing;
}

RawClient::Outcome RawClient::ReadToEnd() {
  Outcome outcome = Outcome::kOpen;
  while (outcome == Outcome::kOpen) outcome = ReadSome();
  return outcome;
}

RawClient::Outcome RawClient::ReadUntil(std::string_view text) {
  Outcome outcome = Outcome::kOpen;
  while (outcome == Outcome::kOpen && received_.find(text) == std::string::npos) {
    outcome = ReadSome();
  }
  return outcome;
}

}  // namespace enos::sandbox
