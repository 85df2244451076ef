#ifndef ENOS_TESTS_SUPPORT_RAW_HTTP2_H_
#define ENOS_TESTS_SUPPORT_RAW_HTTP2_H_

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/http2.h"
#include "tests/support/wait.h"

namespace enos {

struct RawHttp2Options {
  bool tls = false;                        // looks at no certificate
  std::chrono::seconds patience = kGuard;  // with a server that sends, or takes, nothing
  // Of so many bytes, where it is not 0: the kernel's least is about 2 KB.
  int receive_buffer = 0;
  // From 127.0.0.2 instead of 127.0.0.1: a proxy's limits go by it.
  bool other_address = false;
};

// A client that speaks HTTP/2 frame by frame: what gRPC's own client would never send. Used from
// one thread.
class RawHttp2 {
 public:
  // Connects to 127.0.0.1 at the port of `address` and sends nothing.
  explicit RawHttp2(const std::string& address, const RawHttp2Options& options = {});
  ~RawHttp2();
  RawHttp2(const RawHttp2&) = delete;
  RawHttp2& operator=(const RawHttp2&) = delete;

  // What sends gives false once the server takes nothing any more, or was never reached.

  // The client's preface with a SETTINGS frame of this payload.
  bool SendPreface(std::string_view settings = {});
  bool Send(Frame::Type type, uint8_t flags, uint32_t stream, std::string_view payload);
  bool SendBytes(std::string_view bytes);
  // Sends a message in frames as large as allowed, each when there is room for it in the
  // connection's and the stream's windows. False: the server ended the stream or the connection
  // before all was sent, or opened no window. The last frame ends the stream where it is `whole`.
  bool SendWithinWindow(uint32_t stream, std::string_view message, bool whole = true);

  // The next frame; nothing once the server has ended the connection.
  std::optional<Frame> Read();
  // The first frame of that type; settings are acknowledged on the way.
  std::optional<Frame> ReadUntil(Frame::Type type);
  // Reads on until the server ends the connection; false when it does not in time.
  bool ReadToEnd();
  // Waits that long at most for anything to come, and forgets it. False once the server has ended
  // the connection, or said that it will.
  bool Discard(std::chrono::milliseconds time);

  // False once the server was seen to have ended the connection, or takes nothing any more.
  bool IsOpen() const { return !ended_ && !is_refused_; }
  bool told_to_go() const { return told_to_go_; }  // by GOAWAY
  int descriptor() const { return fd_; }

 private:
  void Connect(const std::string& address, const RawHttp2Options& options);
  bool Handshake();
  bool Receive();
  std::optional<Frame> Take();
  void TakeSettings(std::string_view payload);
  int64_t& Window(uint32_t stream);
  bool WaitForWindow(uint32_t stream);

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  bool ended_ = false;  // by the server
  bool is_refused_ = false;
  bool told_to_go_ = false;
  std::string input_;
  int64_t initial_window_ = 65535;
  int64_t connection_window_ = 65535;
  std::map<uint32_t, int64_t> windows_;  // by stream
};

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_RAW_HTTP2_H_
