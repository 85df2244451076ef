#include "server/metrics/gateway_metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "server/metrics/label_values.h"
#include "server/metrics/process_metrics.h"

namespace enos::gateway {
namespace {

using prometheus::Labels;

// How the gRPC conventions name an RPC.
Labels RpcLabels(RpcMethod method) {
  return {{"grpc_service", "enos.dataflow.v1.FlowService"},
          {"grpc_method", std::string(RpcMethodName(method))},
          {"grpc_type", method == RpcMethod::kWatchFlowInstance ? "server_stream" : "unary"}};
}

// The buckets of grpc-ecosystem, plus the default of --upstream_timeout.
const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const auto& buckets = *new prometheus::Histogram::BucketBoundaries{
      0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  return buckets;
}

template <typename Builder>
auto& Register(Builder builder, const char* name, const char* help,
               prometheus::Registry& registry) {
  return builder.Name(name).Help(help).Register(registry);
}

auto& CounterFamily(const char* name, const char* help, prometheus::Registry& registry) {
  return Register(prometheus::BuildCounter(), name, help, registry);
}

// From the contract's table: which executions an error of this process can have with this reason.
bool IsPossible(Reason reason, Execution execution) {
  constexpr Reason kOfOthers[] = {Reason::ERROR_REASON_UNSPECIFIED, Reason::GATEWAY_UNREACHABLE};
  constexpr Reason kAlwaysUnknown[] = {Reason::ENOS_INTERNAL,
                                       Reason::ENOS_CONNECTION_LOST,
                                       Reason::ENOS_ERROR,
                                       Reason::ENOS_MALFORMED_RESPONSE,
                                       Reason::IDEMPOTENCY_IN_PROGRESS,
                                       Reason::IDEMPOTENCY_IN_DOUBT};
  constexpr Reason kEither[] = {Reason::ENOS_TIMEOUT, Reason::ENOS_UNAVAILABLE};
  const auto is_in = [reason](const auto& list) {
    return std::find(std::begin(list), std::end(list), reason) != std::end(list);
  };
  if (is_in(kOfOthers)) return false;
  if (reason == Reason::WATCH_TIMEOUT) return execution == Execution::kNone;
  if (execution == Execution::kNone) return reason != Reason::FLOW_HAS_NO_TASK;
  return is_in(kEither) || is_in(kAlwaysUnknown) == (execution == Execution::kUnknown);
}

// Whether the gateway refused the call itself.
bool IsRefusal(const CallError& error) {
  switch (error.reason) {
    case Reason::INVALID_REQUEST:
    case Reason::CALLER_UNAUTHENTICATED:
    case Reason::CALLER_NOT_ALLOWED:
    case Reason::GATEWAY_OVERLOADED:
    case Reason::GATEWAY_SHUTTING_DOWN:
      return true;
    case Reason::ENOS_TIMEOUT:  // the deadline had expired on arrival
      return error.execution == Execution::kNotExecuted;
    default:
      return false;
  }
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

size_t Index(Execution execution) { return static_cast<size_t>(execution); }

const char* FilesLabel(ReloadedFiles files) {
  constexpr std::array<const char*, 4> kNames = {"tls", "keys", "policy", "jwt_keys"};
  return kNames.at(static_cast<size_t>(files));
}

Labels ResultLabels(std::string_view reason, std::string_view execution) {
  return {{"reason", std::string(reason)}, {"execution", std::string(execution)}};
}

Labels RequestLabels(const UpstreamRequest& request) {
  return {{"operation", OperationLabel(request.operation)},
          {"http_status", HttpStatusLabel(request.http_status)},
          {"enos_code", EnosCodeLabel(request.enos_code)}};
}

bool IsUsualSuccess(const UpstreamRequest& request) {
  return request.operation == UpstreamOperation::kTrigger && request.http_status == 200 &&
         request.enos_code == 0;
}

}  // namespace

GatewayMetrics::GatewayMetrics(std::string_view version)
    : results_(CounterFamily("enos_gateway_call_results_total",
                             "Call results: the error's reason, and whether the flow was started.",
                             registry_)),
      refused_(CounterFamily("enos_gateway_refused_total",
                             "Calls that the gateway refused itself, before anything was sent.",
                             registry_)),
      requests_(CounterFamily("enos_gateway_upstream_requests_total",
                              "Requests to EnOS that ended, by HTTP status and result code.",
                              registry_)),
      failures_(CounterFamily("enos_gateway_upstream_failures_total",
                              "Requests to EnOS that got no complete HTTP answer, and why.",
                              registry_)),
      retries_(CounterFamily("enos_gateway_retries_total",
                             "Calls resent after EnOS had certainly not executed them.",
                             registry_)),
      token_expires_at_(SteadyTime::min().time_since_epoch().count()) {
  AddCallMetrics();
  AddUpstreamMetrics();
  AddSampledMetrics(version);
}

// All foreseeable metrics exist from the start, at 0: a rate over a counter that appears with its
// first event would miss that event.
void GatewayMetrics::AddCallMetrics() {
  auto& started = CounterFamily("grpc_server_started_total", "RPCs that arrived.", registry_);
  auto& handled =
      CounterFamily("grpc_server_handled_total", "RPCs that ended, by code.", registry_);
  auto& handling = Register(prometheus::BuildHistogram(), "grpc_server_handling_seconds",
                            "From an RPC's arrival to its answer.", registry_);
  for (size_t method = 0; method < kRpcMethods; ++method) {
    const Labels rpc = RpcLabels(static_cast<RpcMethod>(method));
    started_.at(method) = &started.Add(rpc);
    handling_.at(method) = &handling.Add(rpc, Buckets());
    for (size_t code = 0; code < kCodes; ++code) {
      Labels labels = rpc;
      labels["grpc_code"] = GrpcCodeLabel(static_cast<absl::StatusCode>(code));
      handled_.at(method).at(code) = &handled.Add(labels);
    }
    // A call that starts nothing has no execution: for Prometheus an empty label is none.
    result_ok_.at(method) = &results_.Add(
        ResultLabels("OK", StartsFlow(static_cast<RpcMethod>(method)) ? "EXECUTED" : ""));
  }
  for (const Execution execution :
       {Execution::kNotExecuted, Execution::kUnknown, Execution::kNone}) {
    result_cancelled_.at(Index(execution)) =
        &results_.Add(ResultLabels("CANCELLED", ExecutionName(execution)));
    for (int i = 0; i < dataflow::v1::ErrorReason_ARRAYSIZE; ++i) {
      if (IsPossible(static_cast<Reason>(i), execution)) Result(static_cast<Reason>(i), execution);
    }
  }
  for (const Reason reason :
       {Reason::INVALID_REQUEST, Reason::CALLER_UNAUTHENTICATED, Reason::CALLER_NOT_ALLOWED,
        Reason::GATEWAY_OVERLOADED, Reason::GATEWAY_SHUTTING_DOWN, Reason::ENOS_TIMEOUT})
    ByName(refused_by_reason_, refused_, reason);
  auto& cut = CounterFamily("enos_gateway_connections_cut_total",
                            "Callers' connections that were cut: too much sent without completing "
                            "a call (unfinished), or the process was short of memory.",
                            registry_);
  cut_ = {&cut.Add({{"reason", "unfinished"}}), &cut.Add({{"reason", "memory"}})};
}

void GatewayMetrics::AddUpstreamMetrics() {
  auto& seconds = Register(prometheus::BuildHistogram(), "enos_gateway_upstream_request_seconds",
                           "How long requests to EnOS took, including connecting.", registry_);
  for (size_t i = 0; i < kUpstreamOperations; ++i) {
    const auto operation = static_cast<UpstreamOperation>(i);
    Failure(operation, std::nullopt);
    for (int end = static_cast<int>(TransferEnd::kAnswered) + 1;
         end <= static_cast<int>(TransferEnd::kTooLarge); ++end)
      Failure(operation, static_cast<TransferEnd>(end));
    request_seconds_.at(static_cast<size_t>(operation)) =
        &seconds.Add({{"operation", OperationLabel(operation)}}, Buckets());
  }
  request_ok_ = &requests_.Add(
      RequestLabels({UpstreamOperation::kTrigger, TransferEnd::kAnswered, 200, 0, {}}));
  for (const Reason reason :
       {Reason::ENOS_CREDENTIALS_REFUSED, Reason::ENOS_RATE_LIMITED, Reason::ENOS_UNREACHABLE})
    ByName(retries_by_reason_, retries_, reason);
  auto& connections =
      CounterFamily("enos_gateway_upstream_connections_total",
                    "Connections to EnOS: opened for a request, or reused by one.", registry_);
  opened_ = &connections.Add({{"use", "opened"}});
  reused_ = &connections.Add({{"use", "reused"}});
  auto& fetches =
      CounterFamily("enos_gateway_token_fetches_total",
                    "Fetches of an access token; one may take several requests.", registry_);
  token_obtained_ = &fetches.Add({{"result", "obtained"}});
  token_failed_ = &fetches.Add({{"result", "failed"}});
  auto& polls = CounterFamily("enos_gateway_polls_total", "Polls of watched runs.", registry_);
  polls_ = {&polls.Add({{"result", "failed"}}), &polls.Add({{"result", "answered"}})};
  auto& unreadable =
      CounterFamily("enos_gateway_unreadable_parts_total",
                    "Parts of EnOS's answers about runs that were left out, because they could not "
                    "be read or were too many.",
                    registry_);
  unreadable_ = {&unreadable.Add({{"part", "time"}}), &unreadable.Add({{"part", "parameters"}}),
                 &unreadable.Add({{"part", "tasks"}})};
  auto& breaker =
      Register(prometheus::BuildGauge(), "enos_gateway_breaker_state",
               "1 for the current state of the circuit breaker, 0 for the others.", registry_);
  breaker_ = {&breaker.Add({{"state", "closed"}}), &breaker.Add({{"state", "half_open"}}),
              &breaker.Add({{"state", "open"}})};
  SetBreaker(BreakerState::kClosed);
}

void GatewayMetrics::AddSampledMetrics(std::string_view version) {
  Register(prometheus::BuildGauge(), "enos_gateway_build_info", "Always 1; see the labels.",
           registry_)
      .Add({{"version", std::string(version)}})
      .Set(1);
  sampled_.AddGauge("enos_gateway_token_remaining_seconds",
                    "Remaining lifetime of the access token; 0 if there is none.", [this] {
                      const SteadyTime expires_at{SteadyTime::duration(token_expires_at_.load())};
                      const auto now = std::chrono::steady_clock::now();
                      return expires_at > now ? Seconds(expires_at - now) : 0.0;
                    });
  AddProcessMetrics(sampled_);
}

prometheus::Counter& GatewayMetrics::ByName(ByReason& known, Counters& family, Reason reason) {
  auto& counter = known.at(static_cast<size_t>(reason));
  prometheus::Counter* found = counter.load(std::memory_order_acquire);
  if (found == nullptr) {  // two threads at once get the same one
    found = &family.Add({{"reason", ErrorReason_Name(reason)}});
    counter.store(found, std::memory_order_release);
  }
  return *found;
}

prometheus::Counter& GatewayMetrics::Result(Reason reason, Execution execution) {
  auto& counter = result_error_.at(Index(execution)).at(static_cast<size_t>(reason));
  prometheus::Counter* found = counter.load(std::memory_order_acquire);
  if (found == nullptr) {
    found = &results_.Add(ResultLabels(ErrorReason_Name(reason), ExecutionName(execution)));
    counter.store(found, std::memory_order_release);
  }
  return *found;
}

prometheus::Counter& GatewayMetrics::Failure(UpstreamOperation operation,
                                             std::optional<TransferEnd> end) {
  return failures_.Add({{"operation", OperationLabel(operation)}, {"failure", FailureLabel(end)}});
}

void GatewayMetrics::CallEnded(const CallOutcome& outcome) {
  const auto code = static_cast<size_t>(outcome.code);
  const auto method = static_cast<size_t>(outcome.method);
  handled_.at(method)
      .at(code < kCodes ? code : static_cast<size_t>(absl::StatusCode::kUnknown))
      ->Increment();
  handling_.at(method)->Observe(Seconds(outcome.took));
  if (outcome.error != nullptr) {
    const CallError& error = *outcome.error;
    Result(error.reason, error.execution).Increment();
    if (IsRefusal(error)) ByName(refused_by_reason_, refused_, error.reason).Increment();
  } else if (outcome.code == absl::StatusCode::kOk) {
    result_ok_.at(method)->Increment();
  } else {
    result_cancelled_.at(Index(outcome.execution))->Increment();
  }
}

void GatewayMetrics::UpstreamRequestEnded(const UpstreamRequest& request) {
  request_seconds_.at(static_cast<size_t>(request.operation))->Observe(Seconds(request.took));
  if (IsUsualSuccess(request)) {
    request_ok_->Increment();
    return;
  }
  requests_.Add(RequestLabels(request)).Increment();
  if (request.end != TransferEnd::kAnswered) Failure(request.operation, request.end).Increment();
}

void GatewayMetrics::Retried(Reason reason) {
  ByName(retries_by_reason_, retries_, reason).Increment();
}

void GatewayMetrics::PartsUnreadable(const std::array<int, 3>& parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts.at(i) > 0) unreadable_.at(i)->Increment(parts.at(i));
  }
}

