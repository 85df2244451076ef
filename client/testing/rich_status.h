#ifndef ENOS_FLOW_TESTING_RICH_STATUS_H_
#define ENOS_FLOW_TESTING_RICH_STATUS_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace enos::flow::testing {

// What a gateway's error is made of.
struct RichStatus {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;
  std::string domain = "enos-flow-gateway";  // empty: no ErrorInfo
  std::string reason;
  std::map<std::string, std::string> metadata;
  std::vector<std::pair<std::string, std::string>> violations;  // field, description
  std::optional<std::chrono::nanoseconds> retry_after;

  // As it comes over the wire.
  grpc::Status ToGrpc() const;
};

// An error that is certainly not executed, with that wait if any.
grpc::Status NotExecuted(grpc::StatusCode code, const std::string& reason,
                         std::optional<std::chrono::nanoseconds> retry_after = std::nullopt);

// An error of a call about a run: without an execution.
grpc::Status AboutRun(grpc::StatusCode code, const std::string& reason,
                      std::optional<std::chrono::nanoseconds> retry_after = std::nullopt);

}  // namespace enos::flow::testing

#endif  // ENOS_FLOW_TESTING_RICH_STATUS_H_
