#include "tests/hostile/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace enos::hostile {
namespace {

constexpr size_t kHeadBytes = 9;
constexpr size_t kMostOfFrame = 16384;
constexpr std::chrono::seconds kPatience{2};

uint32_t NumberIn(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

SSL_CTX* TlsContext() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    constexpr std::array<unsigned char, 3> kHttp2 = {2, 'h', '2'};
    SSL_CTX_set_alpn_protos(made, kHttp2.data(), kHttp2.size());
    SSL_CTX_set_mode(made, SSL_MODE_AUTO_RETRY);
    return made;
  }();
  return context;
}

}  // namespace

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame;
  frame.reserve(kHeadBytes + payload.size());
  for (const int shift : {16, 8, 0}) frame += static_cast<char>((payload.size() >> shift) & 0xff);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>((stream >> shift) & 0xff);
  return frame.append(payload);
}

Connection::Connection(uint16_t port, bool tls)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{kPatience.count(), 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  // A different address than the polite callers', because a proxy's limits are per address.
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  if (bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof(own)) != 0) return;
  is_open_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
             (!tls || Handshake());
}

Connection::~Connection() {
  SSL_free(ssl_);
  close(fd_);
}

bool Connection::Handshake() {
  ssl_ = SSL_new(TlsContext());
  SSL_set_fd(ssl_, fd_);
  return SSL_connect(ssl_) == 1;
}

bool Connection::Send(std::string_view bytes) {
  while (is_open_ && !bytes.empty()) {
    const size_t most = std::min<size_t>(bytes.size(), 1 << 20);
    const long sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(most))
                                      : send(fd_, bytes.data(), most, MSG_NOSIGNAL);
    if (sent <= 0) {
      is_open_ = false;
    } else {
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  return is_open_;
}

bool Connection::SendPreface() {
  return Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, 0, 0, ""));
}

int64_t& Connection::Window(uint32_t stream) {
  return windows_.try_emplace(stream, initial_window_).first->second;
}

bool Connection::SendData(uint32_t stream, std::string_view data) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!data.empty()) {
    const int64_t room = std::min(connection_window_, Window(stream));
    if (room <= 0) {
      if (!Read(std::chrono::milliseconds(100)) || std::chrono::steady_clock::now() > end)
        return is_open_;
      continue;
    }
    const auto piece = data.substr(0, std::min(static_cast<size_t>(room), kMostOfFrame));
    if (!Send(Frame(kData, 0, stream, piece))) return false;
    connection_window_ -= static_cast<int64_t>(piece.size());
    Window(stream) -= static_cast<int64_t>(piece.size());
    data.remove_prefix(piece.size());
  }
  return is_open_;
}

long Connection::ReadBytes(char* into, size_t size) {
  return ssl_ != nullptr ? SSL_read(ssl_, into, static_cast<int>(size)) : recv(fd_, into, size, 0);
}

bool Connection::Read(std::chrono::milliseconds time) {
  pollfd readable{fd_, POLLIN, 0};
  const bool is_there = ssl_ != nullptr && SSL_pending(ssl_) > 0;
  if (!is_open_ || (!is_there && poll(&readable, 1, static_cast<int>(time.count())) <= 0))
    return is_open_;
  std::array<char, 16384> bytes{};
  const long got = ReadBytes(bytes.data(), bytes.size());
  if (got <= 0) return is_open_ = false;
  input_.append(bytes.data(), static_cast<size_t>(got));
  return is_open_ = TakeFrames();
}

bool Connection::TakeFrames() {
  while (input_.size() >= kHeadBytes) {
    const std::string_view all = input_;
    const size_t length = NumberIn(all.substr(0, 3));
    if (all.size() < kHeadBytes + length) return true;
    const auto type = static_cast<uint8_t>(all[3]);
    const uint32_t stream = NumberIn(all.substr(5, 4)) & 0x7fffffffU;
    const std::string_view payload = all.substr(kHeadBytes, length);
    if (type == kGoAway) return false;
    if (type == kSettings && (all[4] & 1) == 0) TakeSettings(payload);
    if (type == kWindowUpdate) {
      (stream == 0 ? connection_window_ : Window(stream)) += NumberIn(payload);
    }
    input_.erase(0, kHeadBytes + length);
  }
  return true;
}

void Connection::TakeSettings(std::string_view payload) {
  constexpr uint32_t kInitialWindow = 4;
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    if (NumberIn(payload.substr(0, 2)) != kInitialWindow) continue;
    const int64_t window = NumberIn(payload.substr(2, 4));
    for (auto& [stream, left] : windows_) left += window - initial_window_;
    initial_window_ = window;
  }
}

}  // namespace enos::hostile
