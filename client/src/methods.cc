#include "methods.h"

namespace enos::flow {
namespace {

FlowError Incomplete(const char* message, const RequestIds& ids) {
  FlowError error;
  error.code = grpc::StatusCode::INTERNAL;
  error.message = message;
  error.enos_request_id = ids.enos;
  error.request_id = ids.gateway;
  return error;
}

}  // namespace

FlowResult TriggerMethod::OfAnswer(const Response& response, const RequestIds& ids) {
  if (response.flow_instance_id().empty()) {
    return Incomplete("the gateway answered OK without a flow instance id", ids);
  }
  return TriggeredFlow{response.flow_instance_id(), ids.enos, response.replayed(), ids.gateway};
}

InstanceResult GetMethod::OfAnswer(const Response& response, const RequestIds& ids) {
  if (response.has_flow_instance()) return {response.flow_instance(), ids.gateway};
  return OfOwn(Incomplete("the gateway answered OK without a flow instance", ids));
}

}  // namespace enos::flow
