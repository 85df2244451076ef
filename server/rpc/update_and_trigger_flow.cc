#include "server/rpc/update_and_trigger_flow.h"

#include <utility>

#include "server/contract/validation.h"
#include "server/enos/flow_call.h"

namespace enos::gateway {

FlowAccess UpdateAndTriggerFlow::TargetOf(const Request& request) {
  return {request.org_id(), request.user_id(), request.flow_id()};
}

std::optional<CallError> UpdateAndTriggerFlow::Validate(const Request& request) {
  return ValidateRequest(request);
}

UpdateAndTriggerFlow::Job UpdateAndTriggerFlow::Encode(const Request& request, InboundCall& call) {
  Job job;
  const auto& time = request.trigger_time();
  call.record()->trigger_time_ms = time.seconds() * 1000 + time.nanos() / 1'000'000;
  job.call = EncodeFlowCall(request, call.environment().trigger.options().parameters_as);
  job.headers = call.TakeTraceHeaders();
  job.record = call.record();
  job.answer_by = call.times().answer_by;
  job.end_by = call.times().end_by;
  job.slot = call.TakeSlot();
  job.caller_slot = call.TakeCallerSlot();
  return job;
}

UpdateAndTriggerFlow::CallId UpdateAndTriggerFlow::Start(RpcEnvironment& environment, Job job,
                                                         TriggerDone done) {
  return environment.trigger.Start(std::move(job), std::move(done));
}

bool UpdateAndTriggerFlow::CallerGone(RpcEnvironment& environment, CallId id) {
  return environment.trigger.CallerGone(id);
}

UpdateAndTriggerFlow::Response UpdateAndTriggerFlow::Respond(Answer started, CallRecord& record) {
  record.flow_instance_id = started.flow_instance_id;
  Response response;
  response.set_flow_instance_id(std::move(started.flow_instance_id));
  return response;
}

}  // namespace enos::gateway
