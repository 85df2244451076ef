#ifndef ENOS_TESTS_WIRE_SUPPORT_RUN_RPC_H_
#define ENOS_TESTS_WIRE_SUPPORT_RUN_RPC_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "enos/flow/error.h"
#include "tests/support/wait.h"

namespace enos::gateway::testing {

inline constexpr char kRun[] = "3377-20300101000000";

// The calls about a run, as a caller's own gRPC library makes them.

// A request about that run of user u-1 and organization o-1.
template <typename Request>
Request About(const std::string& run) {
  Request request;
  request.set_user_id("u-1");
  request.set_org_id("o-1");
  request.set_flow_instance_id(run);
  return request;
}

struct RunCallOptions {
  std::string run = kRun;
  std::chrono::milliseconds timeout = kGuard;
  bool wait_for_ready = true;  // wait for a connection, rather than fail without one
  std::multimap<std::string, std::string> metadata{};
};

struct RunOutcome {
  std::string told;       // "NOT_FOUND ENOS_NOT_FOUND"; "OK" for success
  flow::FlowError error;  // where it is not OK
  std::map<std::string, std::string> error_metadata;  // of the ErrorInfo
  std::map<std::string, std::string> trailing;        // metadata
};

// After the call.
RunOutcome OutcomeOf(const grpc::Status& status, const grpc::ClientContext& context);

RunOutcome GetRun(const std::shared_ptr<grpc::Channel>& channel,
                  const dataflow::v1::GetFlowInstanceRequest& request,
                  dataflow::v1::FlowInstance* instance = nullptr,
                  const RunCallOptions& options = {});
RunOutcome CancelRun(const std::shared_ptr<grpc::Channel>& channel,
                     const dataflow::v1::CancelFlowInstanceRequest& request,
                     const RunCallOptions& options = {});

class RunWatch {
 public:
  explicit RunWatch(std::shared_ptr<grpc::Channel> channel, const RunCallOptions& options = {});
  ~RunWatch();  // cancels it, if it was not seen to end

  void Cancel() { context_.TryCancel(); }
  // The next state, for example "RUNNING", or "FAILED ended"; "" after the last.
  std::string Next();
  // Reads what is left, and waits for the end.
  RunOutcome End();

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<dataflow::v1::FlowService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<dataflow::v1::WatchFlowInstanceResponse>> reader_;
  bool has_ended_ = false;
};

}  // namespace enos::gateway::testing

#endif  // ENOS_TESTS_WIRE_SUPPORT_RUN_RPC_H_
