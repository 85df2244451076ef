#include "flow_failure.h"

#include <algorithm>
#include <ostream>
#include <random>

#include "google/rpc/code.pb.h"
#include "google/rpc/status.pb.h"

namespace {

constexpr char kDomain[] = "enos-flow-gateway";

using std::chrono::milliseconds;

milliseconds RandomUpTo(milliseconds limit) {
  static std::mt19937 generator(std::random_device{}());
  return milliseconds(
      std::uniform_int_distribution<milliseconds::rep>(0, limit.count())(generator));
}

}  // namespace

FlowFailure::FlowFailure(const grpc::Status& status) : status_(status) {
  google::rpc::Status rich;
  if (!rich.ParseFromString(status.error_details())) return;
  for (const google::protobuf::Any& detail : rich.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info)) {
      Take(info);
    } else if (detail.UnpackTo(&bad_request)) {
      violations_.assign(bad_request.field_violations().begin(),
                         bad_request.field_violations().end());
    } else if (detail.UnpackTo(&retry)) {
      retry_after_ = milliseconds(retry.retry_delay().seconds() * 1000 +
                                  retry.retry_delay().nanos() / 1'000'000);
    }
  }
}

void FlowFailure::Take(const google::rpc::ErrorInfo& info) {
  if (info.domain() != kDomain) return;
  reason_ = info.reason();
  metadata_ = {info.metadata().begin(), info.metadata().end()};
  certainly_not_started_ = metadata_["execution"] == "NOT_EXECUTED";
}

std::optional<milliseconds> FlowFailure::WaitBeforeRepeat(int attempt,
                                                          milliseconds time_left) const {
  const bool may_pass = status_.error_code() == grpc::StatusCode::UNAVAILABLE ||
                        status_.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
  if (!certainly_not_started_ || !may_pass) return std::nullopt;
  // Without RetryInfo: back off, with full jitter.
  const milliseconds limit(attempt > 5 ? 5000 : 200 << (attempt - 1));
  const milliseconds wait = retry_after_ ? *retry_after_ : RandomUpTo(limit);
  if (wait >= time_left) return std::nullopt;
  return wait;
}

std::ostream& operator<<(std::ostream& out, const FlowFailure& failure) {
  out << google::rpc::Code_Name(static_cast<google::rpc::Code>(failure.status_.error_code()))
      << " (" << failure.reason_ << "), execution "
      << (failure.certainly_not_started_ ? "NOT_EXECUTED" : "UNKNOWN") << ": "
      << failure.status_.error_message();
  for (const auto& violation : failure.violations_) {
    out << "\n  field " << violation.field() << ": " << violation.description();
  }
  const auto enos_code = failure.metadata_.find("enos_code");
  if (enos_code != failure.metadata_.end()) {
    const auto enos_message = failure.metadata_.find("enos_message");
    out << "\n  EnOS code " << enos_code->second << ": "
        << (enos_message == failure.metadata_.end() ? "" : enos_message->second);
  }
  return out;
}
