#include "server/tracing/request_tracer.h"

#include "server/base/text.h"
#include "server/metrics/label_values.h"

namespace enos::gateway {

std::unique_ptr<Span> RequestTracer::Start(UpstreamOperation operation, const HttpRequest& request,
                                           const Span* parent, int resends) const {
  const std::string_view method = request.body == nullptr ? "GET" : "POST";
  std::string_view path = request.path_and_query;
  path = path.substr(0, path.find('?'));
  // The paths are few, and none has an id in it.
  auto span = tracer_.StartClient(Concat(method, " ", path), parent);
  if (span == nullptr) return nullptr;
  span->Set("http.request.method", method);
  span->Set("url.full", Concat(enos_.ToString(), path));
  span->Set("url.template", path);
  span->Set("server.address", enos_.host);
  span->Set("server.port", int64_t{enos_.port});
  if (resends > 0) span->Set("http.request.resend_count", int64_t{resends});
  span->Set("enos.operation", OperationLabel(operation));
  return span;
}

void EndRequestSpan(std::unique_ptr<Span> span, const UpstreamRequest& request) {
  if (span == nullptr) return;
  constexpr int kFirstError = 400;
  if (request.http_status != 0)
    span->Set("http.response.status_code", int64_t{request.http_status});
  if (request.enos_code) span->Set("enos.code", *request.enos_code);
  if (request.end != TransferEnd::kAnswered) {
    span->Set("error.type", FailureLabel(request.end));
    span->SetFailed();
  } else if (request.http_status >= kFirstError) {
    span->Set("error.type", std::to_string(request.http_status));
    span->SetFailed();
  } else if (request.enos_code.value_or(0) != 0) {
    span->Set("error.type", "enos_code");
    span->SetFailed();
  }
  span->End();
}

}  // namespace enos::gateway
