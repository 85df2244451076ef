// With opentelemetry-cpp: the only file that knows it.
#include <opentelemetry/exporters/otlp/otlp_grpc_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_grpc_exporter_options.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_options.h>
#include <opentelemetry/sdk/common/global_log_handler.h>
#include <opentelemetry/sdk/resource/resource.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/exporter.h>
#include <opentelemetry/sdk/trace/processor.h>
#include <opentelemetry/sdk/trace/samplers/parent_factory.h>
#include <opentelemetry/sdk/trace/samplers/trace_id_ratio_factory.h>
#include <opentelemetry/sdk/trace/tracer_provider.h>
#include <opentelemetry/trace/propagation/http_trace_context.h>
#include <opentelemetry/trace/span_startoptions.h>
#include <opentelemetry/trace/tracer.h>

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "server/base/text.h"
#include "server/config/trace_settings.h"
#include "server/log/log.h"
#include "server/tracing/tracer.h"

namespace enos::gateway {
namespace {

namespace api = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;
namespace otlp = opentelemetry::exporter::otlp;
namespace sdk = opentelemetry::sdk;
using opentelemetry::common::AttributeValue;
using SteadyClock = std::chrono::steady_clock;

nostd::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// What the library says of itself. Its HTTP exporter (1.19) says only here that an export failed,
// and returns success.
class LibraryLog : public sdk::common::internal_log::LogHandler {
 public:
  void Handle(sdk::common::internal_log::LogLevel level, const char* /*file*/, int /*line*/,
              const char* message,
              const sdk::common::AttributeMap& /*attributes*/) noexcept override {
    if (message == nullptr) return;
    Log(LogLevel::kDebug, "opentelemetry-cpp", {{"message", message}});
    if (level == sdk::common::internal_log::LogLevel::Error) ++errors;
  }

  static inline std::atomic<uint64_t> errors{0};
};

// What the two parts below share: the spans that wait between them.
struct Queue {
  explicit Queue(TracerEvents with) : events(std::move(with)) {}
  const TracerEvents events;
  std::atomic<int64_t> waiting{0};
  // From then on nothing is exported any more.
  std::atomic<SteadyClock::rep> give_up_at{
      SteadyClock::time_point::max().time_since_epoch().count()};
};

// Counts what is exported, and says when that fails and when it works again.
class CountingExporter : public sdk::trace::SpanExporter {
 public:
  CountingExporter(std::unique_ptr<SpanExporter> exporter, std::shared_ptr<Queue> queue)
      : exporter_(std::move(exporter)), queue_(std::move(queue)) {}

  std::unique_ptr<sdk::trace::Recordable> MakeRecordable() noexcept override {
    return exporter_->MakeRecordable();
  }

  sdk::common::ExportResult Export(
      const nostd::span<std::unique_ptr<sdk::trace::Recordable>>& spans) noexcept override {
    queue_->waiting -= static_cast<int64_t>(spans.size());
    const bool in_time = SteadyClock::now().time_since_epoch().count() < queue_->give_up_at;
    const uint64_t errors_before = LibraryLog::errors;
    const auto result =
        in_time ? exporter_->Export(spans) : sdk::common::ExportResult::kFailureFull;
    const bool ok =
        result == sdk::common::ExportResult::kSuccess && LibraryLog::errors == errors_before;
    queue_->events.on_exported(spans.size(), ok);
    if (ok != std::exchange(was_ok_, ok)) SayChange(spans.size(), ok);
    return result;
  }

  bool ForceFlush(std::chrono::microseconds timeout) noexcept override {
    return exporter_->ForceFlush(timeout);
  }
  bool Shutdown(std::chrono::microseconds timeout) noexcept override {
    return exporter_->Shutdown(timeout);
  }

 private:
  static void SayChange(size_t spans, bool ok) {
    if (ok) {
      Log(LogLevel::kInfo, "traces are exported again");
    } else {
      Log(LogLevel::kWarning, "traces cannot be exported",
          {{"spans_lost", spans}, {"hint", "the reason is logged at --log_level=debug"}});
    }
  }

  const std::unique_ptr<SpanExporter> exporter_;
  const std::shared_ptr<Queue> queue_;
  bool was_ok_ = true;  // one thread exports
};

// In front of the library's batching, whose queue loses without telling what does not fit: never
// lets more through than fits, and counts the rest.
class CountingProcessor : public sdk::trace::SpanProcessor {
 public:
  CountingProcessor(std::unique_ptr<SpanProcessor> batches, std::shared_ptr<Queue> queue,
                    int64_t max_queue)
      : batches_(std::move(batches)), queue_(std::move(queue)), max_queue_(max_queue) {}