void GatewayMetrics::TokenObtained(SteadyTime expires_at) {
  token_expires_at_ = expires_at.time_since_epoch().count();
  token_obtained_->Increment();
}

void GatewayMetrics::SetBreaker(BreakerState state) {
  for (size_t i = 0; i < breaker_.size(); ++i)
    breaker_.at(i)->Set(i == static_cast<size_t>(state) ? 1 : 0);
}

void GatewayMetrics::WatchFiles(ReloadedFiles files) {
  const Labels name = {{"files", FilesLabel(files)}};
  Reloads& reloads = reloads_.at(static_cast<size_t>(files));
  auto& total = CounterFamily("enos_gateway_reloads_total",
                              "Reloads of changed files, successful or not.", registry_);
  for (const bool ok : {false, true}) {
    Labels labels = name;
    labels["result"] = ok ? "success" : "failure";
    reloads.by_result.at(ok ? 1 : 0) = &total.Add(labels);
  }
  reloads.last_successful =
      &Register(
           prometheus::BuildGauge(), "enos_gateway_reload_last_successful",
           "0 while the files' content cannot be used, so that the previous content stays in use.",
           registry_)
           .Add(name);
  reloads.last_successful->Set(1);
}

void GatewayMetrics::Reloaded(ReloadedFiles files, bool ok) {
  const Reloads& reloads = reloads_.at(static_cast<size_t>(files));
  reloads.by_result.at(ok ? 1 : 0)->Increment();
  reloads.last_successful->Set(ok ? 1 : 0);
}

