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

grpc::Status FakeFlowService::GetFlowInstance(
    grpc::ServerContext* context, const enos::dataflow::v1::GetFlowInstanceRequest* request,
    enos::dataflow::v1::GetFlowInstanceResponse* response) {
  if (!get_) return Service::GetFlowInstance(context, request, response);
  return get_(*context, *request, *response->mutable_flow_instance());
}

grpc::Status FakeFlowService::WatchFlowInstance(
    grpc::ServerContext* context, const enos::dataflow::v1::WatchFlowInstanceRequest* request,
    grpc::ServerWriter<enos::dataflow::v1::WatchFlowInstanceResponse>* writer) {
  if (!watch_) return Service::WatchFlowInstance(context, request, writer);
  return watch_(*context, *request, [writer](const Instance& instance) {
    enos::dataflow::v1::WatchFlowInstanceResponse response;
    *response.mutable_flow_instance() = instance;
    writer->Write(response);
  });
}

grpc::Status FakeFlowService::CancelFlowInstance(
    grpc::ServerContext* context, const enos::dataflow::v1::CancelFlowInstanceRequest* request,
    enos::dataflow::v1::CancelFlowInstanceResponse* response) {
  if (!cancel_) return Service::CancelFlowInstance(context, request, response);
  return cancel_(*context, *request);
}

FakeFlowService::Instance MakeInstance(
    const std::string& id, enos::dataflow::v1::FlowInstanceState state, bool ended,
    const std::vector<std::pair<std::string, enos::dataflow::v1::FlowInstanceState>>& tasks) {
  FakeFlowService::Instance instance;
  instance.set_flow_instance_id(id);
  instance.set_state(state);
  instance.set_ended(ended);
  for (const auto& [name, task_state] : tasks) {
    auto* const task = instance.add_tasks();
    task->set_task_id(instance.tasks_size());
    task->set_task_name(name);
    task->set_state(task_state);
  }
  return instance;
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
