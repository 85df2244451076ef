#include "tests/wire/support/run_rpc.h"

#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace enos::gateway::testing {
namespace {

using dataflow::v1::FlowService;

void Prepare(const RunCallOptions& options, grpc::ClientContext& context) {
  context.set_wait_for_ready(options.wait_for_ready);
  context.set_deadline(std::chrono::system_clock::now() + options.timeout);
  for (const auto& [key, value] : options.metadata) context.AddMetadata(key, value);
}

std::map<std::string, std::string> ErrorMetadata(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  for (const auto& detail : details.details()) {
    if (detail.UnpackTo(&info)) return {info.metadata().begin(), info.metadata().end()};
  }
  return {};
}

}  // namespace

RunOutcome OutcomeOf(const grpc::Status& status, const grpc::ClientContext& context) {
  RunOutcome outcome;
  for (const auto& [key, value] : context.GetServerTrailingMetadata())
    outcome.trailing.emplace(std::string(key.data(), key.size()),
                             std::string(value.data(), value.size()));
  outcome.told = "OK";
  if (status.ok()) return outcome;
  outcome.error = flow::FlowErrorFromStatus(status);
  outcome.error_metadata = ErrorMetadata(status);
  outcome.told = flow::StatusCodeName(status.error_code()) + " " +
                 (outcome.error.reason.empty() ? "(no reason)" : outcome.error.reason);
  return outcome;
}

RunOutcome GetRun(const std::shared_ptr<grpc::Channel>& channel,
                  const dataflow::v1::GetFlowInstanceRequest& request,
                  dataflow::v1::FlowInstance* instance, const RunCallOptions& options) {
  grpc::ClientContext context;
  Prepare(options, context);
  dataflow::v1::GetFlowInstanceResponse response;
  const grpc::Status status =
      FlowService::NewStub(channel)->GetFlowInstance(&context, request, &response);
  if (instance != nullptr) *instance = std::move(*response.mutable_flow_instance());
  return OutcomeOf(status, context);
}

RunOutcome CancelRun(const std::shared_ptr<grpc::Channel>& channel,
                     const dataflow::v1::CancelFlowInstanceRequest& request,
                     const RunCallOptions& options) {
  grpc::ClientContext context;
  Prepare(options, context);
  dataflow::v1::CancelFlowInstanceResponse response;
  const grpc::Status status =
      FlowService::NewStub(channel)->CancelFlowInstance(&context, request, &response);
  return OutcomeOf(status, context);
}

RunWatch::RunWatch(std::shared_ptr<grpc::Channel> channel, const RunCallOptions& options)
    : channel_(std::move(channel)), stub_(FlowService::NewStub(channel_)) {
  Prepare(options, context_);
  reader_ = stub_->WatchFlowInstance(&context_,
                                     About<dataflow::v1::WatchFlowInstanceRequest>(options.run));
}

RunWatch::~RunWatch() {
  if (has_ended_) return;
  Cancel();
  End();
}

std::string RunWatch::Next() {
  dataflow::v1::WatchFlowInstanceResponse response;
  if (!reader_->Read(&response)) return "";
  constexpr std::string_view kPrefix = "FLOW_INSTANCE_STATE_";
  const auto& instance = response.flow_instance();
  return FlowInstanceState_Name(instance.state()).substr(kPrefix.size()) +
         (instance.ended() ? " ended" : "");
}

RunOutcome RunWatch::End() {
  while (!Next().empty()) {
  }
  has_ended_ = true;
  const grpc::Status status = reader_->Finish();
  return OutcomeOf(status, context_);
}

}  // namespace enos::gateway::testing
