#ifndef ENOS_TESTS_HOSTILE_CONNECTION_H_
#define ENOS_TESTS_HOSTILE_CONNECTION_H_

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace enos::hostile {

enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kRstStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9
};
inline constexpr uint8_t kEndStream = 1;
inline constexpr uint8_t kEndHeaders = 4;

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload);

// An HTTP/2 client that does what it likes, over plaintext or TLS. It acknowledges no settings
// unless told to. Used from one thread.
class Connection {
 public:
  Connection(uint16_t port, bool tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False: the server has closed it, or accepts nothing for some seconds.
  bool Send(std::string_view bytes);
  bool SendPreface();
  // The same within the windows that the server has granted; reads on the way.
  bool SendData(uint32_t stream, std::string_view data);
  // Reads what arrives, for at most that long. False: the server has closed it.
  bool Read(std::chrono::milliseconds time);

 private:
  bool Handshake();
  long ReadBytes(char* into, size_t size);
  bool TakeFrames();
  void TakeSettings(std::string_view payload);
  int64_t& Window(uint32_t stream);

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  bool is_open_ = false;
  std::string input_;
  int64_t initial_window_ = 65535;
  int64_t connection_window_ = 65535;
  std::map<uint32_t, int64_t> windows_;  // by stream
};

}  // namespace enos::hostile

#endif  // ENOS_TESTS_HOSTILE_CONNECTION_H_
