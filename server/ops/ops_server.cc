#include "server/ops/ops_server.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "server/base/listening_socket.h"
#include "server/ops/ops_connection.h"

namespace enos::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Out of descriptors: wait for some to be freed instead of spinning.
constexpr std::chrono::milliseconds kAcceptAgain{100};

// A descriptor held in reserve, to be released when there is no other.
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
  bool taken() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace

class OpsServer::Impl final : public OpsConnection::Owner {
 public:
  explicit Impl(OpsServerOptions options)
      : options_(std::move(options)), acceptor_(io_), retry_(io_) {}
  ~Impl() override { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Handle(const std::string& path, OpsHandler handler) { handlers_[path] = std::move(handler); }

  std::error_code Listen() {
    ListeningSocket socket;
    if (const auto failed = socket.Listen(options_.listen.host, options_.listen.port))
      return failed;
    address_ = ListenAddress{options_.listen.host, socket.port()}.ToString();
    // The protocol matters only when Asio creates sockets itself.
    error_code error;
    acceptor_.assign(tcp::v4(), socket.fd(), error);
    if (!error) socket.Release();
    // Otherwise a synchronous accept waits for a connection.
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
    full_ = false;
    newcomer_.reset();
    error_code ignored;
    acceptor_.close(ignored);
  }

  const std::string& address() const { return address_; }
  asio::io_context& io() { return io_; }

 private:
  void AcceptNext() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (!error) {
        newcomer_ = std::move(socket);
        return TakeIn();
      }
      if (error != asio::error::connection_aborted) return AcceptWithSpare();
      AcceptNext();
    });
  }

  // If every connection is being answered, the new one waits for one of them to finish.
  void TakeIn() {
    full_ = !MakeRoom();
    if (full_) return;
    Start(std::move(*newcomer_), /*one_request=*/false);
    newcomer_.reset();
    AcceptNext();
  }

  // Not from within a connection's own operation.
  void TakeInLater() {
    if (!std::exchange(full_, false)) return;
    asio::post(io_, [this] { TakeIn(); });
  }

  // Out of descriptors or memory, which accept(2) also reports if no connection is waiting.
  void AcceptWithSpare() {
    // The spare is in use, maybe by a silent client.
    if (!spare_.taken() && ConnectionWaits()) End(OpsConnection::State::kIdle);
    if (spare_.Release()) {
      error_code error;
      tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      if (!error) {
        if (MakeRoom()) Start(std::move(socket), /*one_request=*/true);
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

  bool ConnectionWaits() {
    pollfd waits{acceptor_.native_handle(), POLLIN, 0};
    return ::poll(&waits, 1, 0) == 1;
  }

  void Start(tcp::socket socket, bool one_request) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto connection =
        std::make_shared<OpsConnection>(std::move(socket), handlers_, options_, one_request, *this);
    connections_.push_back(connection.get());
    connection->Start();
  }

  // A client that does not read its answer is evicted last, but is evicted: otherwise many of its
  // kind could lock everyone out.
  bool MakeRoom() {
    return connections_.size() < options_.max_connections || End(OpsConnection::State::kIdle) ||
           End(OpsConnection::State::kSending);
  }

  // Closes the connection that has been in `state` the longest. False: there is none.
  bool End(OpsConnection::State state) {
    const auto found = std::find_if(connections_.begin(), connections_.end(),
                                    [&](const auto* each) { return each->state() == state; });
    if (found == connections_.end()) return false;
    OpsConnection& ended = **found;
    connections_.erase(found);
    ended.Close();
    spare_.Take();
    return true;
  }

  void OnState(OpsConnection& connection) override {
    const auto found = std::find(connections_.begin(), connections_.end(), &connection);
    if (found == connections_.end()) return;  // was closed
    connections_.splice(connections_.end(), connections_, found);
    if (connection.state() != OpsConnection::State::kAnswering) TakeInLater();
  }

  // A connection is gone, and its descriptor free: it first replaces the spare.
  void OnEnd(OpsConnection& connection) override {
    connections_.remove(&connection);
    spare_.Take();
    TakeInLater();
  }

  const OpsServerOptions options_;
  OpsHandlers handlers_;
  std::list<OpsConnection*> connections_;  // the one that has been in its state the longest first
  SpareDescriptor spare_;
  bool full_ = false;  // newcomer_ waits for room
  // After what its connections use, because they end with it. 1: run by one thread.
  asio::io_context io_{1};
  // Otherwise it would end when all pending work is with handlers.
  const asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  tcp::acceptor acceptor_;
  std::optional<tcp::socket> newcomer_;  // accepted, not yet a connection
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
