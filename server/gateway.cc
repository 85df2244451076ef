#include "server/gateway.h"

#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <future>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "server/access/access_control.h"
#include "server/base/descriptors.h"
#include "server/base/id_source.h"
#include "server/base/memory.h"
#include "server/base/text.h"
#include "server/component_options.h"
#include "server/config/parse_settings.h"
#include "server/grpc_server.h"
#include "server/http/curl_http_client.h"
#include "server/idempotency/keyed_trigger.h"
#include "server/keystore/open_key_store.h"
#include "server/keystore/sql_key_store.h"
#include "server/listener/tls_credentials.h"
#include "server/loop/event_loop.h"
#include "server/metrics/gateway_metrics.h"
#include "server/ops/liveness.h"
#include "server/ops/ops_server.h"
#include "server/ops/readiness.h"
#include "server/reload/access_files.h"
#include "server/reload/file_watcher.h"
#include "server/reload/key_reloader.h"
#include "server/reload/tls_reloader.h"
#include "server/rpc/access_log.h"
#include "server/runs/flow_runs.h"
#include "server/token/token_provider.h"
#include "server/token/token_service_client.h"
#include "server/tracing/request_tracer.h"
#include "server/trigger/flow_trigger.h"

namespace enos::gateway {
namespace {

// gRPC's threads: one per two cores, and no more than are useful beside the single upstream loop.
// All of them wait on one epoll set, where one thread takes what arrives and wakes the others: with
// fewer threads an event is more often already on the right one.
constexpr unsigned kMostGrpcThreads = 4;

CurlHttpClientOptions CountedHttp(const Settings& settings, GatewayMetrics& metrics) {
  CurlHttpClientOptions options = HttpOptions(settings);
  options.on_opened = [&metrics] { metrics.ConnectionOpened(); };
  options.on_reused = [&metrics] { metrics.ConnectionReused(); };
  return options;
}

UpstreamOptions CallOptions(const Settings& settings) {
  UpstreamOptions options;
  options.max_attempts = settings.max_attempts;
  return options;
}

RunsOptions ReadOptions(const Settings& settings) {
  RunsOptions options;
  options.api_version = settings.enos_api_version;
  options.watch.interval = settings.watch_interval;
  options.watch.failures = static_cast<int>(settings.watch_failures);
  options.watch.poll_timeout = settings.upstream_timeout;
  return options;
}

// All descriptors that calls and polls to EnOS cannot need; at least as many as CheckDescriptors
// counts.
size_t MaxConnections(const Settings& settings) {
  const auto in_flight = static_cast<uint64_t>(settings.max_in_flight);
  const uint64_t others = in_flight + PollConnections(settings) + kOtherDescriptors;
  const uint64_t limit = DescriptorLimit();
  const uint64_t left = limit > others ? limit - others : 0;
  return std::max(left, std::min(in_flight, kInboundConnections));
}

// The rest up to the container's limit is for what arrives until the cuts take effect.
uint64_t MaxMemory(const Settings& settings) {
  if (settings.max_memory) return static_cast<uint64_t>(*settings.max_memory) << 20;
  return ContainerMemoryLimit().value_or(0) / 4 * 3;
}

LivenessTls HowToCheck(const std::optional<TlsMaterial>& tls) {
  if (!tls) return LivenessTls::kOff;
  return tls->client_ca ? LivenessTls::kHandshakeOnly : LivenessTls::kOn;
}

GrpcServerOptions ServerOptions(const Settings& settings,
                                std::shared_ptr<grpc::ServerCredentials> credentials,
                                GatewayMetrics& metrics) {
  GrpcServerOptions options;
  options.credentials = std::move(credentials);
  options.listen = settings.listen;
  options.front_socket = settings.front_socket;
  options.max_connections = MaxConnections(settings);
  options.inbound.max_memory = MaxMemory(settings);
  options.on_connection_cut = [&metrics](CutReason reason) {
    metrics.ConnectionCut(reason == CutReason::kMemory);
  };
  options.reflection = settings.reflection;
  options.early_headers = settings.early_headers;
  options.upstream_timeout = settings.upstream_timeout;
  options.drain_timeout = settings.drain_timeout;
  options.max_connection_age = settings.max_connection_age;
  options.handshake_timeout = settings.handshake_timeout;
  options.max_connection_idle = settings.max_connection_idle;
  options.threads =
      static_cast<int>(std::clamp(std::thread::hardware_concurrency() / 2, 1U, kMostGrpcThreads));
  return options;
}

// From the system: two replicas that made the same one would take each other's records for theirs.
// Not by std::random_device, whose processor instruction takes 24 us on some machines.
std::string NewNonce() {
  std::string bytes(16, '\0');
  if (getentropy(bytes.data(), bytes.size()) != 0)
    throw std::system_error(errno, std::generic_category(), "getentropy");
  return absl::BytesToHexString(bytes);
}

OpsServerOptions OpsOptions(const ListenAddress& listen) {
  OpsServerOptions options;
  options.listen = listen;
  return options;
}

absl::Status CannotListen(std::string_view setting, const ListenAddress& listen,
                          std::string_view otherwise) {
  return absl::UnavailableError(Concat(
      setting, ": cannot listen on \"", listen.ToString(),
      "\": expected an address of this machine with a port that no other process has", otherwise));
}

absl::Status CannotListenAt(const std::string& path, const std::error_code& error) {
  return absl::InvalidArgumentError(
      Concat("--front_socket (ENOS_GATEWAY_FRONT_SOCKET): cannot listen at \"", path,
             "\", expected a path in a directory that this process may write to, where nothing "
             "exists, or a socket that nobody listens on (",
             error.message(), ")"));
}

BreakerState ForMetrics(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::kClosed:
      return BreakerState::kClosed;
    case CircuitBreaker::State::kHalfOpen:
      return BreakerState::kHalfOpen;
    case CircuitBreaker::State::kOpen:
      break;
  }
  return BreakerState::kOpen;
}

StoreOperation ForMetrics(KeyOperationKind kind) {
  switch (kind) {
    case KeyOperationKind::kReserve:
      return StoreOperation::kReserve;
    case KeyOperationKind::kLook:
      return StoreOperation::kLook;
    case KeyOperationKind::kRemove:
      return StoreOperation::kRemove;
    case KeyOperationKind::kStarted:
    case KeyOperationKind::kDoubt:
      break;
  }
  return StoreOperation::kComplete;
}

ReloadedFiles ForMetrics(AccessFile file) {
  return file == AccessFile::kPolicy ? ReloadedFiles::kPolicy : ReloadedFiles::kJwtKeys;
}

}  // namespace