void GatewayMetrics::SetCertificateExpiry(WallTime until) {
  Register(prometheus::BuildGauge(), "enos_gateway_tls_certificate_expiry_timestamp_seconds",
           "When the listener's certificate (or one of its intermediates) expires, Unix time.",
           registry_)
      .Add({})
      .Set(std::chrono::duration<double>(until.time_since_epoch()).count());
}

void GatewayMetrics::AddKeyStore() {
  auto& keyed = CounterFamily("enos_gateway_idempotency_calls_total",
                              "Calls with an idempotency key, by what the key came to.", registry_);
  constexpr std::array<const char*, kKeyResults> kResults{
      "executed",    "replayed",          "doubt",  "in_doubt", "reused", "expired",
      "in_progress", "store_unavailable", "refused"};
  for (size_t i = 0; i < kKeyResults; ++i) keyed_.at(i) = &keyed.Add({{"result", kResults.at(i)}});
  constexpr std::array<const char*, 4> kNames = {"reserve", "look", "complete", "remove"};
  auto& total = CounterFamily("enos_gateway_idempotency_store_operations_total",
                              "Operations on the store of idempotency keys.", registry_);
  auto& seconds =
      Register(prometheus::BuildHistogram(), "enos_gateway_idempotency_store_operation_seconds",
               "How long they took, from asked to answered.", registry_);
  const prometheus::Histogram::BucketBoundaries buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                           0.1,   0.25,   0.5,   1,    2.5,   5};
  for (size_t i = 0; i < store_.size(); ++i) {
    for (const bool ok : {false, true}) {
      store_.at(i).by_result.at(ok ? 1 : 0) =
          &total.Add({{"operation", kNames.at(i)}, {"result", ok ? "ok" : "failed"}});
    }
    store_.at(i).seconds = &seconds.Add({{"operation", kNames.at(i)}}, buckets);
  }
  store_up_ = &Register(prometheus::BuildGauge(), "enos_gateway_idempotency_store_up",
                        "1 while the store of idempotency keys answers, else 0.", registry_)
                   .Add({});
}

void GatewayMetrics::AddTraces() {
  auto& exported = CounterFamily("enos_gateway_spans_exported_total",
                                 "Spans that were exported, or lost while they were.", registry_);
  spans_exported_ = {&exported.Add({{"result", "failed"}}), &exported.Add({{"result", "ok"}})};
  spans_dropped_ = &CounterFamily("enos_gateway_spans_dropped_total",
                                  "Spans lost because too many waited to be exported.", registry_)
                        .Add({});
}

void GatewayMetrics::StoreOperationEnded(StoreOperation operation, bool ok, Duration took) {
  const StoreCalls& calls = store_.at(static_cast<size_t>(operation));
  calls.by_result.at(ok ? 1 : 0)->Increment();
  calls.seconds->Observe(Seconds(took));
}

std::string GatewayMetrics::Text() const {
  auto families = registry_.Collect();
  auto sampled = sampled_.Collect();
  std::move(sampled.begin(), sampled.end(), std::back_inserter(families));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace enos::gateway