  std::unique_ptr<sdk::trace::Recordable> MakeRecordable() noexcept override {
    return batches_->MakeRecordable();
  }
  void OnStart(sdk::trace::Recordable& span, const api::SpanContext& parent) noexcept override {
    batches_->OnStart(span, parent);
  }
  void OnEnd(std::unique_ptr<sdk::trace::Recordable>&& span) noexcept override {
    if (is_shut_down_ || ++queue_->waiting > max_queue_) {
      --queue_->waiting;
      queue_->events.on_dropped();
      return;
    }
    batches_->OnEnd(std::move(span));
  }
  bool ForceFlush(std::chrono::microseconds timeout) noexcept override {
    return batches_->ForceFlush(timeout);
  }
  bool Shutdown(std::chrono::microseconds timeout) noexcept override {
    is_shut_down_ = true;
    return batches_->Shutdown(timeout);
  }

 private:
  const std::unique_ptr<SpanProcessor> batches_;
  const std::shared_ptr<Queue> queue_;
  const int64_t max_queue_;
  std::atomic<bool> is_shut_down_{false};
};

class OtelSpan : public Span {
 public:
  explicit OtelSpan(nostd::shared_ptr<api::Span> span) : span_(std::move(span)) {}
  ~OtelSpan() override { span_->End(); }

  void Set(std::string_view name, Value value) override {
    span_->SetAttribute(View(name), ValueOf(value));
  }
  void AddEvent(std::string_view name, Attributes attributes) override {
    std::vector<std::pair<nostd::string_view, AttributeValue>> values;
    values.reserve(attributes.size());
    for (const auto& [key, value] : attributes) values.emplace_back(View(key), ValueOf(value));
    span_->AddEvent(View(name), values);
  }
  void SetFailed() override { span_->SetStatus(api::StatusCode::kError); }
  void End() override { span_->End(); }

  std::string trace_id() const override {
    std::array<char, 2 * api::TraceId::kSize> hex{};
    span_->GetContext().trace_id().ToLowerBase16(hex);
    return {hex.data(), hex.size()};
  }
  std::string traceparent() const override {
    std::array<char, 2 * api::SpanId::kSize> hex{};
    span_->GetContext().span_id().ToLowerBase16(hex);
    return Concat("00-", trace_id(), "-", std::string_view(hex.data(), hex.size()), "-01");
  }

  api::SpanContext context() const { return span_->GetContext(); }

 private:
  static AttributeValue ValueOf(const Value& value) {
    const auto* text = std::get_if<std::string_view>(&value);
    return text != nullptr ? AttributeValue(View(*text)) : AttributeValue(std::get<int64_t>(value));
  }

  const nostd::shared_ptr<api::Span> span_;
};

class OtelTracer : public Tracer {
 public:
  OtelTracer(std::unique_ptr<sdk::trace::TracerProvider> provider, std::string_view version,
             std::shared_ptr<Queue> queue)
      : provider_(std::move(provider)),
        queue_(std::move(queue)),
        tracer_(provider_->GetTracer("enos-flow-gateway", View(version))) {}

  std::unique_ptr<Span> StartServer(std::string_view name, const RemoteSpan* caller) override {
    return Start(name, api::SpanKind::kServer,
                 caller == nullptr ? api::SpanContext::GetInvalid() : ContextOf(*caller));
  }

  std::unique_ptr<Span> StartClient(std::string_view name, const Span* parent) override {
    return Start(name, api::SpanKind::kClient,
                 parent == nullptr ? api::SpanContext::GetInvalid()
                                   : static_cast<const OtelSpan*>(parent)->context());
  }

  void Stop() override {
    queue_->give_up_at = (SteadyClock::now() + kTimeToFlush).time_since_epoch().count();
    provider_->Shutdown();
  }

 private:
  static api::SpanContext ContextOf(const RemoteSpan& span) {
    using api::propagation::HttpTraceContext;
    const auto flags = span.is_sampled ? api::TraceFlags::kIsSampled : uint8_t{0};
    return {HttpTraceContext::TraceIdFromHex(View(span.trace_id)),
            HttpTraceContext::SpanIdFromHex(View(span.span_id)), api::TraceFlags(flags),
            /*is_remote=*/true, api::TraceState::FromHeader(View(span.state))};
  }