// In dependency order; destroyed in reverse.
struct Gateway::Parts {
  Parts(Settings& settings, const RandomSource& random)
      : tracer(NewTracer(settings.traces, ENOS_GATEWAY_VERSION, TraceEvents(settings))),
        request_tracer(TraceRequests(settings)),
        ids(random),
        http(loop, CountedHttp(settings, metrics)),
        clock(loop),
        credentials(
            ShareCredentials(std::move(settings.access_key), std::move(settings.secret_key))),
        token_service(loop, http, clock, credentials, random, kTokenWait, OnRequest(),
                      TracerOfRequests()),
        tokens(loop, token_service, random, TokenOptions(settings), Events()),
        breaker(random, CircuitBreakerOptions(),
                [this](CircuitBreaker::State state) { metrics.SetBreaker(ForMetrics(state)); }),
        key_store(OpenKeyStore(settings, random)),
        access_files(access, AccessOptions(settings),
                     [this](AccessFile file, bool ok) { metrics.Reloaded(ForMetrics(file), ok); }),
        caller_slots(settings.max_in_flight_per_caller),
        admission(settings.max_in_flight),
        trigger({loop, http, clock, tokens, retry_budget, breaker, random, CallOptions(settings),
                 OnRequest(), [this](Reason why) { metrics.Retried(why); }, TracerOfRequests()},
                {settings.enos_api_version, settings.trust_503, settings.parameters_as}),
        runs({loop, http, clock, tokens, read_retry_budget, breaker, random, CallOptions(settings),
              OnRequest(), nullptr, TracerOfRequests()},
             ReadOptions(settings), ReadEvents()),
        watches(settings.max_watches),
        tls_check(HowToCheck(settings.tls)),
        key_reloader(
            {settings.access_key_file, settings.secret_key_file}, credentials,
            [this](SharedCredentials keys) {
              loop.Post([this, keys = std::move(keys)] { tokens.Rotate(keys); });
            },
            [this] { metrics.Reloaded(ReloadedFiles::kKeys, false); }),
        files(settings.reload_interval),
        server(ServerOptions(settings, ServeTls(settings), metrics), loop, trigger,
               MakeKeyed(settings, random), runs, admission, watches,
               RpcEvents(settings.log_user_id), ids, Callers(settings)) {
    SampleMetrics();
    WatchKeys();
    if (settings.metrics_listen) ops.emplace(OpsOptions(*settings.metrics_listen));
  }

