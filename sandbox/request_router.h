// Leads each HTTP request to the part that decides it, applies faults, and writes the ledger.
// Internal to the sandbox.
#ifndef ENOS_SANDBOX_REQUEST_ROUTER_H_
#define ENOS_SANDBOX_REQUEST_ROUTER_H_

#include <functional>
#include <mutex>
#include <string>

#include "sandbox/flow_api.h"
#include "sandbox/http/handler.h"
#include "sandbox/sandbox_server.h"

namespace enos::sandbox {

// Thread-safe.
class RequestRouter : public HttpHandler {
 public:
  // Copies what it needs; clock and log must not be empty.
  explicit RequestRouter(const SandboxOptions& options);

  // What /_sandbox/stats tells of the sockets. To be called before the first request.
  void SetServerCounts(std::function<ServerCounts()> counts) { server_counts_ = std::move(counts); }

  void OnRequest(HttpRequest request, Responder responder) override;

  TokenService& tokens() { return tokens_; }
  const CallLedger& ledger() const { return ledger_; }
  TokenStats token_stats() const;
  ReadStats read_stats() const { return flows_.read_stats(); }

 private:
  Answer Route(const HttpRequest& request, const Target& target);
  Answer AnswerToken(const HttpRequest& request, TokenAction action);
  Answer AnswerView(const HttpRequest& request, const Target& target);
  Answer AnswerCalls(const Query& query) const;
  bool Forget(const std::string& path);
  void Log(const HttpRequest& request, const std::string& outcome) const;

  const Clock clock_;
  const std::function<void(const std::string&)> log_;
  std::function<ServerCounts()> server_counts_;
  TokenService tokens_;
  FaultPlan faults_;
  CallLedger ledger_;
  FlowApi flows_;  // uses those above

  mutable std::mutex mutex_;
  TokenStats token_stats_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_REQUEST_ROUTER_H_