  std::unique_ptr<Span> Start(std::string_view name, api::SpanKind kind,
                              const api::SpanContext& parent) {
    api::StartSpanOptions options;
    options.kind = kind;
    options.parent = parent;
    auto span = tracer_->StartSpan(View(name), options);
    if (!span->IsRecording()) return nullptr;
    return std::make_unique<OtelSpan>(std::move(span));
  }

  const std::unique_ptr<sdk::trace::TracerProvider> provider_;
  const std::shared_ptr<Queue> queue_;
  const nostd::shared_ptr<api::Tracer> tracer_;
};

// What is not set here the library takes from its own variables, or leaves at its defaults.
std::unique_ptr<sdk::trace::SpanExporter> HttpExporter(const TraceSettings& settings) {
  otlp::OtlpHttpExporterOptions options;
  options.url = settings.endpoint;
  options.content_type = otlp::HttpRequestContentType::kBinary;
  options.timeout = settings.timeout;
  options.http_headers = {settings.headers.begin(), settings.headers.end()};
  options.ssl_ca_cert_path = settings.ca_file;
  options.ssl_client_cert_path = settings.client_certificate_file;
  options.ssl_client_key_path = settings.client_key_file;
  options.compression = settings.gzip ? "gzip" : "none";
  return otlp::OtlpHttpExporterFactory::Create(options);
}

std::unique_ptr<sdk::trace::SpanExporter> GrpcExporter(const TraceSettings& settings) {
  otlp::OtlpGrpcExporterOptions options;
  options.endpoint = settings.endpoint;
  options.use_ssl_credentials = StartsWith(settings.endpoint, "https:");
  options.timeout = settings.timeout;
  options.metadata = {settings.headers.begin(), settings.headers.end()};
  options.ssl_credentials_cacert_path = settings.ca_file;
  options.compression = settings.gzip ? "gzip" : "none";
  return otlp::OtlpGrpcExporterFactory::Create(options);
}

std::unique_ptr<sdk::trace::SpanProcessor> Batches(const TraceSettings& settings,
                                                   const std::shared_ptr<Queue>& queue) {
  const bool grpc = settings.protocol == TraceProtocol::kGrpc;
  auto exporter = std::make_unique<CountingExporter>(
      grpc ? GrpcExporter(settings) : HttpExporter(settings), queue);
  sdk::trace::BatchSpanProcessorOptions options;
  options.max_queue_size = static_cast<size_t>(settings.max_queue);
  options.max_export_batch_size = static_cast<size_t>(settings.max_batch);
  options.schedule_delay_millis = settings.delay;
  return std::make_unique<CountingProcessor>(
      sdk::trace::BatchSpanProcessorFactory::Create(std::move(exporter), options), queue,
      settings.max_queue);
}

std::unique_ptr<sdk::trace::Sampler> SamplerOf(const TraceSettings& settings) {
  auto root = sdk::trace::TraceIdRatioBasedSamplerFactory::Create(settings.ratio);
  if (!settings.parent_based) return root;
  return sdk::trace::ParentBasedSamplerFactory::Create(std::move(root));
}

sdk::resource::Resource ResourceOf(const TraceSettings& settings, std::string_view version) {
  sdk::resource::ResourceAttributes attributes;
  attributes["service.version"] = std::string(version);
  for (const auto& [name, value] : settings.resource) attributes[name] = value;
  return sdk::resource::Resource::Create(attributes);
}

}  // namespace

bool CanExportTraces() { return true; }

std::unique_ptr<Tracer> NewTracer(const TraceSettings& settings, std::string_view version,
                                  TracerEvents events) {
  if (settings.endpoint.empty()) return nullptr;
  using sdk::common::internal_log::GlobalLogHandler;
  GlobalLogHandler::SetLogHandler(
      nostd::shared_ptr<sdk::common::internal_log::LogHandler>(new LibraryLog));
  const auto queue = std::make_shared<Queue>(std::move(events));
  auto provider = std::make_unique<sdk::trace::TracerProvider>(
      Batches(settings, queue), ResourceOf(settings, version), SamplerOf(settings));
  return std::make_unique<OtelTracer>(std::move(provider), version, queue);
}

}  // namespace enos::gateway
