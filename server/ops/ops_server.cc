#include "server/ops/ops_server.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

#include "server/base/listening_socket.h"
#include "server/ops/ops_connection.h"

namespace enos::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Out of descriptors: wait for some to come free rather than spin.
constexpr std::chrono::milliseconds kAcceptAgain{100};

// A descriptor that is held only to be given up when there is no other.
class SpareDescriptor {
 public:
  SpareDescriptor() { Take(); }
  ~SpareDescriptor() { Release(); }
  SpareDescriptor(const SpareDescriptor&) = delete;
  SpareDescriptor& operator=(const SpareDescriptor&) = delete;

  void Take() {
    if (fd_ < 0) fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  bool Release() {
    if (fd_ < 0) return false;
    ::close(std::exchange(fd_, -1));
    return true;
  }

 private:
  int fd_ = -1;
};

}  // namespace

class OpsServer::Impl {
 public:
  explicit Impl(OpsServerOptions options)
      : options_(std::move(options)), acceptor_(io_), retry_(io_) {}
  ~Impl() { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Handle(const std::string& path, OpsHandler handler) { handlers_[path] = std::move(handler); }

  std::error_code Listen() {
    ListeningSocket socket;
    if (const auto failed = socket.Listen(options_.listen.host, options_.listen.port))
      return failed;
    address_ = ListenAddress{options_.listen.host, socket.port()}.ToString();
    // The protocol is only asked for when Asio makes sockets itself.
    error_code error;
    acceptor_.assign(tcp::v4(), socket.fd(), error);
    if (!error) socket.Release();
    // Or a synchronous accept waits for a connection.
    if (!error) acceptor_.non_blocking(true, error);
    return error;
  }

  void Serve() {
    AcceptNext();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "enos-ops");
      io_.run();
    });
  }

  void Stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    error_code ignored;
    acceptor_.close(ignored);
  }

  const std::string& address() const { return address_; }
  asio::io_context& io() { return io_; }

 private:
  void AcceptNext() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (!error) {
        Start(std::move(socket), /*one_request=*/false);
      } else if (error != asio::error::connection_aborted) {
        return AcceptWithSpare();
      }
      AcceptNext();
    });
  }

  // Out of descriptors or memory, which accept(2) says also where no connection waits.
  void AcceptWithSpare() {
    if (spare_.Release()) {
      error_code error;
      tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      if (!error) {
        Start(std::move(socket), /*one_request=*/true);
      } else {
        spare_.Take();
      }
    }
    retry_.expires_after(kAcceptAgain);
    retry_.async_wait([this](const error_code& error) {
      if (error) return;
      spare_.Take();
      AcceptNext();
    });
  }

  void Start(tcp::socket socket, bool one_request) {
    if (open_ >= options_.max_connections) return;  // closed with its socket
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    ++open_;
    const OpsConnection::Limits limits{options_.idle_timeout, one_request};
    std::make_shared<OpsConnection>(std::move(socket), handlers_, limits, [this] {
      OnEnd();
    })->ReadRequest();
  }

  // A connection is gone, and its descriptor free: the first use for it is as the spare.
  void OnEnd() {
    --open_;
    spare_.Take();
  }

  const OpsServerOptions options_;
  OpsHandlers handlers_;
  size_t open_ = 0;
  SpareDescriptor spare_;
  // Behind what its connections use, the last of which end with it. 1: one thread runs it.
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  std::string address_;
  std::thread thread_;
};

OpsServer::OpsServer(OpsServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
OpsServer::~OpsServer() = default;

void OpsServer::Handle(const std::string& path, OpsHandler handler) {
  impl_->Handle(path, std::move(handler));
}
std::error_code OpsServer::Listen() { return impl_->Listen(); }
void OpsServer::Serve() { impl_->Serve(); }
void OpsServer::Stop() { impl_->Stop(); }
const std::string& OpsServer::address() const { return impl_->address(); }
asio::io_context& OpsServer::io() { return impl_->io(); }

}  // namespace enos::gateway
