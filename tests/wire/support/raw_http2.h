#ifndef ENOS_TESTS_WIRE_SUPPORT_RAW_HTTP2_H_
#define ENOS_TESTS_WIRE_SUPPORT_RAW_HTTP2_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace enos::gateway::testing {

// A client that speaks HTTP/2 (RFC 9113) frame by frame, in plaintext: what gRPC's own client would
// never send. Reads give up after kGuard.
class RawHttp2 {
 public:
  enum Type : uint8_t {
    kData = 0,
    kHeaders = 1,
    kRstStream = 3,
    kSettings = 4,
    kPing = 6,
    kGoAway = 7,
    kWindowUpdate = 8,
    kContinuation = 9
  };
  // Flags.
  static constexpr uint8_t kAck = 1;
  static constexpr uint8_t kEndStream = 1;
  static constexpr uint8_t kEndHeaders = 4;
  struct Frame {
    uint8_t type = 0;
    uint8_t flags = 0;
    uint32_t stream = 0;
    std::string payload;
  };

  // Connects to 127.0.0.1 at the port of `address` and sends nothing. With a receive buffer of so
  // many bytes, where it is not 0: the kernel's least is about 2 KB.
  explicit RawHttp2(const std::string& address, int receive_buffer = 0);

  // The client's preface with a SETTINGS frame of this payload.
  void SendPreface(std::string_view settings = {});
  void Send(Type type, uint8_t flags, uint32_t stream, std::string_view payload);

  // The next frame; nothing once the server has ended the connection.
  std::optional<Frame> Read();
  // The first frame of that type; settings are acknowledged on the way.
  std::optional<Frame> ReadUntil(Type type);
  // Sends a message in frames as large as allowed, each when there is room for it in the
  // connection's and the stream's windows, which are those of the protocol's start. False: the
  // server ended the stream or the connection before all was sent. The last frame ends the stream
  // where it is `whole`.
  bool SendWithinWindow(uint32_t stream, std::string_view message, bool whole = true);
  // False once the server was seen to have ended the connection, or takes nothing any more.
  bool IsOpen() const { return !ended_ && !is_refused_; }
  // Reads on until the server ends the connection; false when it does not within kGuard.
  bool ReadToEnd();

  int descriptor() { return socket_.native_handle(); }

 private:
  bool WaitForWindow(uint32_t stream);
  void SendBytes(std::string_view bytes);
  bool ReadBytes(char* into, size_t size);

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  bool ended_ = false;  // by the server
  bool is_refused_ = false;
  int64_t connection_window_ = 65535;
  int64_t stream_window_ = 65535;  // of the stream that a message goes out on
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_RAW_HTTP2_H_
