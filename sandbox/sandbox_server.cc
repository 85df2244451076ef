#include "sandbox/sandbox_server.h"

#include <utility>

#include "absl/time/clock.h"
#include "sandbox/request_router.h"

namespace enos::sandbox {

class SandboxServer::Impl {
 public:
  explicit Impl(SandboxOptions options)
      : router_(options),
        http_options_(std::move(options.http)),
        http_(std::make_unique<HttpServer>(http_options_, &router_)) {
    router_.SetServerCounts([this] { return http_->counters().Get(); });
  }

  RequestRouter& router() { return router_; }
  HttpServer& http() { return *http_; }

  void Interrupt(Ending ending) {
    http_options_.port = http_->port();
    http_->Stop(ending);
  }

  absl::Status Resume() {
    http_ = std::make_unique<HttpServer>(http_options_, &router_);
    return http_->Start();
  }

 private:
  RequestRouter router_;
  HttpServerOptions http_options_;
  std::unique_ptr<HttpServer> http_;  // stops before the router goes
};

SandboxServer::SandboxServer(SandboxOptions options) {
  if (!options.clock) options.clock = [] { return absl::Now(); };
  if (!options.log) options.log = [](const std::string&) {};
  impl_ = std::make_unique<Impl>(std::move(options));
}
SandboxServer::~SandboxServer() = default;

absl::Status SandboxServer::Start() { return impl_->http().Start(); }
void SandboxServer::Stop() { impl_->http().Stop(); }
void SandboxServer::Interrupt(Ending ending) { impl_->Interrupt(ending); }
absl::Status SandboxServer::Resume() { return impl_->Resume(); }
std::uint16_t SandboxServer::port() const { return impl_->http().port(); }
std::string SandboxServer::url() const { return impl_->http().url(); }

CallPage SandboxServer::Calls(std::uint64_t since, std::size_t limit) const {
  return impl_->router().ledger().Since(since, limit);
}
CallStats SandboxServer::Stats() const { return impl_->router().ledger().Stats(); }
TokenStats SandboxServer::Tokens() const { return impl_->router().token_stats(); }
const ServerCounters& SandboxServer::counters() const { return impl_->http().counters(); }
void SandboxServer::RevokeTokens() { impl_->router().tokens().Revoke(); }

}  // namespace enos::sandbox
