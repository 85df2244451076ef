// One accepted connection of an HttpServer. Internal to the library.
#ifndef ENOS_SANDBOX_HTTP_CONNECTION_H_
#define ENOS_SANDBOX_HTTP_CONNECTION_H_

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sandbox/http/server_core.h"

namespace enos::sandbox {

// Kept alive by its own pending operations, and by responders that were not used yet.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(std::uint64_t number) : number_(number) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  std::uint64_t number() const { return number_; }

  // Begins with the accept hook. Once, after it was added to the core.
  virtual void Start() = 0;
  // Closes or resets, from any thread; nothing where it is closed already.
  virtual void End(Ending ending) = 0;
  // Sends bytes that nobody asked for, then ends as told (kServeNext: goes on as before), from any
  // thread. `arrived` is called once: with true when the peer's system has them all, with false
  // where the connection is closed, or broke.
  virtual void Send(std::string bytes, Ending then, std::function<void(bool)> arrived) = 0;
  // The same for a server that stops, when ServerCore::Post refuses already: kReset, or a close.
  virtual void EndForStop(Ending ending) = 0;

 private:
  const std::uint64_t number_;
};

// Plain or TLS, as the core says. The socket's executor must be a strand of the core's io_context.
std::shared_ptr<Connection> MakeConnection(std::shared_ptr<ServerCore> core,
                                           boost::asio::ip::tcp::socket socket,
                                           std::uint64_t number);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_CONNECTION_H_
