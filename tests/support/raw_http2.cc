#include "tests/support/raw_http2.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace enos {
namespace {

constexpr size_t kMostOfFrame = 16384;

sockaddr_in Loopback(uint32_t host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
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

RawHttp2::RawHttp2(const std::string& address, const RawHttp2Options& options)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{options.patience.count(), 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const int at_once = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
  if (const int& size = options.receive_buffer; size > 0)  // the window is announced on connecting
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  Connect(address, options);
}

RawHttp2::~RawHttp2() {
  SSL_free(ssl_);
  close(fd_);
}

void RawHttp2::Connect(const std::string& address, const RawHttp2Options& options) {
  const sockaddr_in own = Loopback(INADDR_LOOPBACK + (options.other_address ? 1 : 0), 0);
  const sockaddr_in server =
      Loopback(INADDR_LOOPBACK, std::stoi(address.substr(address.rfind(':') + 1)));
  is_refused_ = bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0 ||
                connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof(server)) != 0 ||
                (options.tls && !Handshake());
}

bool RawHttp2::Handshake() {
  ssl_ = SSL_new(TlsContext());
  SSL_set_fd(ssl_, fd_);
  return SSL_connect(ssl_) == 1;
}

bool RawHttp2::SendPreface(std::string_view settings) {
  return SendBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
                   FrameBytes(Frame::kSettings, 0, 0, settings));
}

bool RawHttp2::Send(Frame::Type type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return SendBytes(FrameBytes(type, flags, stream, payload));
}

bool RawHttp2::SendBytes(std::string_view bytes) {
  while (!is_refused_ && !bytes.empty()) {
    const size_t most = std::min<size_t>(bytes.size(), 1 << 20);
    const long sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(most))
                                      : send(fd_, bytes.data(), most, MSG_NOSIGNAL);
    is_refused_ = sent <= 0;
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return !is_refused_;
}

bool RawHttp2::SendWithinWindow(uint32_t stream, std::string_view message, bool whole) {
  while (!message.empty()) {
    if (!WaitForWindow(stream)) return false;
    const auto room = static_cast<size_t>(std::min(connection_window_, Window(stream)));
    const std::string_view piece = message.substr(0, std::min(room, kMostOfFrame));
    message.remove_prefix(piece.size());
    connection_window_ -= static_cast<int64_t>(piece.size());
    Window(stream) -= static_cast<int64_t>(piece.size());
    if (!Send(Frame::kData, whole && message.empty() ? Frame::kEndStream : 0, stream, piece))
      return false;
  }
  return true;
}

int64_t& RawHttp2::Window(uint32_t stream) {
  return windows_.try_emplace(stream, initial_window_).first->second;
}

// Of the two windows the smaller one counts.
bool RawHttp2::WaitForWindow(uint32_t stream) {
  while (std::min(connection_window_, Window(stream)) <= 0) {
    const std::optional<Frame> frame = Read();
    if (!frame || frame->type == Frame::kGoAway) return false;
    if (frame->stream == stream &&
        (frame->type == Frame::kRstStream || frame->type == Frame::kHeaders))
      return false;
  }
  return true;
}

bool RawHttp2::Receive() {
  std::array<char, 16384> bytes{};
  long got = 0;
  do {                  // libuv's io_uring interrupts the thread that made it, too
    ERR_clear_error();  // else SSL_get_error may tell of another connection
    errno = 0;
    got = ssl_ != nullptr ? SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                          : recv(fd_, bytes.data(), bytes.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    input_.append(bytes.data(), static_cast<size_t>(got));
    return true;
  }
  ended_ = ssl_ != nullptr ? SSL_get_error(ssl_, static_cast<int>(got)) != SSL_ERROR_WANT_READ
                           : got == 0 || errno == ECONNRESET;
  return false;
}

std::optional<Frame> RawHttp2::Take() {
  std::optional<Frame> frame = TakeFrame(&input_);
  if (!frame) return frame;
  if (frame->type == Frame::kGoAway) told_to_go_ = true;
  if (frame->type == Frame::kSettings && (frame->flags & Frame::kAck) == 0)
    TakeSettings(frame->payload);
  if (frame->type == Frame::kWindowUpdate)
    (frame->stream == 0 ? connection_window_ : Window(frame->stream)) += NumberIn(frame->payload);
  return frame;
}

void RawHttp2::TakeSettings(std::string_view payload) {
  constexpr uint32_t kInitialWindow = 4;
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    if (NumberIn(payload.substr(0, 2)) != kInitialWindow) continue;
    const int64_t window = NumberIn(payload.substr(2, 4));
    for (auto& [stream, left] : windows_) left += window - initial_window_;
    initial_window_ = window;
  }
}

std::optional<Frame> RawHttp2::Read() {
  std::optional<Frame> frame = Take();
  while (!frame && Receive()) frame = Take();
  return frame;
}

std::optional<Frame> RawHttp2::ReadUntil(Frame::Type type) {
  std::optional<Frame> frame = Read();
  while (frame && frame->type != type) {
    if (frame->type == Frame::kSettings && (frame->flags & Frame::kAck) == 0)
      Send(Frame::kSettings, Frame::kAck, 0, "");
    frame = Read();
  }
  return frame;
}

bool RawHttp2::ReadToEnd() {
  while (Read()) {
  }
  return ended_;
}

bool RawHttp2::Discard(std::chrono::milliseconds time) {
  pollfd readable{fd_, POLLIN, 0};
  const bool is_there = ssl_ != nullptr && SSL_pending(ssl_) > 0;
  if (IsOpen() && (is_there || poll(&readable, 1, static_cast<int>(time.count())) > 0)) {
    Receive();
    while (Take()) {
    }
  }
  return IsOpen() && !told_to_go_;
}

}  // namespace enos
