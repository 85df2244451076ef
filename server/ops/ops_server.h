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

// Answers one request: at most once, on the server's thread. Dropped without an answer, it closes
// the connection. Must not outlive the server.
using OpsRespond = std::function<void(OpsAnswer)>;

// Called on the server's thread, which it must not hold up; may answer later.
using OpsHandler = std::function<void(OpsRespond)>;

struct OpsServerOptions {
  ListenAddress listen;
  // At this many, one that is not being answered makes room for a new one: the one that has waited
  // for its client the longest.
  size_t max_connections = 64;
  // For a whole request to arrive: from the accept on, or from the first byte on a kept connection.
  std::chrono::milliseconds request_timeout{5000};
  // For a whole answer to leave.
  std::chrono::milliseconds send_timeout{5000};
  // Between an answer and the next request. Prometheus asks once a minute unless told otherwise.
  std::chrono::milliseconds idle_timeout{90000};
};

// The HTTP/1.1 server for probes and monitoring (Boost.Beast reads the protocol): GET and HEAD on
// paths that are registered, on one thread of its own, so that it answers whatever the rest of the
// process does. Requests, connections and time are bounded, and slow clients shut nobody out: they
// make room for others. Where the process is out of descriptors, it still answers one connection at
// a time, with one that it keeps in reserve.
//
// Plain by design, for networks that are trusted: handlers answer nothing secret. Used from one
// thread, handlers apart.
class OpsServer {
 public:
  explicit OpsServer(OpsServerOptions options);
  ~OpsServer();  // stops
  OpsServer(const OpsServer&) = delete;
  OpsServer& operator=(const OpsServer&) = delete;

  // `path` begins with "/"; a query behind it is not part of it and is ignored. Before Serve.
  void Handle(const std::string& path, OpsHandler handler);

  // Takes the address (ListeningSocket::Listen). Connections wait from now on until Serve. An error
  // says why it cannot be had.
  std::error_code Listen();

  // Starts the thread. After Listen.
  void Serve();

  // Ends the thread and drops what is under way. No handler is called afterwards. A second call
  // does nothing.
  void Stop();

  // "host:port" with the port that was taken. After Listen.
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
