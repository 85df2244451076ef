#include "server/rpc/flow_instance_methods.h"

#include <utility>

namespace enos::gateway {
namespace {

template <typename Request>
RunJob JobOf(const Request& request, InboundCall& call) {
  call.record()->flow_instance_id = request.flow_instance_id();
  RunJob job;
  job.request.target = InstanceOf(request);
  job.request.headers = call.TakeTraceHeaders();
  job.request.record = call.record();
  job.request.answer_by = call.times().answer_by;
  job.slot = call.TakeSlot();
  job.caller_slot = call.TakeCallerSlot();
  return job;
}

}  // namespace

RunJob GetFlowInstance::Encode(const Request& request, InboundCall& call) {
  return JobOf(request, call);
}

GetFlowInstance::CallId GetFlowInstance::Start(RpcEnvironment& environment, Job job,
                                               KeyedTrigger::Announce /*announce*/,
                                               absl::AnyInvocable<void(InstanceResult)> done) {
  return environment.runs.Get(std::move(job), std::move(done));
}

bool GetFlowInstance::CallerGone(RpcEnvironment& environment, CallId id) {
  environment.runs.CallerGone(id);
  return false;
}

GetFlowInstance::Response GetFlowInstance::Respond(Answer answer, CallRecord& /*record*/) {
  Response response;
  *response.mutable_flow_instance() = std::move(answer.instance);
  return response;
}

RunJob CancelFlowInstance::Encode(const Request& request, InboundCall& call) {
  return JobOf(request, call);
}

CancelFlowInstance::CallId CancelFlowInstance::Start(RpcEnvironment& environment, Job job,
                                                     KeyedTrigger::Announce /*announce*/,
                                                     absl::AnyInvocable<void(CancelResult)> done) {
  return environment.runs.Cancel(std::move(job), std::move(done));
}

bool CancelFlowInstance::CallerGone(RpcEnvironment& environment, CallId id) {
  environment.runs.CallerGone(id);
  return false;
}

CancelFlowInstance::Response CancelFlowInstance::Respond(const Answer& /*answer*/,
                                                         CallRecord& /*record*/) {
  return {};
}

}  // namespace enos::gateway
