#include "server/contract/rich_status.h"

#include <algorithm>
#include <string>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/utf8.h"
#include "server/contract/upstream_text.h"

namespace enos::gateway {
namespace {

constexpr char kDomain[] = "enos-flow-gateway";

// Message and details together stay below this. The message goes over the wire twice (grpc-message,
// percent-encoded, and again inside the details), the details in base64; with these limits all of
// it stays below the 8 KB of metadata at which clients replace the whole error.
constexpr size_t kMaxTotalBytes = 4095;
constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxEnosMessageBytes = 256;
constexpr size_t kMaxFieldBytes = 128;
constexpr size_t kMaxDescriptionBytes = 256;
constexpr size_t kMaxViolations = 20;

std::string Shown(std::string_view text, const SecretMask& secrets, size_t max_bytes) {
  return ToValidUtf8(secrets.MaskedStart(text, kMostRead), max_bytes);
}

// Of what may have been started.
std::string_view WhatToDo(const CallError& error) {
  if (!error.has_key) return "look for its run before you call again";
  if (error.key_held == KeyHeld::kDoubt)
    return "look for its run; no repeat with this key can tell";
  return "call again with the same key";
}

std::string MessageOf(const CallError& error) {
  switch (error.execution) {
    case Execution::kNotExecuted:
      // Of this call alone: an earlier one with its key may have.
      return error.message + (error.has_key && error.key_held != KeyHeld::kNone
                                  ? " This call did not start the flow."
                                  : " The flow was not started.");
    case Execution::kUnknown:
      break;
    case Execution::kNone:
      return error.message;
  }
  std::string message = error.message + " The flow may have been started: ";
  message += WhatToDo(error);
  if (error.likely_flow_instance_id.empty()) return message + ".";
  return message + "; its id would be " + error.likely_flow_instance_id +
         ", a guess from flow and trigger time.";
}

google::rpc::ErrorInfo MakeErrorInfo(const CallError& error, const SecretMask& secrets) {
  google::rpc::ErrorInfo info;
  info.set_domain(kDomain);
  info.set_reason(ErrorReason_Name(error.reason));
  auto& metadata = *info.mutable_metadata();
  if (error.execution != Execution::kNone)
    metadata["execution"] = std::string(ExecutionName(error.execution));
  if (error.key_held != KeyHeld::kNotLookedUp)
    metadata["key_state"] = std::string(KeyHeldName(error.key_held));
  if (!error.likely_flow_instance_id.empty())
    metadata["likely_flow_instance_id"] = error.likely_flow_instance_id;
  if (error.enos_code.has_value()) metadata["enos_code"] = std::to_string(*error.enos_code);
  if (!error.enos_message.empty()) {
    metadata["enos_message"] = Shown(error.enos_message, secrets, kMaxEnosMessageBytes);
  }
  if (error.http_status != 0) metadata["http_status"] = std::to_string(error.http_status);
  if (!error.enos_request_id.empty()) {
    metadata["enos_request_id"] = Shown(error.enos_request_id, secrets, kMaxRequestIdBytes);
  }
  return info;
}

google::rpc::RetryInfo MakeRetryInfo(std::chrono::milliseconds wait) {
  // A google.protobuf.Duration spans 10,000 years; a day is the longest wait that anybody is told.
  const auto bounded = std::clamp(wait, std::chrono::milliseconds(0),
                                  std::chrono::milliseconds(std::chrono::hours(24)));
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(bounded.count() / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(bounded.count() % 1000 * 1'000'000));
  return info;
}

// Packs the detail; takes it out again if the whole would grow over `max_bytes`.
template <typename Detail>
bool AddIfItFits(const Detail& detail, size_t max_bytes, google::rpc::Status& status) {
  status.add_details()->PackFrom(detail);
  if (status.ByteSizeLong() <= max_bytes) return true;
  status.mutable_details()->RemoveLast();
  return false;
}

// As many of the first 20 violations as fit. Sizes are asked of protobuf rather than estimated; 20
// small messages are nothing beside the RPC itself.
void AddViolations(const std::vector<FieldViolation>& violations, const SecretMask& secrets,
                   size_t max_bytes, google::rpc::Status& status) {
  google::rpc::BadRequest bad_request;
  const size_t count = std::min(violations.size(), kMaxViolations);
  for (size_t i = 0; i < count; ++i) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(Shown(violations[i].field, secrets, kMaxFieldBytes));
    violation->set_description(Shown(violations[i].description, secrets, kMaxDescriptionBytes));
  }
  while (!bad_request.field_violations().empty() && !AddIfItFits(bad_request, max_bytes, status)) {
    bad_request.mutable_field_violations()->RemoveLast();
  }
}

}  // namespace

grpc::Status ToGrpcStatus(const CallError& error, std::string_view request_id,
                          const SecretMask& secrets) {
  // An error must never arrive as a success.
  const auto code = error.code == absl::StatusCode::kOk
                        ? grpc::StatusCode::UNKNOWN
                        : static_cast<grpc::StatusCode>(static_cast<int>(error.code));
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(Shown(MessageOf(error), secrets, kMaxMessageBytes));
  const size_t max_bytes = kMaxTotalBytes - status.message().size();

  // In the order of their worth: ErrorInfo and RequestInfo always fit (their texts are cut),
  // RetryInfo is a few bytes, and the violations take what is left. On the wire ErrorInfo comes
  // first as well.
  status.add_details()->PackFrom(MakeErrorInfo(error, secrets));
  if (!request_id.empty()) {
    google::rpc::RequestInfo info;
    info.set_request_id(Shown(request_id, secrets, kMaxRequestIdBytes));
    status.add_details()->PackFrom(info);
  }
  if (error.retry_after.has_value()) {
    AddIfItFits(MakeRetryInfo(*error.retry_after), max_bytes, status);
  }
  AddViolations(error.violations, secrets, max_bytes, status);
  return grpc::Status(code, status.message(), status.SerializeAsString());
}

}  // namespace enos::gateway
