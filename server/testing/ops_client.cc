#include "server/testing/ops_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace enos::gateway {
namespace {

constexpr std::string_view kLength = "Content-Length: ";

size_t LengthIn(const std::string& head) {
  const size_t at = head.find(kLength);
  if (at == std::string::npos) return 0;
  return std::strtoul(head.c_str() + at + kLength.size(), nullptr, 10);
}

}  // namespace

OpsClient::OpsClient() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  SetPatience(std::chrono::seconds(30));
}

OpsClient::~OpsClient() { ::close(socket_); }

void OpsClient::SetPatience(std::chrono::milliseconds patience) const {
  const auto count = static_cast<suseconds_t>(patience.count());
  const timeval time{count / 1000, count % 1000 * 1000};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}

bool OpsClient::Connect(const std::string& address) const {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.sin_port = htons(
      static_cast<uint16_t>(std::strtoul(address.c_str() + address.rfind(':') + 1, nullptr, 10)));
  return ::connect(socket_, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0;
}

bool OpsClient::Send(std::string_view bytes) const {
  return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

void OpsClient::EndSending() const { ::shutdown(socket_, SHUT_WR); }

bool OpsClient::ReadSome() {
  std::array<char, 4096> bytes{};
  ssize_t size = 0;
  do {  // libuv's io_uring interrupts the thread that made it, too
    size = ::recv(socket_, bytes.data(), bytes.size(), 0);
  } while (size < 0 && errno == EINTR);
  ended_ = size == 0 || (size < 0 && errno == ECONNRESET);
  if (size <= 0) return false;
  received_.append(bytes.data(), static_cast<size_t>(size));
  return true;
}

OpsReply OpsClient::Read(bool head_only) {
  OpsReply reply;
  size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadSome()) return reply;
  }
  reply.head = received_.substr(0, end + 4);
  received_.erase(0, end + 4);
  const size_t length = head_only ? 0 : LengthIn(reply.head);
  while (received_.size() < length) {
    if (!ReadSome()) return reply;
  }
  reply.body = received_.substr(0, length);
  received_.erase(0, length);
  reply.status = std::atoi(reply.head.c_str() + reply.head.find(' '));
  return reply;
}

bool OpsClient::ReadToEnd(std::string* received) {
  while (ReadSome()) {
  }
  if (received != nullptr) *received = received_;
  return ended_;
}

OpsReply OpsClient::Get(const std::string& path) {
  Send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
  return Read();
}

OpsReply OpsGet(const std::string& address, const std::string& path) {
  OpsClient client;
  if (!client.Connect(address)) return {};
  return client.Get(path);
}

}  // namespace enos::gateway
