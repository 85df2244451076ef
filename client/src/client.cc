#include "enos/flow/client.h"

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connection.h"
#include "reaper.h"
#include "token_file.h"

namespace enos::flow {

using enos::dataflow::v1::FlowService;
using enos::dataflow::v1::UpdateAndTriggerFlowResponse;

namespace {

constexpr char kRequestIdKey[] = "enos-request-id";
// Longer timeouts are capped to this: far beyond any call, and safe to add to the clock.
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

FlowError Unusable(const absl::Status& token_file) {
  FlowError error;
  error.code = grpc::StatusCode::UNAUTHENTICATED;
  error.message = std::string(token_file.message());
  error.reason = kTokenFileUnusable;
  error.execution = Execution::kNotExecuted;
  return error;
}

// Identifies the caller to the gateway. Reads the file each time, because its content is replaced:
// Kubernetes does so long before a token expires.
std::optional<FlowError> AddToken(const std::string& token_file, grpc::ClientContext& context) {
  if (token_file.empty()) return std::nullopt;
  const auto token = ReadTokenFile(token_file);
  if (!token.ok()) return Unusable(token.status());
  context.AddMetadata("authorization", absl::StrCat("Bearer ", *token));
  return std::nullopt;
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
  grpc::Alarm alarm;  // of a call that is not made
};

PendingCall::PendingCall(const std::shared_ptr<State>& state) : state_(state) {}

void PendingCall::Cancel() {
  if (auto state = state_.lock()) {
    state->context.TryCancel();
    ReleaseElsewhere(std::move(state));  // this may be a callback's thread
  }
}

FlowClient::FlowClient(std::shared_ptr<grpc::Channel> channel)
    : FlowClient(std::move(channel), "") {}

FlowClient::FlowClient(std::shared_ptr<grpc::Channel> channel, std::string token_file)
    : channel_(std::move(channel)),
      stub_(FlowService::NewStub(channel_)),
      token_file_(std::move(token_file)) {}

absl::StatusOr<FlowClient> MakeClient(const ClientOptions& options) {
  absl::Status usable = CheckTokenFileUse(options);
  if (usable.ok() && !options.token_file.empty()) {
    usable = ReadTokenFile(options.token_file).status();
  }
  if (!usable.ok()) return usable;
  auto channel = MakeChannel(options.channel);
  if (!channel.ok()) return channel.status();
  return FlowClient(*std::move(channel), options.token_file);
}

std::optional<FlowError> FlowClient::Connect(std::chrono::milliseconds timeout) const {
  if (!token_file_.empty()) {
    const absl::Status usable = ReadTokenFile(token_file_).status();
    if (!usable.ok()) return Unusable(usable);
  }
  return enos::flow::Connect(channel_, DeadlineIn(timeout));
}

FlowResult FlowClient::TriggerFlow(const FlowRequest& request, const CallOptions& options) const {
  if (options.timeout.count() <= 0) return NoTimeLeft();
  const auto deadline = DeadlineIn(options.timeout);
  if (auto error = enos::flow::Connect(channel_, deadline)) return *std::move(error);
  grpc::ClientContext context;
  context.set_deadline(deadline);
  if (auto error = AddToken(token_file_, context)) return *std::move(error);
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
  if (auto error = AddToken(token_file_, state->context)) {
    // On gRPC's thread as well, so that the caller need not expect `done` before this returns.
    state->alarm.Set(std::chrono::system_clock::now(),
                     [call = state.get(), result = FlowResult(*std::move(error))](bool) {
                       call->done(result);
                       ReleaseElsewhere(std::move(call->self));
                     });
    ReleaseElsewhere(std::move(state));
    return pending;
  }
  // The callback owns nothing: it is destroyed on gRPC's thread, where no channel may be released.
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
