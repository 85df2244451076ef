#include "tests/e2e/support/tls_http2.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/e2e/support/process.h"

namespace enos::e2e {
namespace {

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// A frame's head: 24 bits of length, type, flags, stream.
constexpr size_t kHeadBytes = 9;

std::string Number(uint32_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>((number >> (8 * i)) & 0xff);
  return text;
}

uint32_t NumberIn(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

// RFC 7541, 5.1 and 5.2, with seven bits before the rest.
std::string Text(const std::string& text) {
  constexpr size_t kFull = 127;
  std::string coded;
  if (text.size() < kFull) {
    coded += static_cast<char>(text.size());
  } else {
    size_t rest = text.size() - kFull;
    coded += static_cast<char>(kFull);
    for (; rest >= 128; rest /= 128) coded += static_cast<char>(rest % 128 + 128);
    coded += static_cast<char>(rest);
  }
  return coded + text;
}

int Connect(const std::string& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)), 0);
  const timeval guard{kGuard.count(), 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
  return fd;
}

}  // namespace

TlsHttp2::TlsHttp2(const std::string& address)
    : fd_(Connect(address)), context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
  constexpr unsigned char kProtocols[] = {2, 'h', '2'};
  SSL_set_alpn_protos(ssl_, kProtocols, sizeof(kProtocols));
  SSL_set_fd(ssl_, fd_);
  EXPECT_EQ(SSL_connect(ssl_), 1);
  Write(kPreface);
  Send(kSettings, 0, 0, "");
}

TlsHttp2::~TlsHttp2() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  close(fd_);
}

bool TlsHttp2::Send(Type type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame = Number(static_cast<uint32_t>(payload.size()), 3);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  return Write(frame.append(Number(stream, 4)).append(payload));
}

bool TlsHttp2::Write(std::string_view bytes) {
  size_t written = 0;
  return SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written) == 1;
}

bool TlsHttp2::ReadBytes(char* into, size_t size) {
  for (size_t have = 0; have < size;) {
    size_t got = 0;
    if (SSL_read_ex(ssl_, into + have, size - have, &got) != 1) return false;
    have += got;
  }
  return true;
}

std::optional<TlsHttp2::Frame> TlsHttp2::Read() {
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

std::optional<TlsHttp2::Frame> TlsHttp2::ReadUntil(Type type) {
  std::optional<Frame> frame = Read();
  while (frame && frame->type != type) frame = Read();
  return frame;
}

std::string HeaderBlock(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string block;
  for (const auto& [name, value] : headers) block.append(1, '\0').append(Text(name) + Text(value));
  return block;
}

std::string CallHeaders(const std::string& path,
                        const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::pair<std::string, std::string>> headers = {
      {":method", "POST"},     {":scheme", "https"}, {":path", path},
      {":authority", "front"}, {"te", "trailers"},   {"content-type", "application/grpc"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return HeaderBlock(headers);
}

}  // namespace enos::e2e
