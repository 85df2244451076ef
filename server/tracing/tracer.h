#ifndef ENOS_SERVER_TRACING_TRACER_H_
#define ENOS_SERVER_TRACING_TRACER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace enos::gateway {

struct TraceSettings;

// One operation of a trace. What it is told leaves the process: no secret, no parameter of a flow,
// no user. Thread-safe.
class Span {
 public:
  using Value = std::variant<std::string_view, int64_t>;
  using Attribute = std::pair<std::string_view, Value>;
  using Attributes = std::initializer_list<Attribute>;

  virtual ~Span() = default;  // ends it

  // Names as in OpenTelemetry's semantic conventions, else "enos.*".
  virtual void Set(std::string_view name, Value value) = 0;
  virtual void AddEvent(std::string_view name, Attributes attributes) = 0;
  void AddEvent(std::string_view name) { AddEvent(name, {}); }
  virtual void SetFailed() = 0;
  // Nothing that follows has an effect.
  virtual void End() = 0;

  virtual std::string trace_id() const = 0;     // 32 lower-case hexadecimal digits
  virtual std::string traceparent() const = 0;  // for who is asked on behalf of it
};

// A span of another process, as it says (W3C Trace Context). Valid.
struct RemoteSpan {
  std::string_view trace_id;
  std::string_view span_id;
  bool is_sampled = false;
  std::string_view state;  // tracestate, or empty
};

// For metrics; called on any thread.
struct TracerEvents {
  std::function<void(size_t spans, bool ok)> on_exported;
  std::function<void()> on_dropped;  // a span, because too many waited
};

// Makes the spans that are sampled, and exports them in the background, in batches; it never makes
// anybody wait. Thread-safe.
class Tracer {
 public:
  virtual ~Tracer() = default;

  // An RPC that arrived: a child of the caller's span (null: it named none). Null: not sampled.
  virtual std::unique_ptr<Span> StartServer(std::string_view name, const RemoteSpan* caller) = 0;
  // A request that is sent, on behalf of `parent` (null: of no call). Null: not sampled.
  virtual std::unique_ptr<Span> StartClient(std::string_view name, const Span* parent) = 0;

  // Exports what has ended, within kTimeToFlush and the time of one export. Spans that end later
  // are lost.
  virtual void Stop() = 0;
};

inline constexpr std::chrono::seconds kTimeToFlush{3};

// Whether this build has a library that exports: otel_tracer.cc or no_tracer.cc.
bool CanExportTraces();

// Null without an endpoint, or where this build cannot export.
std::unique_ptr<Tracer> NewTracer(const TraceSettings& settings, std::string_view version,
                                  TracerEvents events);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRACING_TRACER_H_
