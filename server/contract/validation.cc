#include "server/contract/validation.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace enos::gateway {
namespace {

using dataflow::v1::UpdateAndTriggerFlowRequest;

constexpr size_t kMaxIdBytes = 256;
constexpr size_t kMaxKeyBytes = 1024;
constexpr size_t kMaxValueBytes = 65536;
constexpr int kMaxParameters = 10'000;
constexpr size_t kMaxIdempotencyKeyBytes = 128;
constexpr size_t kMaxStampBytes = 240;  // of an instance id, behind its hyphen
// 9999-12-31T23:59:59Z, where google.protobuf.Timestamp ends by its own definition.
constexpr int64_t kMaxSeconds = 253'402'300'799;
constexpr int32_t kMaxNanos = 999'999'999;

// So many violations are named in the message; the details hold more of them.
constexpr size_t kNamedInMessage = 5;

// Strings are not checked for being UTF-8: they are proto3 strings, and protobuf's parser refuses
// the whole message when one is not, before this code runs.

using Violations = std::vector<FieldViolation>;

void CheckLength(const std::string& field, size_t size, size_t max, Violations& out) {
  if (size > max) {
    out.push_back({field, "must be at most " + std::to_string(max) + " bytes long, got " +
                              std::to_string(size)});
  }
}

void CheckId(const char* field, const std::string& id, Violations& out) {
  if (id.empty()) out.push_back({field, "is missing"});
  CheckLength(field, id.size(), kMaxIdBytes, out);
}

void CheckTriggerTime(const UpdateAndTriggerFlowRequest& request, Violations& out) {
  if (!request.has_trigger_time()) {
    out.push_back({"trigger_time", "is missing"});
    return;
  }
  const auto& time = request.trigger_time();
  if (time.seconds() < 0) {
    out.push_back({"trigger_time", "must not be before 1970-01-01T00:00:00Z, got Unix time " +
                                       std::to_string(time.seconds())});
  }
  if (time.seconds() > kMaxSeconds) {
    out.push_back({"trigger_time", "must not be after the year 9999, got Unix time " +
                                       std::to_string(time.seconds())});
  }
  if (time.nanos() < 0 || time.nanos() > kMaxNanos) {
    out.push_back(
        {"trigger_time.nanos", "must be from 0 to 999999999, got " + std::to_string(time.nanos())});
  }
}

// Where there are too many parameters only the first ones are looked at, so that the work (and the
// memory for violations) stays bounded: a message of 1 MiB has room for half a million empty ones.
void CheckParameters(const UpdateAndTriggerFlowRequest& request, Violations& out) {
  const int count = request.parameters_size();
  if (count > kMaxParameters) {
    out.push_back({"parameters", "must be at most " + std::to_string(kMaxParameters) + ", got " +
                                     std::to_string(count)});
  }
  for (int i = 0; i < std::min(count, kMaxParameters); ++i) {
    const auto& parameter = request.parameters(i);
    const size_t key_size = parameter.key().size();
    const size_t value_size = parameter.value().size();
    // Names are put together for bad ones only: this runs for every call.
    if (key_size >= 1 && key_size <= kMaxKeyBytes && value_size <= kMaxValueBytes) continue;
    const std::string path = "parameters[" + std::to_string(i) + "]";
    if (key_size == 0) out.push_back({path + ".key", "is missing"});
    CheckLength(path + ".key", key_size, kMaxKeyBytes, out);
    CheckLength(path + ".value", value_size, kMaxValueBytes, out);
  }
}

void CheckIdempotencyKey(const std::string& key, Violations& out) {
  CheckLength("idempotency_key", key.size(), kMaxIdempotencyKeyBytes, out);
  const auto fits = [](char c) { return c > ' ' && c <= '~'; };
  if (!std::all_of(key.begin(), key.end(), fits)) {
    out.push_back({"idempotency_key", "must be printable ASCII characters without spaces"});
  }
}

std::string Message(const Violations& violations) {
  std::string message = "the request is not valid: ";
  for (size_t i = 0; i < std::min(violations.size(), kNamedInMessage); ++i) {
    if (i > 0) message += "; ";
    message += violations[i].field + " " + violations[i].description;
  }
  if (violations.size() > kNamedInMessage) message += "; and more";
  message += " (" + std::to_string(violations.size());
  return message + (violations.size() == 1 ? " violation)." : " violations).");
}

std::optional<CallError> ErrorOf(Violations violations) {
  if (violations.empty()) return std::nullopt;
  CallError error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.reason = Reason::INVALID_REQUEST;
  error.execution = Execution::kNotExecuted;
  error.message = Message(violations);
  error.violations = std::move(violations);
  return error;
}

template <typename Request>
std::optional<CallError> ValidateInstanceRequest(const Request& request) {
  Violations violations;
  CheckId("user_id", request.user_id(), violations);
  CheckId("org_id", request.org_id(), violations);
  if (request.flow_instance_id().empty()) {
    violations.push_back({"flow_instance_id", "is missing"});
  } else if (FlowOfInstance(request.flow_instance_id()) == 0) {
    violations.push_back(
        {"flow_instance_id",
         "must be a flow id from 1 to 2147483647, a hyphen, and 1 to 240 printable "
         "ASCII characters without spaces"});
  }
  return ErrorOf(std::move(violations));
}

}  // namespace

std::optional<CallError> ValidateRequest(const UpdateAndTriggerFlowRequest& request) {
  Violations violations;
  CheckId("user_id", request.user_id(), violations);
  CheckId("org_id", request.org_id(), violations);
  if (request.flow_id() <= 0) {
    violations.push_back(
        {"flow_id", "must be greater than 0, got " + std::to_string(request.flow_id())});
  }
  CheckTriggerTime(request, violations);
  CheckParameters(request, violations);
  CheckIdempotencyKey(request.idempotency_key(), violations);
  return ErrorOf(std::move(violations));
}

std::optional<CallError> ValidateRequest(const dataflow::v1::GetFlowInstanceRequest& request) {
  return ValidateInstanceRequest(request);
}

std::optional<CallError> ValidateRequest(const dataflow::v1::WatchFlowInstanceRequest& request) {
  return ValidateInstanceRequest(request);
}

std::optional<CallError> ValidateRequest(const dataflow::v1::CancelFlowInstanceRequest& request) {
  return ValidateInstanceRequest(request);
}

int32_t FlowOfInstance(std::string_view flow_instance_id) {
  const size_t hyphen = std::min(flow_instance_id.find('-'), flow_instance_id.size());
  const std::string_view rest = flow_instance_id.substr(hyphen);
  if (hyphen == 0 || flow_instance_id.front() == '0') return 0;
  if (rest.size() < 2 || rest.size() > 1 + kMaxStampBytes) return 0;
  if (!std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c <= '~'; })) return 0;
  int32_t flow_id = 0;
  const char* const end = flow_instance_id.data() + hyphen;
  const auto [stop, error] = std::from_chars(flow_instance_id.data(), end, flow_id);
  return error == std::errc() && stop == end && flow_id > 0 ? flow_id : 0;
}

}  // namespace enos::gateway
