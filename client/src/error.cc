#include "enos/flow/error.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace enos::flow {
namespace {

constexpr char kDomain[] = "enos-flow-gateway";
// The longest google.protobuf.Duration; keeps hostile values from overflowing milliseconds.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;

std::string Lookup(const google::rpc::ErrorInfo& info, const char* key) {
  const auto it = info.metadata().find(key);
  return it == info.metadata().end() ? std::string() : it->second;
}

KeyState ReadKeyState(const std::string& name) {
  for (const KeyState state :
       {KeyState::kNone, KeyState::kReserved, KeyState::kDoubt, KeyState::kReused}) {
    if (name == KeyStateName(state)) return state;
  }
  return KeyState::kNotTold;
}

void ReadErrorInfo(const google::rpc::ErrorInfo& info, FlowError& error) {
  error.reason = info.reason();
  dataflow::v1::ErrorReason_Parse(error.reason, &error.reason_kind);
  if (Lookup(info, "execution") == "NOT_EXECUTED") error.execution = Execution::kNotExecuted;
  int64_t enos_code = 0;
  if (absl::SimpleAtoi(Lookup(info, "enos_code"), &enos_code)) error.enos_code = enos_code;
  error.enos_message = Lookup(info, "enos_message");
  int http_status = 0;
  if (absl::SimpleAtoi(Lookup(info, "http_status"), &http_status) && http_status >= 100 &&
      http_status <= 599) {
    error.http_status = http_status;
  }
  error.enos_request_id = Lookup(info, "enos_request_id");
  error.likely_flow_instance_id = Lookup(info, "likely_flow_instance_id");
  error.key_state = ReadKeyState(Lookup(info, "key_state"));
}

std::chrono::milliseconds ReadDuration(const google::protobuf::Duration& duration) {
  const int64_t seconds = std::clamp<int64_t>(duration.seconds(), 0, kMaxDurationSeconds);
  const int64_t nanos = std::clamp<int64_t>(duration.nanos(), 0, 999'999'999);
  // Rounded up: a caller that waits as long as this has waited long enough.
  return std::chrono::milliseconds(seconds * 1000 + (nanos + 999'999) / 1'000'000);
}

}  // namespace

const char* ExecutionName(Execution execution) {
  switch (execution) {
    case Execution::kNotExecuted:
      return "NOT_EXECUTED";
    case Execution::kStartsNothing:
      return "";
    case Execution::kUnknown:
      break;
  }
  return "UNKNOWN";
}

const char* KeyStateName(KeyState state) {
  switch (state) {
    case KeyState::kNone:
      return "NONE";
    case KeyState::kReserved:
      return "RESERVED";
    case KeyState::kDoubt:
      return "DOUBT";
    case KeyState::kReused:
      return "REUSED";
    case KeyState::kNotTold:
      break;
  }
  return "";
}

std::string StatusCodeName(grpc::StatusCode code) {
  // Empty for a number that is not a code.
  const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? "CODE_" + std::to_string(code) : name;
}

FlowError FlowErrorFromStatus(const grpc::Status& status) {
  FlowError error;
  error.code = status.error_code();
  error.message = status.error_message();
  google::rpc::Status rich;
  if (status.error_details().empty() || !rich.ParseFromString(status.error_details())) {
    return error;
  }
  bool have_info = false;
  for (const google::protobuf::Any& any : rich.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    google::rpc::BadRequest bad_request;
    if (any.UnpackTo(&info)) {
      // The first one of our domain is used; a proxy may have added its own.
      if (have_info || info.domain() != kDomain) continue;
      have_info = true;
      ReadErrorInfo(info, error);
    } else if (any.UnpackTo(&retry)) {
      if (retry.has_retry_delay()) error.retry_after = ReadDuration(retry.retry_delay());
    } else if (any.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        error.violations.push_back({violation.field(), violation.description()});
      }
    }
  }
  return error;
}

FlowError InstanceErrorFromStatus(const grpc::Status& status) {
  FlowError error = FlowErrorFromStatus(status);
  error.execution = Execution::kStartsNothing;
  error.likely_flow_instance_id.clear();
  return error;
}

}  // namespace enos::flow
