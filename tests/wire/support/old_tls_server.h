#ifndef ENOS_TESTS_WIRE_SUPPORT_OLD_TLS_SERVER_H_
#define ENOS_TESTS_WIRE_SUPPORT_OLD_TLS_SERVER_H_

#include <atomic>
#include <cstdint>
#include <thread>

#include "sandbox/http/http_server.h"
#include "server/tls/openssl_handles.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {

// A TLS server on a free port of 127.0.0.1 that speaks no version later than `max_version`
// (TLS1_1_VERSION), with whatever ciphers that needs. Who is served gets one byte.
class OldTlsServer {
 public:
  OldTlsServer(const sandbox::TlsOptions& certificate, int max_version);
  ~OldTlsServer();
  OldTlsServer(const OldTlsServer&) = delete;
  OldTlsServer& operator=(const OldTlsServer&) = delete;

  std::uint16_t port() const { return port_.port(); }
  int handshakes() const { return handshakes_; }  // that succeeded

 private:
  void Accept();
  void Serve(int connection);

  const openssl::Context context_;
  const RefusingPort port_;  // listened on
  std::atomic<int> handshakes_{0};
  std::thread acceptor_;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_OLD_TLS_SERVER_H_
