#include "tests/wire/support/connect_proxy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

namespace enos::gateway::testing {
namespace {

constexpr char kEstablished[] = "HTTP/1.1 200 Connection established\r\n\r\n";

void SendAll(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

}  // namespace

ConnectProxy::ConnectProxy(std::uint16_t target) : target_(target) {
  EXPECT_EQ(listen(port_.socket(), SOMAXCONN), 0);
  acceptor_ = std::thread([this] { Accept(); });
}

ConnectProxy::~ConnectProxy() {
  shutdown(port_.socket(), SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& connection : connections_) connection.join();
  for (const int fd : open_) close(fd);
}

void ConnectProxy::RefuseFromNowOn(const std::string& answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  refusal_ = answer;
  for (const int fd : open_) shutdown(fd, SHUT_RDWR);
}

std::vector<std::string> ConnectProxy::heads() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return heads_;
}

std::string ConnectProxy::tunnelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return tunnelled_;
}

void ConnectProxy::Accept() {
  for (;;) {
    const int caller = accept4(port_.socket(), nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    open_.push_back(caller);
    connections_.emplace_back([this, caller] { Serve(caller); });
  }
}

void ConnectProxy::Serve(int caller) {
  if (!ReadHead(caller)) return;
  int upstream = -1;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (refusal_) {
      SendAll(caller, *refusal_);
      shutdown(caller, SHUT_RDWR);
      return;
    }
    upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    open_.push_back(upstream);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(target_);
  if (connect(upstream, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    shutdown(caller, SHUT_RDWR);
    return;
  }
  SendAll(caller, kEstablished);
  Relay(caller, upstream);
}

bool ConnectProxy::ReadHead(int caller) {
  std::string head;
  char byte = 0;
  while (head.find("\r\n\r\n") == std::string::npos) {
    if (recv(caller, &byte, 1, 0) != 1) return false;
    head += byte;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  heads_.push_back(std::move(head));
  return true;
}

// Until either side ends.
void ConnectProxy::Relay(int caller, int upstream) {
  std::array<char, 16384> buffer{};
  for (;;) {
    std::array<pollfd, 2> sides = {{{caller, POLLIN, 0}, {upstream, POLLIN, 0}}};
    if (poll(sides.data(), sides.size(), -1) < 0) break;
    const bool from_caller = sides[0].revents != 0;
    const ssize_t got = recv(from_caller ? caller : upstream, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    const std::string_view bytes(buffer.data(), static_cast<size_t>(got));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      tunnelled_ += bytes;
    }
    SendAll(from_caller ? upstream : caller, bytes);
  }
  shutdown(caller, SHUT_RDWR);
  shutdown(upstream, SHUT_RDWR);
}

}  // namespace enos::gateway::testing
