#ifndef ENOS_SERVER_OPS_OPS_SERVER_H_
#define ENOS_SERVER_OPS_OPS_SERVER_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include "server/base/address.h"

namespace enos::gateway {

struct OpsAnswer {
  int status = 200;  // an HTTP status
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

// Answers one request: at most once, on the server's thread. Dropping it without an answer closes
// the connection. Must not outlive the server.
using OpsRespond = std::function<void(OpsAnswer)>;

// Called on the server's thread, which it must not block; may answer later.
using OpsHandler = std::function<void(OpsRespond)>;

struct OpsServerOptions {
  ListenAddress listen;
  // At this limit a new connection replaces one that is not being answered: the one that has waited
  // longest for its client.
  size_t max_connections = 64;
  // For a whole request to arrive: from the accept, or from the first byte on a kept-alive
  // connection.
  std::chrono::milliseconds request_timeout{5000};
  // For a whole answer to be sent.
  std::chrono::milliseconds send_timeout{5000};
  // Between an answer and the next request. Prometheus scrapes once a minute by default.
  std::chrono::milliseconds idle_timeout{90000};
};

// The HTTP/1.1 server for probes and monitoring (Boost.Beast parses the protocol): GET and HEAD on
// registered paths, on its own thread, so that it answers whatever the rest of the process does.
// Requests, connections and time are limited, and slow clients lock nobody out: they make room for
// others. If the process runs out of descriptors, it still answers one connection at a time, using
// one that it keeps in reserve.
//
// Plaintext by design, for trusted networks: handlers return nothing secret. Used from one thread,
// except for handlers.
class OpsServer {
 public:
  explicit OpsServer(OpsServerOptions options);
  ~OpsServer();  // stops
  OpsServer(const OpsServer&) = delete;
  OpsServer& operator=(const OpsServer&) = delete;

  // `path` begins with "/"; a query after it is ignored. Before Serve.
  void Handle(const std::string& path, OpsHandler handler);

  // Binds the address (ListeningSocket::Listen). Connections queue up from now on until Serve. The
  // error says why it cannot be bound.
  std::error_code Listen();

  // Starts the thread. After Listen.
  void Serve();

  // Stops the thread and drops pending work. No handler is called afterwards. A second call does
  // nothing.
  void Stop();

  // "host:port" with the actual port. After Listen.
  const std::string& address() const;

  // What the server's thread runs, for handlers that wait for something themselves. Their
  // operations must be destroyed before the server is, or be left to it.
  boost::asio::io_context& io();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_OPS_OPS_SERVER_H_
