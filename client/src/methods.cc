#include "methods.h"

namespace enos::flow {
namespace {

FlowError Incomplete(const char* message, const std::string& enos_request_id) {
  FlowError error;
  error.code = grpc::StatusCode::INTERNAL;
  error.message = message;
  error.enos_request_id = enos_request_id;
  return error;
}

}  // namespace

FlowResult TriggerMethod::OfAnswer(const Response& response, const std::string& enos_request_id) {
  if (response.flow_instance_id().empty()) {
    return Incomplete("the gateway answered OK without a flow instance id", enos_request_id);
  }
  return TriggeredFlow{response.flow_instance_id(), enos_request_id, response.replayed()};
}

InstanceResult GetMethod::OfAnswer(const Response& response, const std::string& enos_request_id) {
  if (response.has_flow_instance()) return response.flow_instance();
  return OfOwn(Incomplete("the gateway answered OK without a flow instance", enos_request_id));
}

}  // namespace enos::flow
