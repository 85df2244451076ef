#include "tests/wire/support/raw_http2.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "tests/wire/support/wait.h"

namespace enos::gateway::testing {
namespace {

// A frame's head: 24 bits of length, type, flags, stream.
constexpr size_t kHeadBytes = 9;
constexpr size_t kMostOfFrame = 16384;

std::string Head(size_t length, uint8_t type, uint8_t flags, uint32_t stream) {
  std::string head;
  for (const int shift : {16, 8, 0}) head += static_cast<char>((length >> shift) & 0xff);
  head += static_cast<char>(type);
  head += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) head += static_cast<char>((stream >> shift) & 0xff);
  return head;
}

uint32_t NumberIn(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

}  // namespace

RawHttp2::RawHttp2(const std::string& address, int receive_buffer) {
  const auto port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  socket_.open(boost::asio::ip::tcp::v4());
  if (receive_buffer > 0) {  // before it connects: the window is announced then
    socket_.set_option(boost::asio::socket_base::receive_buffer_size(receive_buffer));
  }
  socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  socket_.set_option(boost::asio::ip::tcp::no_delay(true));
  const timeval guard{kGuard.count(), 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
}

void RawHttp2::SendPreface(std::string_view settings) {
  SendBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  Send(kSettings, 0, 0, settings);
}

void RawHttp2::Send(Type type, uint8_t flags, uint32_t stream, std::string_view payload) {
  SendBytes(Head(payload.size(), type, flags, stream).append(payload));
}

// What the server does not take any more it has said, or will be seen to have closed.
void RawHttp2::SendBytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      is_refused_ = true;
      return;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool RawHttp2::ReadBytes(char* into, size_t size) {
  for (size_t have = 0; have < size;) {
    const ssize_t got = ::recv(socket_.native_handle(), into + have, size - have, 0);
    if (got <= 0) {
      ended_ = got == 0 || errno == ECONNRESET;
      return false;
    }
    have += static_cast<size_t>(got);
  }
  return true;
}

std::optional<RawHttp2::Frame> RawHttp2::Read() {
  std::string head(kHeadBytes, '\0');
  if (!ReadBytes(head.data(), head.size())) return std::nullopt;
  const std::string_view view = head;
  Frame frame;
  frame.payload.resize(NumberIn(view.substr(0, 3)));
  frame.type = static_cast<uint8_t>(head[3]);
  frame.flags = static_cast<uint8_t>(head[4]);
  frame.stream = NumberIn(view.substr(5)) & 0x7fffffffU;
  if (!ReadBytes(frame.payload.data(), frame.payload.size())) return std::nullopt;
  return frame;
}

std::optional<RawHttp2::Frame> RawHttp2::ReadUntil(Type type) {
  std::optional<Frame> frame = Read();
  while (frame && frame->type != type) {
    if (frame->type == kSettings && (frame->flags & kAck) == 0) Send(kSettings, kAck, 0, "");
    frame = Read();
  }
  return frame;
}

// Of the two windows the smaller one counts.
bool RawHttp2::WaitForWindow(uint32_t stream) {
  while (std::min(connection_window_, stream_window_) <= 0) {
    const std::optional<Frame> frame = Read();
    if (!frame || frame->type == kGoAway || (frame->stream == stream && frame->type == kRstStream))
      return false;
    if (frame->stream == stream && frame->type == kHeaders) return false;
    if (frame->type != kWindowUpdate) continue;
    const int64_t more = NumberIn(frame->payload);
    if (frame->stream == 0) connection_window_ += more;
    if (frame->stream == stream) stream_window_ += more;
  }
  return true;
}

bool RawHttp2::SendWithinWindow(uint32_t stream, std::string_view message, bool whole) {
  stream_window_ = 65535;
  while (!message.empty()) {
    if (!WaitForWindow(stream)) return false;
    const auto room = static_cast<size_t>(std::min(connection_window_, stream_window_));
    const std::string_view piece = message.substr(0, std::min(room, kMostOfFrame));
    message.remove_prefix(piece.size());
    connection_window_ -= static_cast<int64_t>(piece.size());
    stream_window_ -= static_cast<int64_t>(piece.size());
    Send(kData, whole && message.empty() ? kEndStream : 0, stream, piece);
  }
  return true;
}

bool RawHttp2::ReadToEnd() {
  while (Read()) {
  }
  return ended_;
}

}  // namespace enos::gateway::testing