  TracerEvents TraceEvents(const Settings& settings) {
    if (!settings.traces.endpoint.empty() && CanExportTraces()) metrics.AddTraces();
    TracerEvents events;
    events.on_exported = [this](size_t spans, bool ok) { metrics.SpansExported(spans, ok); };
    events.on_dropped = [this] { metrics.SpanDropped(); };
    return events;
  }

  std::optional<RequestTracer> TraceRequests(const Settings& settings) const {
    if (tracer == nullptr) return std::nullopt;
    return RequestTracer(*tracer, settings.enos_url);
  }
  const RequestTracer* TracerOfRequests() const {
    return request_tracer ? &*request_tracer : nullptr;
  }

  // Null without a setting.
  std::unique_ptr<SqlKeyStore> OpenKeyStore(const Settings& settings, const RandomSource& random) {
    const std::string_view setting = settings.idempotency_store.Reveal();
    if (setting.empty()) return nullptr;
    metrics.AddKeyStore();
    SqlKeyStoreOptions options;
    options.enos = settings.enos_url.ToString();
    options.ttl = settings.idempotency_ttl;
    options.most_waiting = 2 * static_cast<size_t>(settings.max_in_flight);
    // A copy of the source of random numbers: it is another thread's.
    return std::make_unique<SqlKeyStore>(
        OpenDatabase(setting), loop, [this](Task task) { loop.Post(std::move(task)); }, random,
        std::move(options), StoreEvents());
  }

  KeyStoreEvents StoreEvents() {
    KeyStoreEvents events;
    events.on_operation = [this](KeyOperationKind kind, bool ok, Duration took) {
      metrics.StoreOperationEnded(ForMetrics(kind), ok, took);
    };
    events.on_change = [this](const std::string& why) {
      metrics.SetStoreUp(why.empty());
      readiness.SetStore(why);
      if (why.empty()) {
        Log(LogLevel::kInfo, "idempotency store answers");
      } else {
        Log(LogLevel::kWarning, "idempotency store does not answer", {{"because", why}});
      }
    };
    events.on_warning = [](const std::string& text) {
      Log(LogLevel::kWarning, "idempotency store", {{"warning", text}});
    };
    return events;
  }

  void WatchKeys() {
    if (!key_reloader.HasFiles()) return;
    metrics.WatchFiles(ReloadedFiles::kKeys);
    files.Watch(key_reloader.WatchedSet(), nullptr);
  }

  // Null where keys are not kept.
  KeyedTrigger* MakeKeyed(const Settings& settings, const RandomSource& random) {
    if (key_store == nullptr) return nullptr;
    const auto most_waiting =
        static_cast<size_t>(std::max<int64_t>(settings.max_in_flight / 10, 1));
    return &keyed.emplace(KeyedEnvironment{
        loop, tokens, breaker, trigger, *key_store, &NewNonce, random, most_waiting,
        [this](KeyResult result) { metrics.KeyedCallEnded(result); }});
  }

  void OnRotated(const CallError* refused) {
    metrics.Reloaded(ReloadedFiles::kKeys, refused == nullptr);
    if (refused == nullptr) {
      Log(LogLevel::kInfo, "keys reloaded");
    } else {
      Log(LogLevel::kWarning, "keys not reloaded, the old ones stay in use",
          {{"because", refused->message}});
    }
  }

  // Null if there is none: plaintext.
  std::shared_ptr<TlsCredentials> ServeTls(Settings& settings) {
    if (!settings.tls) return nullptr;
    const FileContents known = ContentsOf(*settings.tls);
    TlsMaterial material = *std::exchange(settings.tls, std::nullopt);
    metrics.WatchFiles(ReloadedFiles::kTls);
    TlsEvents events;
    events.on_reload = [this](bool ok) { metrics.Reloaded(ReloadedFiles::kTls, ok); };
    events.on_expiry = [this](WallTime until) { metrics.SetCertificateExpiry(until); };
    const TlsValidity validity = ValidityOf(material);
    auto listener = std::make_shared<TlsCredentials>(std::move(material));
    tls_reloader.emplace(
        settings.tls_files, &std::chrono::system_clock::now,
        [listener](TlsMaterial changed) { listener->Replace(std::move(changed)); },
        std::move(events));
    tls_reloader->Started(validity);
    files.Watch(tls_reloader->WatchedSet(), &known);
    return listener;
  }

  CallerChecks Callers(const Settings& settings) {
    CallerChecks callers;
    const bool certificates = !settings.tls_files.client_ca.empty();
    // Without a policy only for the log.
    if (certificates || !settings.policy_file.empty()) callers.access = &access;
    callers.certificates = certificates;
    if (caller_slots.limited()) callers.slots = &caller_slots;
    return callers;
  }

