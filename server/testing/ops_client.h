#ifndef ENOS_SERVER_TESTING_OPS_CLIENT_H_
#define ENOS_SERVER_TESTING_OPS_CLIENT_H_

#include <chrono>
#include <string>
#include <string_view>

namespace enos::gateway {

// What came back, for tests of the operations endpoint.
struct OpsReply {
  int status = 0;  // 0: no answer
  std::string head;
  std::string body;
};

// A client for such tests: one plain connection, blocking. Reads give up after 30 seconds, which
// only a failing test sees. Its descriptor is taken by the constructor, so that it can connect
// where there are no others.
class OpsClient {
 public:
  OpsClient();
  ~OpsClient();
  OpsClient(const OpsClient&) = delete;
  OpsClient& operator=(const OpsClient&) = delete;

  // To "127.0.0.1:port", of which only the port counts. False: refused.
  bool Connect(const std::string& address) const;
  bool Send(std::string_view bytes) const;
  // Tells the peer that nothing more comes; the descriptor stays in use.
  void EndSending() const;
  // One answer with Content-Length, or without a body for HEAD.
  OpsReply Read(bool head_only = false);
  // Everything until the peer closes or resets; false when it did neither.
  bool ReadToEnd(std::string* received = nullptr);

  OpsReply Get(const std::string& path);

  // In place of the 30 seconds.
  void SetPatience(std::chrono::milliseconds patience) const;
  // Waits for more bytes; false when the peer has ended instead.
  bool ReadSome();
  // Whether a read has found that the peer closed or reset.
  bool ended() const { return ended_; }

 private:
  int socket_;
  std::string received_;
  bool ended_ = false;
};

// GET on a connection of its own.
OpsReply OpsGet(const std::string& address, const std::string& path);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_OPS_CLIENT_H_
