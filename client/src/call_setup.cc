#include "call_setup.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "enos/flow/client.h"
#include "token_file.h"

namespace enos::flow {
namespace {

// Far beyond any call.
constexpr std::chrono::hours kLongestTimeout{24 * 365};

constexpr char kRequestIdKey[] = "x-request-id";

}  // namespace

std::chrono::system_clock::time_point DeadlineIn(std::chrono::milliseconds timeout) {
  const std::chrono::milliseconds longest = kLongestTimeout;
  return std::chrono::system_clock::now() +
         std::clamp(timeout, std::chrono::milliseconds(0), longest);
}

FlowError NoTimeLeft() {
  FlowError error;
  error.code = grpc::StatusCode::DEADLINE_EXCEEDED;
  error.message = "no time was left for the call; nothing was sent";
  error.execution = Execution::kNotExecuted;
  return error;
}

FlowError KeysNoLongerKept(const std::string& request_id) {
  FlowError error;
  error.request_id = request_id;
  error.code = grpc::StatusCode::FAILED_PRECONDITION;
  error.message = "the gateway no longer says that it keeps idempotency keys; not called again.";
  error.execution = Execution::kNotExecuted;
  return error;
}

FlowError TokenFileUnusable(const absl::Status& token_file) {
  FlowError error;
  error.code = grpc::StatusCode::UNAUTHENTICATED;
  error.message = std::string(token_file.message());
  error.reason = kTokenFileUnusable;
  error.execution = Execution::kNotExecuted;
  return error;
}

std::optional<FlowError> AddToken(const std::string& token_file, grpc::ClientContext& context) {
  if (token_file.empty()) return std::nullopt;
  const auto token = ReadTokenFile(token_file);
  if (!token.ok()) return TokenFileUnusable(token.status());
  context.AddMetadata("authorization", absl::StrCat("Bearer ", *token));
  return std::nullopt;
}

std::optional<FlowError> AddRequestId(const std::string& request_id, grpc::ClientContext& context) {
  if (request_id.empty()) return std::nullopt;
  if (!IsRequestId(request_id)) {
    FlowError error;
    error.code = grpc::StatusCode::INVALID_ARGUMENT;
    error.message =
        "request_id: expected 1 to 128 printable ASCII characters, no spaces at its ends; nothing "
        "was sent";
    error.execution = Execution::kNotExecuted;
    return error;
  }
  context.AddMetadata(kRequestIdKey, request_id);
  return std::nullopt;
}

std::string RequestIdOf(const grpc::ClientContext& context, const std::string& sent) {
  const std::string told = TrailingText(context, kRequestIdKey);
  return told.empty() ? sent : told;
}

std::string TrailingText(const grpc::ClientContext& context, const char* key) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(key);
  if (found == metadata.end()) return "";
  return std::string(found->second.data(), found->second.size());
}

}  // namespace enos::flow
