#ifndef ENOS_SERVER_RPC_FLOW_INSTANCE_METHODS_H_
#define ENOS_SERVER_RPC_FLOW_INSTANCE_METHODS_H_

#include <optional>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "server/contract/validation.h"
#include "server/rpc/inbound_call.h"
#include "server/runs/flow_runs.h"

namespace enos::gateway {

// What the policy is asked about for a request about a run.
template <typename Request>
FlowAccess TargetOfInstance(const Request& request, RpcMethod method) {
  return {request.org_id(), request.user_id(), FlowOfInstance(request.flow_instance_id()), method};
}

template <typename Request>
InstanceTarget InstanceOf(const Request& request) {
  return {request.user_id(), request.org_id(), request.flow_instance_id()};
}

// The methods GetFlowInstance and CancelFlowInstance, as UnaryRpc wants them. Their errors:
// RowForRead (contract/error_table.h); they may be repeated (runs/read_call.h).
struct GetFlowInstance {
  using Request = dataflow::v1::GetFlowInstanceRequest;
  using Response = dataflow::v1::GetFlowInstanceResponse;
  using Job = RunJob;
  using Answer = InstanceAnswer;
  using CallId = FlowRuns::CallId;
  static constexpr auto kRequest = &dataflow::v1::FlowService::AsyncService::RequestGetFlowInstance;

  static FlowAccess TargetOf(const Request& request) {
    return TargetOfInstance(request, RpcMethod::kGetFlowInstance);
  }
  static bool HasKey(const Request& /*request*/) { return false; }
  static std::optional<CallError> Validate(const RpcEnvironment& /*environment*/,
                                           const Request& request) {
    return ValidateRequest(request);
  }
  static Job Encode(const Request& request, InboundCall& call);
  static bool HeadersComeFirst(const Job& /*job*/) { return false; }
  static CallId Start(RpcEnvironment& environment, Job job, KeyedTrigger::Announce announce,
                      absl::AnyInvocable<void(InstanceResult)> done);
  static bool CallerGone(RpcEnvironment& environment, CallId id);
  static Response Respond(Answer answer, CallRecord& record);
};

struct CancelFlowInstance {
  using Request = dataflow::v1::CancelFlowInstanceRequest;
  using Response = dataflow::v1::CancelFlowInstanceResponse;
  using Job = RunJob;
  using Answer = CancelAccepted;
  using CallId = FlowRuns::CallId;
  static constexpr auto kRequest =
      &dataflow::v1::FlowService::AsyncService::RequestCancelFlowInstance;

  static FlowAccess TargetOf(const Request& request) {
    return TargetOfInstance(request, RpcMethod::kCancelFlowInstance);
  }
  static bool HasKey(const Request& /*request*/) { return false; }
  static std::optional<CallError> Validate(const RpcEnvironment& /*environment*/,
                                           const Request& request) {
    return ValidateRequest(request);
  }
  static Job Encode(const Request& request, InboundCall& call);
  static bool HeadersComeFirst(const Job& /*job*/) { return false; }
  static CallId Start(RpcEnvironment& environment, Job job, KeyedTrigger::Announce announce,
                      absl::AnyInvocable<void(CancelResult)> done);
  static bool CallerGone(RpcEnvironment& environment, CallId id);
  static Response Respond(const Answer& answer, CallRecord& record);
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_FLOW_INSTANCE_METHODS_H_
