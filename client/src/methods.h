#ifndef ENOS_FLOW_SRC_METHODS_H_
#define ENOS_FLOW_SRC_METHODS_H_

#include <optional>
#include <string>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "enos/flow/client.h"

namespace enos::flow {

// The unary methods, for unary_call.h: their messages, how to call them, and what an answer or an
// error means. Without state.

using FlowStub = enos::dataflow::v1::FlowService::Stub;

// Under which the gateway's log and EnOS have a call; either may be empty.
struct RequestIds {
  std::string gateway;
  std::string enos;
};

struct TriggerMethod {
  using Request = FlowRequest;
  using Response = enos::dataflow::v1::UpdateAndTriggerFlowResponse;
  using Result = FlowResult;

  static grpc::Status Call(FlowStub& stub, grpc::ClientContext* context, const Request& request,
                           Response* response) {
    return stub.UpdateAndTriggerFlow(context, request, response);
  }
  static void Start(FlowStub& stub, grpc::ClientContext* context, const Request* request,
                    Response* response, grpc::ClientUnaryReactor* reactor) {
    stub.async()->UpdateAndTriggerFlow(context, request, response, reactor);
  }
  static Result OfAnswer(const Response& response, const RequestIds& ids);
  static FlowError OfStatus(const grpc::Status& status) { return FlowErrorFromStatus(status); }
  // Of an error that this library made, before anything was sent.
  static FlowError OfOwn(FlowError error) { return error; }
};

struct StartsNothing {
  static FlowError OfStatus(const grpc::Status& status) { return InstanceErrorFromStatus(status); }
  static FlowError OfOwn(FlowError error) {
    error.execution = Execution::kStartsNothing;
    return error;
  }
};

struct GetMethod : StartsNothing {
  using Request = enos::dataflow::v1::GetFlowInstanceRequest;
  using Response = enos::dataflow::v1::GetFlowInstanceResponse;
  using Result = InstanceResult;

  static grpc::Status Call(FlowStub& stub, grpc::ClientContext* context, const Request& request,
                           Response* response) {
    return stub.GetFlowInstance(context, request, response);
  }
  static void Start(FlowStub& stub, grpc::ClientContext* context, const Request* request,
                    Response* response, grpc::ClientUnaryReactor* reactor) {
    stub.async()->GetFlowInstance(context, request, response, reactor);
  }
  static Result OfAnswer(const Response& response, const RequestIds& ids);
};

struct CancelMethod : StartsNothing {
  using Request = enos::dataflow::v1::CancelFlowInstanceRequest;
  using Response = enos::dataflow::v1::CancelFlowInstanceResponse;
  using Result = std::optional<FlowError>;

  static grpc::Status Call(FlowStub& stub, grpc::ClientContext* context, const Request& request,
                           Response* response) {
    return stub.CancelFlowInstance(context, request, response);
  }
  static void Start(FlowStub& stub, grpc::ClientContext* context, const Request* request,
                    Response* response, grpc::ClientUnaryReactor* reactor) {
    stub.async()->CancelFlowInstance(context, request, response, reactor);
  }
  static Result OfAnswer(const Response&, const RequestIds&) { return std::nullopt; }
};

// The three requests about a run have the same fields.
template <typename Request>
Request ToMessage(const InstanceRequest& request) {
  Request message;
  message.set_user_id(request.user_id);
  message.set_org_id(request.org_id);
  message.set_flow_instance_id(request.flow_instance_id);
  return message;
}

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_METHODS_H_
