#include "scripted_http2_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tests/support/http2.h"

namespace enos::flow::testing {
namespace {

constexpr uint32_t kRefusedStream = 7;
constexpr uint32_t kCancel = 8;

bool ReadAll(int connection, char* into, size_t size) {
  for (size_t have = 0; have < size;) {
    const ssize_t got = recv(connection, into + have, size - have, 0);
    if (got <= 0) return false;
    have += static_cast<size_t>(got);
  }
  return true;
}

std::optional<Frame> ReadFrame(int connection, std::string* input) {
  std::optional<Frame> frame = TakeFrame(input);
  while (!frame) {
    char bytes[4096];
    const ssize_t got = recv(connection, bytes, sizeof(bytes), 0);
    if (got <= 0) break;
    input->append(bytes, static_cast<size_t>(got));
    frame = TakeFrame(input);
  }
  return frame;
}

// A client that is gone is seen by the next read.
void Send(int connection, Frame::Type type, uint8_t flags, uint32_t stream,
          std::string_view payload) {
  const std::string frame = FrameBytes(type, flags, stream, payload);
  send(connection, frame.data(), frame.size(), MSG_NOSIGNAL);
}

void SendHeaders(int connection, uint32_t stream, const std::string& more, uint8_t flags = 0) {
  constexpr char kStatus200 = '\x88';
  Send(connection, Frame::kHeaders, Frame::kEndHeaders | flags, stream,
       kStatus200 + HeaderLiteral("content-type", "application/grpc") + more);
}

void SendAnswer(int connection, uint32_t stream) {
  SendHeaders(connection, stream, "");
  Send(connection, Frame::kData, 0, stream,
       GrpcMessage("\x0a\x08"
                   "answered"));  // field 1, 8 bytes
  Send(connection, Frame::kHeaders, Frame::kEndHeaders | Frame::kEndStream, stream,
       HeaderLiteral("grpc-status", "0"));
}

// A client may drop what it reads together with the connection's end.
void WaitUntilRead(int connection, std::string* input) {
  Send(connection, Frame::kPing, 0, 0, "12345678");
  while (const auto frame = ReadFrame(connection, input)) {
    if (frame->type == Frame::kPing && (frame->flags & Frame::kAck) != 0) return;
  }
}

void SendGoAway(int connection, uint32_t last_stream) {
  Send(connection, Frame::kGoAway, 0, 0, BigEndian(last_stream) + BigEndian(0));
}

int Listen() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, 16) != 0) {
    throw std::runtime_error("cannot listen");
  }
  return listener;
}

}  // namespace

ScriptedHttp2Server::ScriptedHttp2Server(std::vector<Fate> fates)
    : fates_(std::move(fates)), listener_(Listen()), thread_([this] { Serve(); }) {}

ScriptedHttp2Server::~ScriptedHttp2Server() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
    if (connection_ >= 0) shutdown(connection_, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::string ScriptedHttp2Server::address() const {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

void ScriptedHttp2Server::Serve() {
  while (true) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      connection_ = connection;
      if (ending_) shutdown(connection, SHUT_RDWR);
    }
    ServeConnection(connection);
    const std::lock_guard<std::mutex> lock(mutex_);
    connection_ = -1;
    close(connection);
  }
}

void ScriptedHttp2Server::ServeConnection(int connection) {
  char preface[24];
  if (!ReadAll(connection, preface, sizeof(preface))) return;
  Send(connection, Frame::kSettings, 0, 0, "");
  std::string input;
  while (const auto frame = ReadFrame(connection, &input)) {
    if (frame->type == Frame::kSettings && (frame->flags & Frame::kAck) == 0) {
      Send(connection, Frame::kSettings, Frame::kAck, 0, "");
    } else if (frame->type == Frame::kPing && (frame->flags & Frame::kAck) == 0) {
      Send(connection, Frame::kPing, Frame::kAck, 0, frame->payload);
    } else if (frame->type == Frame::kData && (frame->flags & Frame::kEndStream) != 0) {
      if (!Decide(connection, frame->stream, &input)) return;
    }
  }
}

bool ScriptedHttp2Server::Decide(int connection, unsigned stream, std::string* input) {
  const auto number = static_cast<size_t>(calls_++);
  switch (number < fates_.size() ? fates_[number] : Fate::kAnswered) {
    case Fate::kAnswered:
      SendAnswer(connection, stream);
      return true;
    case Fate::kRefused:
      Send(connection, Frame::kRstStream, 0, stream, BigEndian(kRefusedStream));
      return true;
    case Fate::kCancelled:
      Send(connection, Frame::kRstStream, 0, stream, BigEndian(kCancel));
      return true;
    case Fate::kGoAwayBefore:
      SendGoAway(connection, 0);
      return false;
    case Fate::kGoAwayAfter:
      SendGoAway(connection, stream);
      return false;
    case Fate::kHeadersOnly:
      SendHeaders(connection, stream, "");
      WaitUntilRead(connection, input);
      break;
    case Fate::kHeadersWithKeys:
      SendHeaders(connection, stream, HeaderLiteral("enos-idempotency", "1"));
      WaitUntilRead(connection, input);
      Send(connection, Frame::kRstStream, 0, stream, BigEndian(kCancel));
      return true;
    case Fate::kTrailersOnly:
      SendHeaders(connection, stream, HeaderLiteral("grpc-status", "14"), Frame::kEndStream);
      return true;
    case Fate::kConnectionClosed:
      break;
  }
  return false;
}

}  // namespace enos::flow::testing
