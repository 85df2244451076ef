#include "scripted_http2_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

namespace enos::flow::testing {
namespace {

enum Type : uint8_t { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7 };
constexpr uint8_t kAck = 1;
constexpr uint8_t kEndStream = 1;
constexpr uint8_t kEndHeaders = 4;
constexpr uint32_t kRefusedStream = 7;
constexpr uint32_t kCancel = 8;

struct Frame {
  uint8_t type = 0;
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;
};

std::string Bytes(uint32_t number, int count) {
  std::string bytes;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(number >> static_cast<unsigned>(shift) & 0xffU);
  }
  return bytes;
}

uint32_t NumberIn(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<uint8_t>(byte);
  return number;
}

bool ReadAll(int connection, char* into, size_t size) {
  for (size_t have = 0; have < size;) {
    const ssize_t got = recv(connection, into + have, size - have, 0);
    if (got <= 0) return false;
    have += static_cast<size_t>(got);
  }
  return true;
}

std::optional<Frame> ReadFrame(int connection) {
  char head[9];
  if (!ReadAll(connection, head, sizeof(head))) return std::nullopt;
  Frame frame;
  frame.payload.resize(NumberIn({head, 3}));
  frame.type = static_cast<uint8_t>(head[3]);
  frame.flags = static_cast<uint8_t>(head[4]);
  frame.stream = NumberIn({head + 5, 4});
  if (!ReadAll(connection, frame.payload.data(), frame.payload.size())) return std::nullopt;
  return frame;
}

// A client that is gone is seen by the next read.
void Send(int connection, uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame = Bytes(static_cast<uint32_t>(payload.size()), 3);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  frame += Bytes(stream, 4);
  frame += payload;
  send(connection, frame.data(), frame.size(), MSG_NOSIGNAL);
}

// HPACK (RFC 7541), a literal without indexing.
std::string Header(std::string_view name, std::string_view value) {
  std::string field(1, '\0');
  for (const std::string_view text : {name, value}) {
    field += static_cast<char>(text.size());
    field += text;
  }
  return field;
}

void SendAnswer(int connection, uint32_t stream) {
  constexpr char kStatus200 = '\x88';
  Send(connection, kHeaders, kEndHeaders, stream,
       kStatus200 + Header("content-type", "application/grpc"));
  const std::string message =
      "\x0a\x08"
      "answered";  // field 1, 8 bytes
  Send(connection, kData, 0, stream,
       std::string(1, '\0') + Bytes(static_cast<uint32_t>(message.size()), 4) + message);
  Send(connection, kHeaders, kEndHeaders | kEndStream, stream, Header("grpc-status", "0"));
}

void SendGoAway(int connection, uint32_t last_stream) {
  Send(connection, kGoAway, 0, 0, Bytes(last_stream, 4) + Bytes(0, 4));
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
  Send(connection, kSettings, 0, 0, "");
  while (const auto frame = ReadFrame(connection)) {
    if (frame->type == kSettings && (frame->flags & kAck) == 0) {
      Send(connection, kSettings, kAck, 0, "");
    } else if (frame->type == kPing && (frame->flags & kAck) == 0) {
      Send(connection, kPing, kAck, 0, frame->payload);
    } else if (frame->type == kData && (frame->flags & kEndStream) != 0) {
      if (!Decide(connection, frame->stream)) return;
    }
  }
}

bool ScriptedHttp2Server::Decide(int connection, unsigned stream) {
  const auto number = static_cast<size_t>(calls_++);
  switch (number < fates_.size() ? fates_[number] : Fate::kAnswered) {
    case Fate::kAnswered:
      SendAnswer(connection, stream);
      return true;
    case Fate::kRefused:
      Send(connection, kReset, 0, stream, Bytes(kRefusedStream, 4));
      return true;
    case Fate::kCancelled:
      Send(connection, kReset, 0, stream, Bytes(kCancel, 4));
      return true;
    case Fate::kGoAwayBefore:
      SendGoAway(connection, 0);
      return false;
    case Fate::kGoAwayAfter:
      SendGoAway(connection, stream);
      return false;
    case Fate::kConnectionClosed:
      break;
  }
  return false;
}

}  // namespace enos::flow::testing
