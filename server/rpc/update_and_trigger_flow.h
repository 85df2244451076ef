#ifndef ENOS_SERVER_RPC_UPDATE_AND_TRIGGER_FLOW_H_
#define ENOS_SERVER_RPC_UPDATE_AND_TRIGGER_FLOW_H_

#include <optional>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "server/idempotency/start_key.h"
#include "server/rpc/inbound_call.h"
#include "server/trigger/flow_trigger.h"

namespace enos::gateway {

// The method UpdateAndTriggerFlow, in the form that UnaryRpc needs. Its errors:
// contract/error_table.h; whether it may be repeated: trigger/trigger_call.h.
struct UpdateAndTriggerFlow {
  using Request = dataflow::v1::UpdateAndTriggerFlowRequest;
  using Response = dataflow::v1::UpdateAndTriggerFlowResponse;
  struct Job {
    TriggerJob trigger;
    std::optional<StartKey> key;  // with one it goes by KeyedTrigger
  };
  using Answer = FlowStarted;
  struct CallId {
    bool has_key = false;
    FlowTrigger::CallId id = 0;  // or KeyedTrigger's
  };
  static constexpr auto kRequest =
      &dataflow::v1::FlowService::AsyncService::RequestUpdateAndTriggerFlow;

  static FlowAccess TargetOf(const Request& request);
  static bool HasKey(const Request& request) { return !request.idempotency_key().empty(); }
  static std::optional<CallError> Validate(const RpcEnvironment& environment,
                                           const Request& request);
  static Job Encode(const Request& request, InboundCall& call);
  // With a key they go out once it is reserved.
  static bool HeadersComeFirst(const Job& job) { return !job.key; }
  static CallId Start(RpcEnvironment& environment, Job job, KeyedTrigger::Announce announce,
                      TriggerDone done);
  static bool CallerGone(RpcEnvironment& environment, CallId id);
  static Response Respond(Answer started, CallRecord& record);
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_UPDATE_AND_TRIGGER_FLOW_H_
