#ifndef ENOS_TESTS_WIRE_SUPPORT_RPC_H_
#define ENOS_TESTS_WIRE_SUPPORT_RPC_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "enos/flow/error.h"

namespace enos::gateway::testing {

struct RpcOptions {
  int flow_id = 3377;
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  std::size_t parameter_bytes = 0;  // in parameters of 64 KiB
  bool wait_for_ready = true;       // wait for a connection, rather than fail without one
  std::multimap<std::string, std::string> metadata{};
  std::string idempotency_key{};
};

// A call of that flow.
inline RpcOptions Flow(int id) {
  RpcOptions options;
  options.flow_id = id;
  return options;
}

struct RpcOutcome {
  grpc::Status status;
  std::string instance_id;
  bool replayed = false;
  std::string key_state;       // of the error's details
  std::string keys_are_kept;   // initial metadata "enos-idempotency"
  std::string pushback;        // trailing metadata "grpc-retry-pushback-ms"
  flow::FlowError error;       // where the status is not OK
  std::string request_id;      // trailing metadata "enos-request-id"
  std::string own_request_id;  // trailing metadata "x-request-id"
};

// A channel to that address, with a connection of its own; `service_config` as JSON (empty: none,
// and no retries).
std::shared_ptr<grpc::Channel> NewChannel(const std::string& address,
                                          const std::string& service_config = {});

// One RPC as a caller's own gRPC library makes it: a plain stub, none of our client library but its
// reading of errors.
class Rpc : private grpc::ClientUnaryReactor {
 public:
  Rpc(std::shared_ptr<grpc::Channel> channel, const RpcOptions& options);
  ~Rpc() override;  // cancels it, and waits for its end
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  void Cancel() { context_.TryCancel(); }
  // Waits for response headers; false when the call ended without them.
  bool WaitForHeaders();
  // Whether it ends within that time. A "no" proves nothing on a slow machine.
  bool EndsWithin(std::chrono::milliseconds time);
  // Waits for the end.
  const RpcOutcome& Wait();

 private:
  void OnReadInitialMetadataDone(bool ok) override { headers_.set_value(ok); }
  void OnDone(const grpc::Status& status) override;

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<dataflow::v1::FlowService::Stub> stub_;
  grpc::ClientContext context_;
  dataflow::v1::UpdateAndTriggerFlowRequest request_;
  dataflow::v1::UpdateAndTriggerFlowResponse response_;
  RpcOutcome outcome_;
  std::promise<bool> headers_;
  std::future<bool> headers_came_ = headers_.get_future();
  std::promise<void> done_;
  std::shared_future<void> ended_ = done_.get_future().share();
};

// Makes one and waits for its end.
RpcOutcome CallRpc(const std::shared_ptr<grpc::Channel>& channel, const RpcOptions& options = {});

// "UNAVAILABLE GATEWAY_OVERLOADED NOT_EXECUTED"; "OK" for success.
std::string Summary(const RpcOutcome& outcome);

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_RPC_H_
