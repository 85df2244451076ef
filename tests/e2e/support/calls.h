#ifndef ENOS_TESTS_E2E_SUPPORT_CALLS_H_
#define ENOS_TESTS_E2E_SUPPORT_CALLS_H_

#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"

namespace enos::e2e {

using FlowRequest = dataflow::v1::UpdateAndTriggerFlowRequest;
using FlowStub = dataflow::v1::FlowService::Stub;

// A channel with connections of its own, which no other channel shares. Never repeats a call.
std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address);

// A valid request.
FlowRequest RequestFor(int flow_id);

// What a call came to.
struct CallOutcome {
  int flow_id = 0;
  grpc::Status status;
  std::string flow_instance_id;
};

// Many UpdateAndTriggerFlow calls at once without a thread for each: started here, collected by
// WaitForAll, in any order. For one thread.
class CallsAtOnce {
 public:
  CallsAtOnce();
  ~CallsAtOnce();
  CallsAtOnce(const CallsAtOnce&) = delete;
  CallsAtOnce& operator=(const CallsAtOnce&) = delete;

  // wait_for_ready: waits for a connection, rather than fail where there is none. bearer: a token
  // to send; empty: none.
  void Start(const std::shared_ptr<grpc::Channel>& channel, const FlowRequest& request,
             bool wait_for_ready = true, const std::string& bearer = "");
  // Waits for all that were started and gives their outcomes.
  std::vector<CallOutcome> WaitForAll();

 private:
  struct Call;
  void Collect();

  grpc::CompletionQueue queue_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t open_ = 0;
  std::vector<CallOutcome> outcomes_;
  // From the start, since gRPC 1.51 moves a channel's bytes on the threads that wait for a queue.
  std::thread collector_{[this] { Collect(); }};
};

// One call, answered. The guard is its deadline.
CallOutcome Call(const std::shared_ptr<grpc::Channel>& channel, const FlowRequest& request,
                 const std::string& bearer = "");

// A call of any method with messages as bytes, as of a client that was made from no proto: for
// services whose generated code is not installed, and for methods that do not exist. It sends
// `request` and no more.
class RawCall {
 public:
  RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
          const std::string& request);
  ~RawCall();
  RawCall(const RawCall&) = delete;
  RawCall& operator=(const RawCall&) = delete;

  // The next message, or nothing when there is no other.
  std::optional<std::string> Read();
  // How it ended; after Read gave nothing.
  grpc::Status Finish();

 private:
  bool Next();

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

// grpc.health.v1: the serving status of `service` ("" for the whole server).
enum class Health { kUnknown = 0, kServing = 1, kNotServing = 2 };
Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service);
// Watches until it is `wanted`; false when the watch ended before.
bool WaitForHealth(const std::shared_ptr<grpc::Channel>& channel, Health wanted);

}  // namespace enos::e2e

#endif  // ENOS_TESTS_E2E_SUPPORT_CALLS_H_
