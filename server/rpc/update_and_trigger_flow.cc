#include "server/rpc/update_and_trigger_flow.h"

#include <utility>

#include "server/contract/gateway_errors.h"
#include "server/contract/validation.h"
#include "server/enos/flow_call.h"

namespace enos::gateway {
namespace {

constexpr size_t kKeyDigits = 12;  // the last ones of a record's id, in the log

}  // namespace

FlowAccess UpdateAndTriggerFlow::TargetOf(const Request& request) {
  return {request.org_id(), request.user_id(), request.flow_id()};
}

std::optional<CallError> UpdateAndTriggerFlow::Validate(const RpcEnvironment& environment,
                                                        const Request& request) {
  auto refusal = ValidateRequest(request);
  if (!refusal && HasKey(request) && environment.keyed == nullptr) refusal = KeysNotOffered();
  return refusal;
}

UpdateAndTriggerFlow::Job UpdateAndTriggerFlow::Encode(const Request& request, InboundCall& call) {
  Job with_key;
  TriggerJob& job = with_key.trigger;
  if (HasKey(request)) {
    with_key.key = StartKeyOf(request);
    const std::string& id = with_key.key->ref.id;
    call.record()->key = id.substr(id.size() - kKeyDigits);
  }
  call.record()->trigger_time_ms = TriggerTimeMs(request);
  job.call = EncodeFlowCall(request, call.environment().trigger.options().parameters_as);
  job.headers = call.TakeTraceHeaders();
  job.record = call.record();
  job.answer_by = call.times().answer_by;
  job.end_by = call.times().end_by;
  job.slot = call.TakeSlot();
  job.caller_slot = call.TakeCallerSlot();
  return with_key;
}

UpdateAndTriggerFlow::CallId UpdateAndTriggerFlow::Start(RpcEnvironment& environment, Job job,
                                                         KeyedTrigger::Announce announce,
                                                         TriggerDone done) {
  if (!job.key) return {false, environment.trigger.Start(std::move(job.trigger), std::move(done))};
  return {true, environment.keyed->Start(*std::move(job.key), std::move(job.trigger),
                                         std::move(announce), std::move(done))};
}

bool UpdateAndTriggerFlow::CallerGone(RpcEnvironment& environment, CallId id) {
  return id.has_key ? environment.keyed->CallerGone(id.id) : environment.trigger.CallerGone(id.id);
}

UpdateAndTriggerFlow::Response UpdateAndTriggerFlow::Respond(Answer started, CallRecord& record) {
  record.flow_instance_id = started.flow_instance_id;
  record.replayed = started.replayed;
  Response response;
  response.set_replayed(started.replayed);
  response.set_flow_instance_id(std::move(started.flow_instance_id));
  return response;
}

}  // namespace enos::gateway
