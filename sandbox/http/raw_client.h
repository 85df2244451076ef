// A client for tests that sees exactly what is on the wire: bytes, FIN and RST.
#ifndef ENOS_SANDBOX_HTTP_RAW_CLIENT_H_
#define ENOS_SANDBOX_HTTP_RAW_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace enos::sandbox {

// One TCP connection to 127.0.0.1. Reads give up after 30 seconds (Outcome::kNothing), which only a
// failing test sees. Not thread-safe.
class RawClient {
 public:
  enum class Outcome { kOpen, kEnd, kReset, kNothing };  // still open; FIN; RST; gave up

  explicit RawClient(std::uint16_t port);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  bool connected() const { return connected_; }

  // Sends all of it; false when the connection is broken.
  bool Send(std::string_view bytes) const;
  // Sends without waiting until the peer takes no more, but at most `limit` bytes; answers how many
  // went.
  std::size_t SendUntilStuck(std::size_t limit) const;
  void Close();  // FIN
  void Reset();  // RST

  // Appends to received() until the peer ends the connection.
  Outcome ReadToEnd();
  // ...until `text` was received; kOpen means that it was.
  Outcome ReadUntil(std::string_view text);
  const std::string& received() const { return received_; }
  void ForgetReceived() { received_.clear(); }

 private:
  Outcome ReadSome();

  int socket_ = -1;
  bool connected_ = false;
  bool reset_ = false;
  std::string received_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_RAW_CLIENT_H_
