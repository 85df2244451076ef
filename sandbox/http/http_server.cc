#include "sandbox/http/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sandbox/http/connection.h"
#include "sandbox/http/listener.h"
#include "sandbox/http/server_core.h"
#include "sandbox/http/tls_context.h"

namespace enos::sandbox {

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, HttpHandler* handler)
      : core_(std::make_shared<ServerCore>(std::move(options), handler)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  // A server that cannot stop ends the program.
  ~Impl() { Stop(Ending::kClose); }  // NOLINT(bugprone-exception-escape)

  absl::Status Start() {
    const HttpServerOptions& options = core_->options;
    if (options.tls.has_value()) {
      auto tls = MakeTlsContext(*options.tls);
      if (!tls.ok()) return tls.status();
      core_->tls.emplace(*std::move(tls));
    }
    auto listener = Listener::Open(core_);
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    listener_->Accept();
    threads_.reserve(static_cast<std::size_t>(options.threads));
    for (int i = 0; i < options.threads; ++i) {
      threads_.emplace_back([core = core_] { core->io.run(); });
    }
    return absl::OkStatus();
  }

  void Stop(Ending ending) {
    if (listener_ == nullptr || stopped_) return;
    stopped_ = true;
    // Keeps the threads from ending before the connections that merely wait for an answer are told.
    auto work = boost::asio::make_work_guard(core_->io);
    listener_->Close();
    for (const auto& connection : core_->BeginStop()) connection->EndForStop(ending);
    work.reset();
    // Nothing is left to do once every socket and timer is gone, so the threads end by themselves,
    // and no handler stays behind holding a connection.
    for (auto& thread : threads_) thread.join();
  }

  const ServerCore& core() const { return *core_; }
  ServerCore& core() { return *core_; }
  std::uint16_t port() const { return listener_ == nullptr ? std::uint16_t{0} : listener_->port(); }

 private:
  const std::shared_ptr<ServerCore> core_;
  std::shared_ptr<Listener> listener_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

HttpServer::HttpServer(HttpServerOptions options, HttpHandler* handler)
    : impl_(std::make_unique<Impl>(std::move(options), handler)) {}
HttpServer::~HttpServer() = default;

absl::Status HttpServer::Start() { return impl_->Start(); }
void HttpServer::Stop(Ending ending) { impl_->Stop(ending); }
std::uint16_t HttpServer::port() const { return impl_->port(); }
const ServerCounters& HttpServer::counters() const { return impl_->core().counters; }

std::string HttpServer::url() const {
  const HttpServerOptions& options = impl_->core().options;
  const bool ipv6 = options.address.find(':') != std::string::npos;
  return absl::StrCat(options.tls.has_value() ? "https://" : "http://", ipv6 ? "[" : "",
                      options.address, ipv6 ? "]" : "", ":", port());
}

bool HttpServer::EndConnection(std::uint64_t connection, Ending ending) {
  const auto found = impl_->core().Find(connection);
  if (found == nullptr) return false;
  found->End(ending);
  return true;
}

std::future<bool> HttpServer::SendUnasked(std::uint64_t connection, std::string bytes,
                                          Ending then) {
  auto arrived = std::make_shared<std::promise<bool>>();
  const auto found = impl_->core().Find(connection);
  if (found == nullptr) {
    arrived->set_value(false);
  } else {
    found->Send(std::move(bytes), then, [arrived](bool has) { arrived->set_value(has); });
  }
  return arrived->get_future();
}

}  // namespace enos::sandbox
