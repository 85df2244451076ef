#ifndef ENOS_TESTS_WIRE_SUPPORT_CONNECT_PROXY_H_
#define ENOS_TESTS_WIRE_SUPPORT_CONNECT_PROXY_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {

// An HTTP proxy for CONNECT on a free port of 127.0.0.1, a thread for each connection. Whatever
// name it is asked for, it connects to one port of 127.0.0.1, so that names need not exist.
class ConnectProxy {
 public:
  // Tunnels to `target`.
  explicit ConnectProxy(std::uint16_t target);
  ~ConnectProxy();  // ends every connection
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  // Ends all tunnels; from now on answers each CONNECT with these bytes, and closes; none: just
  // closes.
  void RefuseFromNowOn(const std::string& answer);

  // "127.0.0.1:PORT"
  std::string host_and_port() const { return port_.host_and_port(); }

  // The heads of the CONNECT requests, and what went through the tunnels, both ways together.
  std::vector<std::string> heads() const;
  std::string tunnelled() const;

 private:
  void Accept();
  void Serve(int caller);
  bool ReadHead(int caller);
  void Relay(int caller, int upstream);

  const std::uint16_t target_;
  const RefusingPort port_;  // listened on
  mutable std::mutex mutex_;
  std::optional<std::string> refusal_;
  std::vector<std::string> heads_;
  std::string tunnelled_;
  std::vector<int> open_;  // to be shut down at the end
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_CONNECT_PROXY_H_
