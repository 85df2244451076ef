// The listening socket of an HttpServer. Internal to the library.
#ifndef ENOS_SANDBOX_HTTP_LISTENER_H_
#define ENOS_SANDBOX_HTTP_LISTENER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sandbox/http/server_core.h"

namespace enos::sandbox {

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // Bound and listening, at the address and port of the core's options. Errors name them.
  static absl::StatusOr<std::shared_ptr<Listener>> Open(std::shared_ptr<ServerCore> core);

  explicit Listener(std::shared_ptr<ServerCore> core);

  // Starts the endless chain of accepts.
  void Accept();
  // From any thread, while the io_context still runs or is about to.
  void Close();
  std::uint16_t port() const { return port_; }

 private:
  absl::Status Bind();
  void AcceptNext();
  void OnAccepted(boost::asio::ip::tcp::socket socket);
  void TryAgainLater();

  const std::shared_ptr<ServerCore> core_;
  const boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  std::uint16_t port_ = 0;
  std::uint64_t accepted_ = 0;
  bool closed_ = false;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_HTTP_LISTENER_H_
