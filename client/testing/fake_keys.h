#ifndef ENOS_FLOW_TESTING_FAKE_KEYS_H_
#define ENOS_FLOW_TESTING_FAKE_KEYS_H_

#include <map>
#include <mutex>
#include <string>

#include "fake_flow_service.h"

namespace enos::flow::testing {

// Makes a FakeFlowService a gateway that keeps idempotency keys. Outlives it. Thread-safe.
class FakeKeys {
 public:
  using Request = FakeFlowService::Request;
  using Response = FakeFlowService::Response;

  // Whether calls are told that keys are kept; else the gateway is an older one, which ignores
  // them. May be changed between calls.
  void Keep(bool keep);

  // The next answers about that flow are lost on their way, after what they tell about was done:
  // the caller's library makes an error of its own. `with_headers`: the initial metadata arrives.
  void LoseAnswers(int flow_id, int count, bool with_headers = true);

  // A handler that answers as `execute` says, once for each key, and like the real gateway after
  // that.
  FakeFlowService::Handler Around(FakeFlowService::Handler execute);

  // How often `execute` was called for that flow.
  int ExecutionsOf(int flow_id) const;

 private:
  struct Record {
    std::string request;
    std::string flow_instance_id;  // of one that was started
    grpc::Status doubt;            // of one that may have been
  };
  struct Loss {
    int count = 0;
    bool with_headers = true;
  };

  grpc::Status Answer(grpc::ServerContext& context, const Request& request, Response& response,
                      const FakeFlowService::Handler& execute);
  grpc::Status Execute(grpc::ServerContext& context, const Request& request, Response& response,
                       const FakeFlowService::Handler& execute);
  static grpc::Status Repeat(const Request& request, const Record& record, Response& response);

  mutable std::mutex mutex_;
  bool keep_ = true;
  std::map<int, Loss> losses_;
  std::map<std::string, Record> records_;
  std::map<int, int> executions_;
};

}  // namespace enos::flow::testing

#endif  // ENOS_FLOW_TESTING_FAKE_KEYS_H_