  void WatchAccessFiles(const Settings& settings) {
    if (!settings.policy_file.empty()) metrics.WatchFiles(ReloadedFiles::kPolicy);
    if (!settings.jwt_keys_file.empty()) metrics.WatchFiles(ReloadedFiles::kJwtKeys);
    access_files.Watch(files);
  }

  OnUpstreamRequest OnRequest() {
    return [this](const UpstreamRequest& request) { metrics.UpstreamRequestEnded(request); };
  }

  CallEvents RpcEvents(bool log_user_id) {
    CallEvents events;
    events.with_user_id = log_user_id;
    events.on_arrived = [this](RpcMethod method) { metrics.CallStarted(method); };
    events.on_ended = [this](const CallOutcome& outcome, const CallRecord& record) {
      metrics.CallEnded(outcome);
      LogCall(outcome, record);
    };
    events.tracer = tracer.get();
    return events;
  }

  RunsEvents ReadEvents() {
    RunsEvents events;
    events.on_read = [this](const InstanceAnswer& answer) {
      metrics.PartsUnreadable(answer.unreadable);
    };
    events.on_polled = [this](const InstanceResult& result) {
      const auto* answer = std::get_if<InstanceAnswer>(&result);
      metrics.Polled(answer != nullptr);
      if (answer != nullptr) metrics.PartsUnreadable(answer->unreadable);
    };
    return events;
  }

  // What is counted elsewhere anyway.
  void SampleMetrics() {
    SampledMetrics& sampled = metrics.sampled();
    sampled.AddGauge("enos_gateway_watches", "Watches of runs that are open.",
                     [this] { return static_cast<double>(watches.in_flight()); });
    if (keyed) {
      sampled.AddGauge("enos_gateway_idempotency_waiting",
                       "Calls that wait for the result of another one with their key.",
                       [this] { return static_cast<double>(keyed->waiting()); });
    }
    sampled.AddGauge("enos_gateway_calls_in_flight",
                     "Calls that hold a slot, including those whose callers are gone.",
                     [this] { return static_cast<double>(admission.in_flight()); });
    sampled.AddCounter("enos_gateway_log_lines_dropped_total",
                       "Log lines lost because they were not read fast enough.",
                       [] { return static_cast<double>(LostLogLines()); });
  }

  TokenEvents Events() {
    TokenEvents events;
    events.on_token = [](std::string_view token) { RegisterSecret(token); };
    events.on_change = [this](bool has_token) {
      Log(has_token ? LogLevel::kInfo : LogLevel::kWarning,
          has_token ? "access token obtained" : "access token expired");
      readiness.SetToken(has_token);
      server.SetServing(has_token);
    };
    events.on_rotated = [this](const CallError* refused) { OnRotated(refused); };
    events.on_fetched = [this](SteadyTime expires_at) { metrics.TokenObtained(expires_at); };
    events.on_failure = [this](const CallError& error) {
      metrics.TokenFailed();
      readiness.SetFailure(Concat(ErrorReason_Name(error.reason), ": ", error.message));
      Log(LogLevel::kWarning, "no access token",
          {{"reason", ErrorReason_Name(error.reason)}, {"message", error.message}});
    };
    return events;
  }

  // On the loop's thread. The transfers first: what they come to is noted then.
  void WhenIdle(Task then) {
    trigger.WhenIdle([this, then = std::move(then)]() mutable {
      if (!keyed) return then();
      keyed->WhenIdle(std::move(then));
    });
  }

  void ServeOps() {
    if (!ops) return;
    LivenessOptions options;
    options.grpc = server.address();
    options.tls = tls_check;
    options.post = [this](Task task) { loop.Post(std::move(task)); };
    options.full = [this] { return server.full(); };
    liveness.emplace(ops->io(), std::move(options));
    ops->Handle("/livez", [this](const OpsRespond& respond) { CheckLiveness(respond); });
    ops->Handle("/readyz", [this](const OpsRespond& respond) {
      const std::string why_not = readiness.WhyNot();
      if (!why_not.empty()) return respond({503, why_not + "\n"});
      const std::string remark = readiness.Remark();
      respond({200, remark.empty() ? "ok\n" : "ok\n" + remark + "\n"});
    });
    ops->Handle("/metrics", [this](const OpsRespond& respond) {
      respond({200, metrics.Text(), GatewayMetrics::kContentType});
    });
    ops->Serve();
  }

