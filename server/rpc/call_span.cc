#include "server/rpc/call_span.h"

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "server/base/text.h"

namespace enos::gateway {
namespace {

// Those that the conventions count as failures of the server rather than of its caller.
bool IsServersFailure(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::unique_ptr<Span> StartCallSpan(Tracer& tracer, RpcMethod method, const TraceContext* caller) {
  const std::string_view service = dataflow::v1::FlowService::service_full_name();
  RemoteSpan parent;
  if (caller != nullptr)
    parent = {caller->trace_id, caller->parent_id, caller->is_sampled, caller->tracestate};
  auto span = tracer.StartServer(Concat(service, "/", RpcMethodName(method)),
                                 caller != nullptr ? &parent : nullptr);
  if (span == nullptr) return nullptr;
  span->Set("rpc.system", "grpc");
  span->Set("rpc.service", service);
  span->Set("rpc.method", RpcMethodName(method));
  return span;
}

void EndCallSpan(Span* span, const CallOutcome& outcome, const CallRecord& record) {
  if (span == nullptr) return;
  span->Set("rpc.grpc.status_code", static_cast<int64_t>(outcome.code));
  if (record.flow_id != 0) span->Set("enos.flow_id", int64_t{record.flow_id});
  if (outcome.error != nullptr) {
    span->Set("error.type", ErrorReason_Name(outcome.error->reason));
    const Execution execution = outcome.error->execution;
    if (execution != Execution::kNone) span->Set("enos.execution", ExecutionName(execution));
  }
  if (IsServersFailure(outcome.code)) span->SetFailed();
  span->End();
}

}  // namespace enos::gateway
