#include "sandbox/http/listener.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sandbox/http/connection.h"

namespace enos::sandbox {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Out of descriptors or memory: wait for some to come free rather than spin.
constexpr std::chrono::milliseconds kAcceptAgain{20};

absl::Status CannotListen(const HttpServerOptions& options, const error_code& error) {
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", options.address, ":", options.port, ": ", error.message()));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Listener>> Listener::Open(std::shared_ptr<ServerCore> core) {
  auto listener = std::make_shared<Listener>(std::move(core));
  if (absl::Status bound = listener->Bind(); !bound.ok()) return bound;
  return listener;
}

Listener::Listener(std::shared_ptr<ServerCore> core)
    : core_(std::move(core)),
      strand_(asio::make_strand(core_->io)),
      acceptor_(strand_),
      retry_(strand_) {}

absl::Status Listener::Bind() {
  const HttpServerOptions& options = core_->options;
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on \"", options.address, "\": not an IP address"));
  }
  const tcp::endpoint endpoint(address, options.port);
  acceptor_.open(endpoint.protocol(), error);
  // REUSEADDR lets a restarted server have its port back at once; two listeners on one port it does
  // not allow.
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && options.receive_buffer_bytes > 0) {
    acceptor_.set_option(asio::socket_base::receive_buffer_size(options.receive_buffer_bytes),
                         error);
  }
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return CannotListen(options, error);
  const tcp::endpoint bound = acceptor_.local_endpoint(error);
  if (error) return CannotListen(options, error);
  port_ = bound.port();
  return absl::OkStatus();
}

void Listener::Accept() {
  asio::post(strand_, [self = shared_from_this()] { self->AcceptNext(); });
}

void Listener::Close() {
  asio::post(strand_, [self = shared_from_this()] {
    self->closed_ = true;
    error_code ignored;
    self->acceptor_.close(ignored);
    self->retry_.cancel();
  });
}

void Listener::AcceptNext() {
  if (closed_) return;
  acceptor_.async_accept(
      asio::make_strand(core_->io),
      asio::bind_executor(strand_,
                          [self = shared_from_this()](const error_code& error, tcp::socket socket) {
                            if (self->closed_) return;
                            if (error && error != asio::error::connection_aborted)
                              return self->TryAgainLater();
                            if (!error) self->OnAccepted(std::move(socket));
                            self->AcceptNext();
                          }));
}

void Listener::OnAccepted(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto connection = MakeConnection(core_, std::move(socket), ++accepted_);
  if (core_->Add(connection)) connection->Start();
}

void Listener::TryAgainLater() {
  retry_.expires_after(kAcceptAgain);
  retry_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->AcceptNext();
  });
}

}  // namespace enos::sandbox
