// A local EnOS over HTTP: the token service, the batch processing service in both generations,
// faults, and the views under /_sandbox. What the program enos-sandbox runs, and what end-to-end
// tests run in-process.
#ifndef ENOS_SANDBOX_SANDBOX_SERVER_H_
#define ENOS_SANDBOX_SANDBOX_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "sandbox/enos/clock.h"
#include "sandbox/enos/flow_service.h"
#include "sandbox/enos/token_service.h"
#include "sandbox/faults/fault_plan.h"
#include "sandbox/faults/latency.h"
#include "sandbox/http/http_server.h"
#include "sandbox/ledger/call_ledger.h"
#include "sandbox/ledger/views.h"
#include "sandbox/runs/runs.h"
#include "sandbox/runs/time_zone.h"

namespace enos::sandbox {

// The answer to a get of a run that is not known (or no longer): not documented.
enum class UnknownRun { k99404, k62102, kEmpty };

struct SandboxOptions {
  HttpServerOptions http;
  std::string access_key = "sandbox-key";
  std::string secret_key = "sandbox-secret";
  std::string next_secret_key;  // good as well, as while keys are rotated; empty: none
  absl::Duration token_lifetime = absl::Hours(2);
  bool refresh_kills_old_token = true;
  FlowServiceOptions flows;  // its keys are ignored: those above count
  RunsOptions runs;
  NamedZone time_zone;     // of the times of runs
  std::string generation;  // "v2.0" or "v2.1": the only one there is; empty: both
  UnknownRun unknown_run = UnknownRun::k99404;
  FaultPlanOptions faults;
  Latency latency;  // of the batch processing service; the token service answers at once
  std::size_t keep_calls = 100'000;
  Clock clock;  // empty: the real one
  std::function<void(const std::string&)>
      log;  // one line per request, without its end; empty: none; any thread
};

// Thread-safe but for Interrupt and Resume, beside which only Calls, Stats, Tokens, Reads and
// RevokeTokens may be called; one object serves once.
class SandboxServer {
 public:
  explicit SandboxServer(SandboxOptions options);
  SandboxServer(const SandboxServer&) = delete;
  SandboxServer& operator=(const SandboxServer&) = delete;
  ~SandboxServer();  // stops

  absl::Status Start();
  void Stop();

  // What a crash and a restart look like from outside: Interrupt ends every connection (kReset or
  // kClose) and connecting is refused, until Resume listens on the same port again. Tokens, faults
  // and ledger live on; counters() begins anew, as another object.
  void Interrupt(Ending ending);
  absl::Status Resume();

  // Valid after Start().
  std::uint16_t port() const;
  std::string url() const;

  // The same as the views under /_sandbox.
  CallPage Calls(std::uint64_t since = 0, std::size_t limit = SIZE_MAX) const;
  CallStats Stats() const;
  TokenStats Tokens() const;
  const ServerCounters& counters() const;  // of the sockets, and to wait for
  // Every token issued so far is dead from now on.
  void RevokeTokens();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_SANDBOX_SERVER_H_
