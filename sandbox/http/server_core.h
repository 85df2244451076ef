// What the connections of one HttpServer share. Internal to the library.
#ifndef ENOS_SANDBOX_HTTP_SERVER_CORE_H_
#define ENOS_SANDBOX_HTTP_SERVER_CORE_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sandbox/http/http_server.h"

namespace enos::sandbox {

class Connection;

// Every connection holds the core, so that its io_context outlives the last socket. Thread-safe
// apart from the public members, which are constant while the server runs (the io_context is
// thread-safe itself).
class ServerCore {
 public:
  ServerCore(HttpServerOptions server_options, HttpHandler* server_handler)
      : options(std::move(server_options)), handler(server_handler) {}

  const HttpServerOptions options;
  HttpHandler* const handler;
  ServerCounters counters;
  boost::asio::io_context io;
  std::optional<boost::asio::ssl::context> tls;

  // Runs `work` on the executor unless the server is stopping: then the io_context runs dry, and
  // work put into it later would never run nor go away. Work posted before Stop() always runs.
  template <typename Executor, typename Work>
  bool Post(const Executor& executor, Work work) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return false;
    boost::asio::post(executor, std::move(work));
    return true;
  }

  // Counts and registers a new connection; false when the server is stopping: drop it.
  bool Add(const std::shared_ptr<Connection>& connection);
  void Remove(std::uint64_t number);
  std::shared_ptr<Connection> Find(std::uint64_t number) const;
  // From now on Post refuses; answers the connections that are to be closed.
  std::vector<std::shared_ptr<Connection>> BeginStop();

 private:
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::unordered_map<std::uint64_t, std::weak_ptr<Connection>> connections_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_SERVER_CORE_H_
