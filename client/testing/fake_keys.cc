#include "fake_keys.h"

#include <utility>

#include "rich_status.h"

namespace enos::flow::testing {
namespace {

grpc::Status KeyError(grpc::StatusCode code, const char* reason, const char* execution,
                      const char* key_state) {
  RichStatus status;
  status.code = code;
  status.message = "the key";
  status.reason = reason;
  status.metadata = {{"execution", execution}, {"key_state", key_state}};
  if (status.metadata["execution"] == "UNKNOWN") {
    status.metadata["likely_flow_instance_id"] = "500-20260701080000";
  }
  return status.ToGrpc();
}

}  // namespace

void FakeKeys::Keep(bool keep) {
  const std::lock_guard<std::mutex> lock(mutex_);
  keep_ = keep;
}

void FakeKeys::LoseAnswers(int flow_id, int count, bool with_headers) {
  const std::lock_guard<std::mutex> lock(mutex_);
  losses_[flow_id] = {count, with_headers};
}

FakeFlowService::Handler FakeKeys::Around(FakeFlowService::Handler execute) {
  return [this, execute = std::move(execute)](auto& context, const auto& request, auto& response) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Loss& loss = losses_[request.flow_id()];
    const bool lost = loss.count > 0;
    if (lost) --loss.count;
    const bool headers = !lost || loss.with_headers;
    if (headers && keep_ && !request.idempotency_key().empty()) {
      context.AddInitialMetadata("enos-idempotency", "1");
    }
    grpc::Status status = Answer(context, request, response, execute);
    return lost ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed") : status;
  };
}

int FakeKeys::ExecutionsOf(int flow_id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = executions_.find(flow_id);
  return found == executions_.end() ? 0 : found->second;
}

grpc::Status FakeKeys::Answer(grpc::ServerContext& context, const Request& request,
                              Response& response, const FakeFlowService::Handler& execute) {
  if (!keep_ || request.idempotency_key().empty()) {
    return Execute(context, request, response, execute);
  }
  const auto found = records_.find(request.idempotency_key());
  if (found != records_.end()) return Repeat(request, found->second, response);
  const grpc::Status status = Execute(context, request, response, execute);
  // The tests' own errors say which they are by their code.
  if (status.ok() || status.error_code() == grpc::StatusCode::UNKNOWN) {
    records_[request.idempotency_key()] = {request.SerializeAsString(), response.flow_instance_id(),
                                           status};
  }
  return status;
}

grpc::Status FakeKeys::Execute(grpc::ServerContext& context, const Request& request,
                               Response& response, const FakeFlowService::Handler& execute) {
  ++executions_[request.flow_id()];
  return execute(context, request, response);
}

grpc::Status FakeKeys::Repeat(const Request& request, const Record& record, Response& response) {
  if (request.SerializeAsString() != record.request) {
    return KeyError(grpc::StatusCode::INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED", "NOT_EXECUTED",
                    "REUSED");
  }
  if (!record.doubt.ok()) {
    return KeyError(grpc::StatusCode::UNKNOWN, "ENOS_CONNECTION_LOST", "UNKNOWN", "DOUBT");
  }
  response.set_flow_instance_id(record.flow_instance_id);
  response.set_replayed(true);
  return grpc::Status::OK;
}

}  // namespace enos::flow::testing
