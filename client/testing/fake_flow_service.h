#ifndef ENOS_FLOW_TESTING_FAKE_FLOW_SERVICE_H_
#define ENOS_FLOW_TESTING_FAKE_FLOW_SERVICE_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"

namespace enos::flow::testing {

// A gateway for tests: a real gRPC server on 127.0.0.1, a free port, that answers as it is told
// and keeps what it received. Thread safe.
class FakeFlowService final : public enos::dataflow::v1::FlowService::Service {
 public:
  using Request = enos::dataflow::v1::UpdateAndTriggerFlowRequest;
  using Response = enos::dataflow::v1::UpdateAndTriggerFlowResponse;
  using Handler =
      std::function<grpc::Status(grpc::ServerContext& context, const Request&, Response&)>;
  using Instance = enos::dataflow::v1::FlowInstance;
  using GetHandler = std::function<grpc::Status(
      grpc::ServerContext& context, const enos::dataflow::v1::GetFlowInstanceRequest&, Instance&)>;
  using Send = std::function<void(const Instance&)>;
  using WatchHandler = std::function<grpc::Status(
      grpc::ServerContext& context, const enos::dataflow::v1::WatchFlowInstanceRequest&,
      const Send& send)>;
  using CancelHandler = std::function<grpc::Status(
      grpc::ServerContext& context, const enos::dataflow::v1::CancelFlowInstanceRequest&)>;

  // Starts it. `handler` runs on the server's threads, several at a time.
  explicit FakeFlowService(Handler handler, std::shared_ptr<grpc::ServerCredentials> credentials =
                                                grpc::InsecureServerCredentials());
  ~FakeFlowService() override;

  // "127.0.0.1:<port>"
  std::string address() const;

  // What was received, in the order of arrival.
  std::vector<Request> requests() const;

  // How to answer about runs; before the first call of that kind. Otherwise UNIMPLEMENTED.
  void OnGet(GetHandler handler) { get_ = std::move(handler); }
  void OnWatch(WatchHandler handler) { watch_ = std::move(handler); }
  void OnCancel(CancelHandler handler) { cancel_ = std::move(handler); }

  grpc::Status UpdateAndTriggerFlow(grpc::ServerContext* context, const Request* request,
                                    Response* response) override;
  grpc::Status GetFlowInstance(grpc::ServerContext* context,
                               const enos::dataflow::v1::GetFlowInstanceRequest* request,
                               enos::dataflow::v1::GetFlowInstanceResponse* response) override;
  grpc::Status WatchFlowInstance(
      grpc::ServerContext* context, const enos::dataflow::v1::WatchFlowInstanceRequest* request,
      grpc::ServerWriter<enos::dataflow::v1::WatchFlowInstanceResponse>* writer) override;
  grpc::Status CancelFlowInstance(
      grpc::ServerContext* context, const enos::dataflow::v1::CancelFlowInstanceRequest* request,
      enos::dataflow::v1::CancelFlowInstanceResponse* response) override;

 private:
  const Handler handler_;
  GetHandler get_;
  WatchHandler watch_;
  CancelHandler cancel_;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// A run in that state, with these tasks (name and state each).
FakeFlowService::Instance MakeInstance(
    const std::string& id, enos::dataflow::v1::FlowInstanceState state, bool ended,
    const std::vector<std::pair<std::string, enos::dataflow::v1::FlowInstanceState>>& tasks = {});

// A handler that answers every call with this instance id.
FakeFlowService::Handler AnswerId(std::string flow_instance_id);

// A handler that gives the statuses in turn; after the last, AnswerId("done").
FakeFlowService::Handler AnswerInTurn(std::vector<grpc::Status> statuses);

}  // namespace enos::flow::testing

#endif  // ENOS_FLOW_TESTING_FAKE_FLOW_SERVICE_H_
