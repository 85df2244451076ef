#include "fake_flow_service.h"

#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace enos::flow::testing {

FakeFlowService::FakeFlowService(Handler handler,
                                 std::shared_ptr<grpc::ServerCredentials> credentials)
    : handler_(std::move(handler)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", std::move(credentials), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) throw std::runtime_error("the fake server did not start");
}

FakeFlowService::~FakeFlowService() { server_->Shutdown(std::chrono::system_clock::now()); }

std::string FakeFlowService::address() const { return "127.0.0.1:" + std::to_string(port_); }

std::vector<FakeFlowService::Request> FakeFlowService::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

grpc::Status FakeFlowService::UpdateAndTriggerFlow(grpc::ServerContext* context,
                                                   const Request* request, Response* response) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(*request);
  }
  return handler_(*context, *request, *response);
}

FakeFlowService::Handler AnswerId(std::string flow_instance_id) {
  return [id = std::move(flow_instance_id)](auto&, const auto&, auto& response) {
    response.set_flow_instance_id(id);
    return grpc::Status::OK;
  };
}

FakeFlowService::Handler AnswerInTurn(std::vector<grpc::Status> statuses) {
  auto next = std::make_shared<std::atomic<size_t>>(0);
  return [statuses = std::move(statuses), next](auto&, const auto&, auto& response) {
    const size_t turn = (*next)++;
    if (turn < statuses.size()) return statuses[turn];
    response.set_flow_instance_id("done");
    return grpc::Status::OK;
  };
}

}  // namespace enos::flow::testing
