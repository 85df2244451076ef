#include "enos/flow/client.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <utility>

#include "connection.h"
#include "reaper.h"

namespace enos::flow {

using enos::dataflow::v1::FlowService;
using enos::dataflow::v1::UpdateAndTriggerFlowResponse;

namespace {

constexpr char kRequestIdKey[] = "enos-request-id";
// Longer time-outs are cut to this: far beyond any call, and safe to add to the clock.
constexpr std::chrono::hours kLongestTimeout{24 * 365};

std::chrono::system_clock::time_point DeadlineIn(std::chrono::milliseconds timeout) {
  const std::chrono::milliseconds longest = kLongestTimeout;
  return std::chrono::system_clock::now() +
         std::clamp(timeout, std::chrono::milliseconds(0), longest);
}

std::string RequestId(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto it = metadata.find(kRequestIdKey);
  return it == metadata.end() ? std::string() : std::string(it->second.data(), it->second.size());
}

FlowResult MakeResult(const grpc::Status& status, const grpc::ClientContext& context,
                      const UpdateAndTriggerFlowResponse& response) {
  std::string request_id = RequestId(context);
  if (status.ok() && !response.flow_instance_id().empty()) {
    return TriggeredFlow{response.flow_instance_id(), std::move(request_id)};
  }
  FlowError error;
  if (status.ok()) {
    error.code = grpc::StatusCode::INTERNAL;
    error.message = "the gateway answered OK without a flow instance id";
  } else {
    error = FlowErrorFromStatus(status);
  }
  if (error.enos_request_id.empty()) error.enos_request_id = std::move(request_id);
  return error;
}

FlowError NoTimeLeft() {
  FlowError error;
  error.code = grpc::StatusCode::DEADLINE_EXCEEDED;
  error.message = "no time was left for the call; nothing was sent";
  error.execution = Execution::kNotExecuted;
  return error;
}

}  // namespace

google::protobuf::Timestamp ToTimestamp(std::chrono::system_clock::time_point time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch - seconds);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds.count());
  timestamp.set_nanos(static_cast<int32_t>(nanos.count()));
  return timestamp;
}

// What a call needs until it is done, and then until the reaper has it.
struct PendingCall::State {
  std::shared_ptr<State> self;  // the call's own reference, from its start to its end
  std::function<void(FlowResult)> done;
  std::shared_ptr<FlowService::Stub> stub;
  grpc::ClientContext context;
  FlowRequest request;
  UpdateAndTriggerFlowResponse response;
};

PendingCall::PendingCall(const std::shared_ptr<State>& state) : state_(state) {}

void PendingCall::Cancel() {
  if (auto state = state_.lock()) {
    state->context.TryCancel();
    ReleaseElsewhere(std::move(state));  // this may be a callback's thread
  }
}

FlowClient::FlowClient(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)), stub_(FlowService::NewStub(channel_)) {}

std::optional<FlowError> FlowClient::Connect(std::chrono::milliseconds timeout) const {
  return enos::flow::Connect(channel_, DeadlineIn(timeout));
}

FlowResult FlowClient::TriggerFlow(const FlowRequest& request, const CallOptions& options) const {
  if (options.timeout.count() <= 0) return NoTimeLeft();
  const auto deadline = DeadlineIn(options.timeout);
  if (auto error = enos::flow::Connect(channel_, deadline)) return *std::move(error);
  grpc::ClientContext context;
  context.set_deadline(deadline);
  UpdateAndTriggerFlowResponse response;
  const grpc::Status status = stub_->UpdateAndTriggerFlow(&context, request, &response);
  return MakeResult(status, context, response);
}

PendingCall FlowClient::TriggerFlowAsync(const FlowRequest& request, const CallOptions& options,
                                         std::function<void(FlowResult)> done) const {
  auto state = std::make_shared<PendingCall::State>();
  state->self = state;
  state->done = std::move(done);
  state->stub = stub_;
  state->request = request;
  state->context.set_deadline(DeadlineIn(options.timeout));
  PendingCall pending(state);
  // The callback owns nothing: it is destroyed on gRPC's thread, where no channel may go.
  stub_->async()->UpdateAndTriggerFlow(
      &state->context, &state->request, &state->response,
      [call = state.get()](const grpc::Status& status) {
        call->done(MakeResult(status, call->context, call->response));
        ReleaseElsewhere(std::move(call->self));
      });
  ReleaseElsewhere(std::move(state));
  return pending;
}

FlowResult FlowClient::TriggerFlowWithRepeat(const FlowRequest& request, const CallOptions& options,
                                             const RepeatOptions& repeat,
                                             const RepeatHooks& hooks) const {
  const Attempt attempt = [&](std::chrono::milliseconds time_left) {
    CallOptions within = options;
    within.timeout = time_left;
    return TriggerFlow(request, within);
  };
  return RepeatWhileSafe(attempt, options.timeout, repeat, hooks);
}

}  // namespace enos::flow
