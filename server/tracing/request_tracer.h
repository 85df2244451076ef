#ifndef ENOS_SERVER_TRACING_REQUEST_TRACER_H_
#define ENOS_SERVER_TRACING_REQUEST_TRACER_H_

#include <memory>
#include <string>
#include <string_view>

#include "server/base/address.h"
#include "server/http/upstream_events.h"
#include "server/tracing/tracer.h"

namespace enos::gateway {

// The spans of requests to EnOS, by OpenTelemetry's conventions for HTTP clients. Of the URL only
// what comes before the query, which has ids and a token's parts.
class RequestTracer {
 public:
  // The tracer must outlive it.
  RequestTracer(Tracer& tracer, BaseUrl enos) : tracer_(tracer), enos_(std::move(enos)) {}

  // Null: not sampled. `parent`: of the call it is for; null: for none. `resends`: earlier ones.
  std::unique_ptr<Span> Start(UpstreamOperation operation, const HttpRequest& request,
                              const Span* parent, int resends) const;

 private:
  Tracer& tracer_;
  const BaseUrl enos_;
};

// Ends it with what became of the request. Does nothing with null.
void EndRequestSpan(std::unique_ptr<Span> span, const UpstreamRequest& request);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRACING_REQUEST_TRACER_H_
