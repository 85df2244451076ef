// A small HTTP/1.1 server that can misbehave on purpose, down to the socket. The protocol is
// Boost.Beast's: nothing is parsed by hand. Made for the sandbox and for wire tests of the gateway;
// it is not meant to face the internet.
#ifndef ENOS_SANDBOX_HTTP_HTTP_SERVER_H_
#define ENOS_SANDBOX_HTTP_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "sandbox/http/handler.h"
#include "sandbox/http/server_counters.h"

namespace enos::sandbox {

struct TlsOptions {
  std::string certificate_chain_pem;  // the server's certificate first
  std::string private_key_pem;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 address, not a name
  std::uint16_t port = 0;             // 0: any free one, see port()
  std::optional<TlsOptions> tls;
  int threads = 1;
  std::size_t max_head_bytes = 64 * 1024;        // more is answered by 431
  std::size_t max_body_bytes = 2 * 1024 * 1024;  // more is answered by 413
  std::chrono::milliseconds idle_timeout{
      0};  // closes keep-alive connections idle for so long; 0: never
  int receive_buffer_bytes =
      0;  // SO_RCVBUF; small makes a client that is not read get stuck soon; 0: the kernel's choice
};

// Thread-safe. One object serves once: Start, then Stop. Connections cost memory, not threads;
// 10,000 at once are fine where the descriptor limit allows (too many open files delay accepting
// and end no connection).
class HttpServer {
 public:
  // The handler is not owned and must outlive Stop().
  HttpServer(HttpServerOptions options, HttpHandler* handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();  // stops

  // Binds, listens and serves. Errors name the address and what went wrong with it, or with the
  // certificate.
  absl::Status Start();
  // Ends every connection, answered or not (FIN, or RST with kReset), and the threads. Not to be
  // called on a server thread. Idempotent.
  void Stop(Ending ending = Ending::kClose);

  // Valid after Start().
  std::uint16_t port() const;
  // "http://127.0.0.1:PORT", or https.
  std::string url() const;

  const ServerCounters& counters() const;

  // Ends one connection at a moment of the caller's choosing, for example while it is idle: kClose
  // or kReset. False: there is no such connection (any more). It ends soon, not at once: wait for
  // WaitForOpenConnections.
  bool EndConnection(std::uint64_t connection, Ending ending);

  // Sends bytes that nobody asked for on a connection that is idle, as a proxy does that doubles an
  // answer, or a load balancer before it closes; then ends the connection as told (kServeNext: it
  // stays). The future has true when the client's system has received them all, false where there
  // is no such connection (any more).
  std::future<bool> SendUnasked(std::uint64_t connection, std::string bytes,
                                Ending then = Ending::kServeNext);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_HTTP_SERVER_H_