  void CheckLiveness(const OpsRespond& respond) {
    liveness->Run([this, respond](const std::string& failure) {
      // While draining nothing listens, on purpose; the drain has its own time limit.
      const bool alive = failure.empty() || draining;
      respond(alive ? OpsAnswer{200, "ok\n"} : OpsAnswer{503, failure + "\n"});
    });
  }

  // First: everything else reports to it.
  GatewayMetrics metrics{ENOS_GATEWAY_VERSION};
  std::unique_ptr<Tracer> tracer;  // null: nothing is traced
  const std::optional<RequestTracer> request_tracer;
  Readiness readiness;
  std::atomic<bool> draining{false};
  // Outlives the loop, whose tasks may call it.
  std::optional<OpsServer> ops;
  std::optional<LivenessCheck> liveness;
  IdSource ids;
  EventLoop loop;
  CurlHttpClient http;
  UpstreamClock clock;
  const SharedCredentials credentials;  // of the start
  TokenServiceClient token_service;
  TokenProvider tokens;
  RetryBudget retry_budget;
  CircuitBreaker breaker;
  std::unique_ptr<SqlKeyStore> key_store;
  AccessControl access;
  AccessFiles access_files;
  CallerSlots caller_slots;
  Admission admission;
  FlowTrigger trigger;
  std::optional<KeyedTrigger> keyed;
  // Of its own: reads that are repeated take nothing from the budget of calls that start flows.
  RetryBudget read_retry_budget;
  FlowRuns runs;
  Admission watches;  // --max_watches
  const LivenessTls tls_check;
  std::optional<TlsReloader> tls_reloader;
  KeyReloader key_reloader;
  // Stopped by Drain, before the objects it calls are destroyed.
  FileWatcher files;
  GrpcServer server;
};

Gateway::Gateway(Settings settings, const RandomSource& random)
    : settings_(std::move(settings)), parts_(std::make_unique<Parts>(settings_, random)) {}

Gateway::~Gateway() { Drain(); }

absl::Status Gateway::Start() {
  if (auto error = parts_->access_files.Load()) return absl::InvalidArgumentError(*error);
  parts_->WatchAccessFiles(settings_);
  if (parts_->key_store) {
    if (const absl::Status store = parts_->key_store->Start(); !store.ok()) {
      return absl::UnavailableError(
          Concat(StoreVariable(settings_),
                 ": the database cannot be used: ", std::string(store.message())));
    }
  }
  // The operations port first: if the RPC port is in use, it can be closed again without a trace.
  if (parts_->ops && parts_->ops->Listen()) {
    return CannotListen("--metrics_listen (ENOS_GATEWAY_METRICS_LISTEN)", *settings_.metrics_listen,
                        ", or nothing to turn it off");
  }
  if (!settings_.front_socket.empty()) {
    if (const auto error = parts_->server.ListenForFront())
      return CannotListenAt(settings_.front_socket, error);
  }
  if (parts_->server.Start())
    return CannotListen("--listen (ENOS_GATEWAY_LISTEN)", settings_.listen, "");
  parts_->loop.Start();
  parts_->loop.Post([&tokens = parts_->tokens] { tokens.Start(); });
  parts_->files.Start();
  parts_->ServeOps();
  running_ = true;
  return absl::OkStatus();
}

std::string Gateway::address() const { return parts_->server.address().ToString(); }

std::string Gateway::metrics_address() const { return parts_->ops ? parts_->ops->address() : ""; }

void Gateway::StopServing() {
  parts_->readiness.Stop();
  parts_->server.StopServing();
}

void Gateway::Drain() {
  if (!std::exchange(running_, false)) return;
  const auto deadline = std::chrono::steady_clock::now() + settings_.drain_timeout;
  parts_->readiness.Stop();
  parts_->draining = true;
  parts_->files.Stop();
  parts_->server.Drain();
  // Transfers whose callers are gone, and what is to be noted of keys, get the same time to finish.
  auto idle = std::make_shared<std::promise<void>>();
  parts_->loop.Post([this, idle] { parts_->WhenIdle([idle] { idle->set_value(); }); });
  if (idle->get_future().wait_until(deadline) == std::future_status::timeout) {
    std::promise<void> ended;
    parts_->loop.Post([&] {
      parts_->trigger.EndAll();
      if (parts_->keyed) parts_->keyed->EndAll();
      ended.set_value();
    });
    ended.get_future().wait();
  }
  parts_->loop.Stop();
  if (parts_->key_store) parts_->key_store->Stop();
  if (parts_->tracer) parts_->tracer->Stop();
  if (parts_->ops) parts_->ops->Stop();
}

}  // namespace enos::gateway
