#include "rich_status.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace enos::flow::testing {

grpc::Status RichStatus::ToGrpc() const {
  google::rpc::Status rich;
  rich.set_code(code);
  rich.set_message(message);
  if (!domain.empty()) {
    google::rpc::ErrorInfo info;
    info.set_domain(domain);
    info.set_reason(reason);
    for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
    rich.add_details()->PackFrom(info);
  }
  if (!violations.empty()) {
    google::rpc::BadRequest bad_request;
    for (const auto& [field, description] : violations) {
      auto* const violation = bad_request.add_field_violations();
      violation->set_field(field);
      violation->set_description(description);
    }
    rich.add_details()->PackFrom(bad_request);
  }
  if (retry_after) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_after->count() / 1'000'000'000);
    retry.mutable_retry_delay()->set_nanos(
        static_cast<int32_t>(retry_after->count() % 1'000'000'000));
    rich.add_details()->PackFrom(retry);
  }
  return grpc::Status(code, message, rich.SerializeAsString());
}

grpc::Status NotExecuted(grpc::StatusCode code, const std::string& reason,
                         std::optional<std::chrono::nanoseconds> retry_after) {
  RichStatus status;
  status.code = code;
  status.message = "not now";
  status.reason = reason;
  status.metadata = {{"execution", "NOT_EXECUTED"}};
  status.retry_after = retry_after;
  return status.ToGrpc();
}

grpc::Status AboutRun(grpc::StatusCode code, const std::string& reason,
                      std::optional<std::chrono::nanoseconds> retry_after) {
  RichStatus status;
  status.code = code;
  status.message = "no";
  status.reason = reason;
  status.retry_after = retry_after;
  return status.ToGrpc();
}

}  // namespace enos::flow::testing
