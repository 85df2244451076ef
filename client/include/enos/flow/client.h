#ifndef ENOS_FLOW_CLIENT_H_
#define ENOS_FLOW_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "enos/flow/channel.h"
#include "enos/flow/instance.h"
#include "enos/flow/repeat.h"
#include "enos/flow/result.h"

namespace enos::flow {

using FlowRequest = enos::dataflow::v1::UpdateAndTriggerFlowRequest;

// The time in the form that the request takes: request.mutable_trigger_time() = ToTimestamp(...).
google::protobuf::Timestamp ToTimestamp(std::chrono::system_clock::time_point time);

// Where the gateway is, and who calls it.
struct ClientOptions {
  ChannelOptions channel;
  // The path of a file with a bearer token (at most 8 KiB, one line), for a gateway that
  // authenticates its callers; for example a projected Kubernetes service-account token. The file
  // is reread for every attempt, so that a token replaced in time is never missed, and the token is
  // sent as `authorization` metadata. Empty: none.
  std::string token_file;
};

// Whether the gateway accepts `text` as a request id: 1 to 128 printable ASCII characters, no
// spaces at either end.
bool IsRequestId(const std::string& text);

struct CallOptions {
  // Time limit for the call, including connecting. The gateway stops early enough for its answer to
  // arrive in time. With 0 or less the call fails before anything is sent.
  std::chrono::milliseconds timeout{30'000};
  // The id under which the gateway logs the call, sent as x-request-id, the same in every repeat.
  // Only for the log: it does not make a call safe to repeat. Empty: the gateway generates one. A
  // text that IsRequestId refuses fails the call before anything is sent.
  std::string request_id = {};
};

class AsyncCall;
class FlowClient;
class KeptKeys;
struct CallTarget;

// A started asynchronous call or watch; may be dropped, or kept longer than the call.
class PendingCall {
 public:
  // Stops waiting for the answer; `done` is still called, with CANCELLED unless the answer arrives
  // first. Does not stop a run: what has been sent to EnOS continues. May be called from any
  // thread.
  void Cancel();

 private:
  friend class FlowClient;
  explicit PendingCall(std::shared_ptr<AsyncCall> call);
  std::weak_ptr<AsyncCall> call_;
};

// A client on a channel from MakeChannel. Returns INVALID_ARGUMENT as MakeChannel does, and also if
// the token file cannot be read or contains no token, or if the token would have to be sent to
// another machine in plaintext. Messages never contain any part of a token.
absl::StatusOr<FlowClient> MakeClient(const ClientOptions& options);

// Starts EnOS flows through the gateway, and reads, watches and cancels their runs.
//
//   auto channel = enos::flow::MakeChannel({"gateway.example.com:443"});
//   if (!channel.ok()) ...
//   enos::flow::FlowClient client(*channel);
//   enos::flow::FlowRequest request;
//   request.set_user_id("u-1"); ...
//   const enos::flow::FlowResult result = client.TriggerFlow(request);
//   if (result.ok()) use(result.flow().flow_instance_id);
//   else if (result.error().SafeToRepeat()) ...
//
// Each successful call starts another run, so nothing here ever repeats a call by itself, except
// TriggerFlowWithRepeat, and only if that cannot start the flow twice. Thread-safe; cheap to
// copy; a call may outlive the client it was made with.
class FlowClient {
 public:
  // Use a channel from MakeChannel: others may repeat calls by themselves. For tokens use
  // MakeClient.
  explicit FlowClient(std::shared_ptr<grpc::Channel> channel);

  // Waits until the channel is connected. Returns nullopt if it is and the token file is usable,
  // otherwise the error that TriggerFlow would return, kNotExecuted. Returns at the first failed
  // attempt to connect. A timeout of 0 only checks.
  std::optional<FlowError> Connect(std::chrono::milliseconds timeout) const;

  // Connects if necessary, calls, and waits for the answer. If there is no connection to the
  // gateway (refused, name not found, TLS refused, no answer in time) the call is not sent and the
  // error says so: UNAVAILABLE or DEADLINE_EXCEEDED, GATEWAY_UNREACHABLE, kNotExecuted. Likewise
  // with a token file that has become unusable: UNAUTHENTICATED, kTokenFileUnusable, kNotExecuted.
  FlowResult TriggerFlow(const FlowRequest& request, const CallOptions& options = {}) const;

  // The same without waiting; `request` is copied. `done` is called exactly once, on a thread of
  // the gRPC library: it must not block or throw, and may start other calls; it is destroyed on
  // another thread. Here the gRPC library discovers a missing connection, or a timeout of 0, during
  // the call, so the error's execution is kUnknown: call Connect first if that matters.
  PendingCall TriggerFlowAsync(const FlowRequest& request, const CallOptions& options,
                               std::function<void(FlowResult)> done) const;

  // TriggerFlow, repeated as long as that is safe and may help (repeat.h), within options.timeout.
  // With an idempotency_key (idempotency_key.h) also if the flow may have been started, as long as
  // KeepsKeys is true; an error then covers all attempts.
  FlowResult TriggerFlowWithRepeat(const FlowRequest& request, const CallOptions& options,
                                   const RepeatOptions& repeat,
                                   const RepeatHooks& hooks = RepeatHooks::Real()) const;

  // Whether the gateway stores idempotency keys, according to the most recent initial metadata of a
  // call with a key, made by this client or a copy of it; nullopt: there was none yet. An older
  // gateway ignores keys.
  std::optional<bool> KeepsKeys() const;

  // The current state of a run. This and the methods below start nothing and may be repeated; the
  // blocking ones connect first, as TriggerFlow does. `done` as with TriggerFlowAsync.
  InstanceResult GetFlowInstance(const InstanceRequest& request,
                                 const CallOptions& options = {}) const;
  PendingCall GetFlowInstanceAsync(const InstanceRequest& request, const CallOptions& options,
                                   std::function<void(InstanceResult)> done) const;

  // Cancels a run. nullopt: EnOS accepted the request; watch the run to see it take effect.
  std::optional<FlowError> CancelFlowInstance(const InstanceRequest& request,
                                              const CallOptions& options = {}) const;
  PendingCall CancelFlowInstanceAsync(const InstanceRequest& request, const CallOptions& options,
                                      std::function<void(std::optional<FlowError>)> done) const;

  // Watches a run until it has ended or the time-out is over (DEADLINE_EXCEEDED, WATCH_TIMEOUT).
  // Lost connections, gateways that shut down and everything else that is UNAVAILABLE do not end
  // it: the run is watched again, through any gateway at the address. Call Connect first if a
  // gateway that was never there should be an error.
  PendingCall WatchFlowInstance(const InstanceRequest& request, const WatchOptions& options,
                                WatchCallbacks callbacks) const;

  // For calls of other services on the same channel, such as grpc.health.v1: puts the token, if
  // there is one, into the context.
  std::optional<FlowError> AddToken(grpc::ClientContext& context) const;
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  friend absl::StatusOr<FlowClient> MakeClient(const ClientOptions& options);
  FlowClient(std::shared_ptr<grpc::Channel> channel, std::string token_file);
  CallTarget Target() const;

  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<enos::dataflow::v1::FlowService::Stub> stub_;
  std::string token_file_;  // empty: none
  std::shared_ptr<KeptKeys> kept_keys_;
};

}  // namespace enos::flow

#endif  // ENOS_FLOW_CLIENT_H_
