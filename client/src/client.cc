#include "enos/flow/client.h"

#include <algorithm>
#include <utility>

#include "call_setup.h"
#include "connection.h"
#include "kept_keys.h"
#include "reaper.h"
#include "token_file.h"
#include "unary_call.h"
#include "watch.h"

namespace enos::flow {

using enos::dataflow::v1::FlowService;

google::protobuf::Timestamp ToTimestamp(std::chrono::system_clock::time_point time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch - seconds);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds.count());
  timestamp.set_nanos(static_cast<int32_t>(nanos.count()));
  return timestamp;
}

bool IsRequestId(const std::string& text) {
  constexpr size_t kLongest = 128;
  if (text.empty() || text.size() > kLongest) return false;
  if (text.front() == ' ' || text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

PendingCall::PendingCall(std::shared_ptr<AsyncCall> call) : call_(call) {
  ReleaseElsewhere(std::move(call));  // this may be a callback's thread
}

void PendingCall::Cancel() {
  if (auto call = call_.lock()) {
    call->Cancel();
    ReleaseElsewhere(std::move(call));
  }
}

FlowClient::FlowClient(std::shared_ptr<grpc::Channel> channel)
    : FlowClient(std::move(channel), "") {}

FlowClient::FlowClient(std::shared_ptr<grpc::Channel> channel, std::string token_file)
    : channel_(std::move(channel)),
      stub_(FlowService::NewStub(channel_)),
      token_file_(std::move(token_file)),
      kept_keys_(std::make_shared<KeptKeys>()) {}

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
    if (!usable.ok()) return TokenFileUnusable(usable);
  }
  return enos::flow::Connect(channel_, DeadlineIn(timeout));
}

FlowResult FlowClient::TriggerFlow(const FlowRequest& request, const CallOptions& options) const {
  return CallAndWait<TriggerMethod>(Target(), request, options);
}

PendingCall FlowClient::TriggerFlowAsync(const FlowRequest& request, const CallOptions& options,
                                         std::function<void(FlowResult)> done) const {
  return PendingCall(UnaryCall<TriggerMethod>::Start(Target(), request, options, std::move(done)));
}

FlowResult FlowClient::TriggerFlowWithRepeat(const FlowRequest& request, const CallOptions& options,
                                             const RepeatOptions& repeat,
                                             const RepeatHooks& hooks) const {
  const Attempt attempt = [&](std::chrono::milliseconds time_left, bool may_have_started) {
    // It may have been another gateway's word in the meantime.
    if (may_have_started && KeepsKeys() != true) {
      return FlowResult(KeysNoLongerKept(options.request_id));
    }
    CallOptions within = options;
    within.timeout = time_left;
    return TriggerFlow(request, within);
  };
  return RepeatWhileSafe(attempt, options.timeout, repeat, hooks);
}

CallTarget FlowClient::Target() const { return {channel_, stub_, token_file_, kept_keys_}; }

std::optional<bool> FlowClient::KeepsKeys() const { return kept_keys_->newest(); }

InstanceResult FlowClient::GetFlowInstance(const InstanceRequest& request,
                                           const CallOptions& options) const {
  return CallAndWait<GetMethod>(Target(), ToMessage<GetMethod::Request>(request), options);
}

PendingCall FlowClient::GetFlowInstanceAsync(const InstanceRequest& request,
                                             const CallOptions& options,
                                             std::function<void(InstanceResult)> done) const {
  return PendingCall(UnaryCall<GetMethod>::Start(Target(), ToMessage<GetMethod::Request>(request),
                                                 options, std::move(done)));
}

std::optional<FlowError> FlowClient::CancelFlowInstance(const InstanceRequest& request,
                                                        const CallOptions& options) const {
  return CallAndWait<CancelMethod>(Target(), ToMessage<CancelMethod::Request>(request), options);
}

PendingCall FlowClient::CancelFlowInstanceAsync(
    const InstanceRequest& request, const CallOptions& options,
    std::function<void(std::optional<FlowError>)> done) const {
  return PendingCall(UnaryCall<CancelMethod>::Start(
      Target(), ToMessage<CancelMethod::Request>(request), options, std::move(done)));
}

PendingCall FlowClient::WatchFlowInstance(const InstanceRequest& request,
                                          const WatchOptions& options,
                                          WatchCallbacks callbacks) const {
  return PendingCall(Watch::Start(
      {stub_, token_file_, request, options, std::move(callbacks), RepeatHooks::Real().random}));
}

std::optional<FlowError> FlowClient::AddToken(grpc::ClientContext& context) const {
  return enos::flow::AddToken(token_file_, context);
}

}  // namespace enos::flow
