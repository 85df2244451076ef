#ifndef ENOS_SERVER_METRICS_GATEWAY_METRICS_H_
#define ENOS_SERVER_METRICS_GATEWAY_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/base/scheduler.h"
#include "server/contract/call_outcome.h"
#include "server/http/upstream_events.h"
#include "server/metrics/sampled_metrics.h"

namespace enos::gateway {

// Whether calls are let through to EnOS at all.
enum class BreakerState { kClosed, kHalfOpen, kOpen };

// Files that may change while the gateway runs.
enum class ReloadedFiles { kTls, kKeys, kPolicy, kJwtKeys };

// What the store of idempotency keys is asked for.
enum class StoreOperation { kReserve, kLook, kComplete, kRemove };

// Everything that the gateway counts and times, and its text for Prometheus. Names follow the
// conventions of Prometheus and, for grpc_server_*, of grpc-ecosystem; every label has a bounded
// set of values (label_values.h).
//
// Cheap enough for every call: the metrics that a call updates are looked up in advance, and a
// prometheus-cpp counter is one atomic (7 ns here), its histogram one lock that is almost never
// contended (16 ns). Everything is thread-safe except `sampled`.
class GatewayMetrics {
 public:
  explicit GatewayMetrics(std::string_view version);

  // An RPC arrived; it ended.
  void CallStarted(RpcMethod method) { started_.at(static_cast<size_t>(method))->Increment(); }
  void CallEnded(const CallOutcome& outcome);

  // A request to EnOS ended; a call was resent, or will be, for this reason.
  void UpstreamRequestEnded(const UpstreamRequest& request);
  void Retried(Reason reason);
  // A call with an idempotency key was answered; after AddKeyStore.
  void KeyedCallEnded(KeyResult result) { keyed_.at(static_cast<size_t>(result))->Increment(); }
  // A watched run was polled; parts of an answer about a run could not be read, by UnreadablePart.
  void Polled(bool answered) { polls_.at(answered ? 1 : 0)->Increment(); }
  void PartsUnreadable(const std::array<int, 3>& parts);
  void ConnectionOpened() { opened_->Increment(); }
  void ConnectionReused() { reused_->Increment(); }

  // A fetch returned a token that is valid until then; a fetch failed.
  void TokenObtained(SteadyTime expires_at);
  void TokenFailed() { token_failed_->Increment(); }

  void SetBreaker(BreakerState state);

  // A caller's connection was cut: memory was short, or it sent too much that completed no call.
  void ConnectionCut(bool for_memory) { cut_.at(for_memory ? 1 : 0)->Increment(); }

  // These files may change: their metrics are exported from now on, as "successful".
  void WatchFiles(ReloadedFiles files);
  // They changed, and are now in use or could not be used; after WatchFiles.
  void Reloaded(ReloadedFiles files, bool ok);
  // Until when the listener's certificate is valid; exported from the first call on.
  void SetCertificateExpiry(WallTime until);

  // There is a store of idempotency keys: its metrics are exported from now on, as not reachable.
  void AddKeyStore();
  // It answered an operation, or not in time; it answers, or does not any more. After AddKeyStore.
  void StoreOperationEnded(StoreOperation operation, bool ok, Duration took);
  void SetStoreUp(bool up) { store_up_->Set(up ? 1 : 0); }

  // Spans are exported: their metrics are, too, from now on. Some were, or were lost; one was lost
  // before, as too many waited. After AddTraces.
  void AddTraces();
  void SpansExported(size_t spans, bool ok) {
    spans_exported_.at(ok ? 1 : 0)->Increment(static_cast<double>(spans));
  }
  void SpanDropped() { spans_dropped_->Increment(); }

  // Values that are sampled at each scrape: add them before the first one.
  SampledMetrics& sampled() { return sampled_; }

  // The text exposition format, version 0.0.4.
  std::string Text() const;
  static constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

 private:
  using Counters = prometheus::Family<prometheus::Counter>;
  static constexpr size_t kReasons = dataflow::v1::ErrorReason_ARRAYSIZE;
  static constexpr size_t kExecutions = 3;
  static constexpr size_t kCodes = 17;  // of absl::StatusCode

  // By reason, and by whether the call may have been executed. Looked up on first use at the
  // latest.
  using ByReason = std::array<std::atomic<prometheus::Counter*>, kReasons>;

  prometheus::Counter& Result(Reason reason, Execution execution);
  prometheus::Counter& ByName(ByReason& known, Counters& family, Reason reason);
  prometheus::Counter& Failure(UpstreamOperation operation, std::optional<TransferEnd> end);
  void AddCallMetrics();
  void AddUpstreamMetrics();
  void AddSampledMetrics(std::string_view version);

  mutable prometheus::Registry registry_;
  SampledMetrics sampled_;

  // By RpcMethod.
  std::array<prometheus::Counter*, kRpcMethods> started_{};
  std::array<std::array<prometheus::Counter*, kCodes>, kRpcMethods> handled_{};
  std::array<prometheus::Histogram*, kRpcMethods> handling_{};
  std::array<prometheus::Counter*, kRpcMethods> result_ok_{};
  Counters& results_;
  Counters& refused_;
  std::array<prometheus::Counter*, kExecutions> result_cancelled_{};  // by Execution
  std::array<ByReason, kExecutions> result_error_{};                  // by Execution
  ByReason refused_by_reason_{};

  Counters& requests_;
  Counters& failures_;
  Counters& retries_;
  ByReason retries_by_reason_{};
  prometheus::Counter* request_ok_ = nullptr;  // the most frequent one: trigger, 200, 0
  std::array<prometheus::Histogram*, kUpstreamOperations>
      request_seconds_{};  // by UpstreamOperation
  prometheus::Counter* opened_ = nullptr;
  prometheus::Counter* reused_ = nullptr;

  prometheus::Counter* token_obtained_ = nullptr;
  prometheus::Counter* token_failed_ = nullptr;
  std::atomic<SteadyTime::rep> token_expires_at_;
  std::array<prometheus::Counter*, 2> polls_{};       // failed, answered
  std::array<prometheus::Counter*, 3> unreadable_{};  // times, parameters, tasks
  std::array<prometheus::Counter*, kKeyResults> keyed_{};
  std::array<prometheus::Counter*, 2> cut_{};    // unfinished, memory
  std::array<prometheus::Gauge*, 3> breaker_{};  // by BreakerState

  struct StoreCalls {
    std::array<prometheus::Counter*, 2> by_result{};  // failed, ok
    prometheus::Histogram* seconds = nullptr;
  };
  std::array<StoreCalls, 4> store_{};  // by StoreOperation
  prometheus::Gauge* store_up_ = nullptr;

  std::array<prometheus::Counter*, 2> spans_exported_{};  // failed, ok
  prometheus::Counter* spans_dropped_ = nullptr;

  struct Reloads {
    std::array<prometheus::Counter*, 2> by_result{};  // failure, success
    prometheus::Gauge* last_successful = nullptr;
  };
  std::array<Reloads, 4> reloads_{};  // by ReloadedFiles
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_METRICS_GATEWAY_METRICS_H_
