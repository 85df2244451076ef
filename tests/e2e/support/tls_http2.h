#ifndef ENOS_TESTS_E2E_SUPPORT_TLS_HTTP2_H_
#define ENOS_TESTS_E2E_SUPPORT_TLS_HTTP2_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace enos::e2e {

// A client that speaks HTTP/2 (RFC 9113) over TLS frame by frame: what gRPC's own client would
// never send. It looks at no certificate. Reads give up after kGuard.
class TlsHttp2 {
 public:
  enum Type : uint8_t {
    kData = 0,
    kHeaders = 1,
    kRstStream = 3,
    kSettings = 4,
    kPing = 6,
    kGoAway = 7,
    kContinuation = 9
  };
  static constexpr uint8_t kEndStream = 1;
  static constexpr uint8_t kEndHeaders = 4;
  struct Frame {
    uint8_t type = 0;
    uint8_t flags = 0;
    uint32_t stream = 0;
    std::string payload;
  };

  // Connects to 127.0.0.1 at the port of `address`, and sends the preface with empty SETTINGS. Does
  // not acknowledge the server's.
  explicit TlsHttp2(const std::string& address);
  ~TlsHttp2();
  TlsHttp2(const TlsHttp2&) = delete;
  TlsHttp2& operator=(const TlsHttp2&) = delete;

  // False once the server takes nothing any more.
  bool Send(Type type, uint8_t flags, uint32_t stream, std::string_view payload);
  // The next frame; nothing once the server has ended the connection.
  std::optional<Frame> Read();
  // The first frame of that type.
  std::optional<Frame> ReadUntil(Type type);

 private:
  bool Write(std::string_view bytes);
  bool ReadBytes(char* into, size_t size);

  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
};

// Headers as HPACK (RFC 7541) writes them without compression.
std::string HeaderBlock(const std::vector<std::pair<std::string, std::string>>& headers);

// Those of a call of that method, and more.
std::string CallHeaders(const std::string& path,
                        const std::vector<std::pair<std::string, std::string>>& more = {});

}  // namespace enos::e2e

#endif  // ENOS_TESTS_E2E_SUPPORT_TLS_HTTP2_H_
