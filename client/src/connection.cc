#include "connection.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <future>
#include <string>

#include "absl/strings/match.h"

namespace enos::flow {
namespace {

constexpr std::chrono::seconds kLongestProbe{1};

// Why connecting failed. A channel's state does not say; a failed call does: so a health check,
// which has no side effects wherever it arrives, is sent in place of the real call. Empty if
// unknown.
std::string FailureDetail(const std::shared_ptr<grpc::Channel>& channel,
                          std::chrono::system_clock::time_point deadline) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::min(deadline, std::chrono::system_clock::now() + kLongestProbe));
  const grpc::Slice empty;
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> finished;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&finished](grpc::Status status) { finished.set_value(std::move(status)); });
  const grpc::Status status = finished.get_future().get();
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ? status.error_message() : "";
}

// What the library's words mean where the two sides disagree about TLS; else those words.
std::string Explained(const std::string& detail) {
  if (absl::StrContains(detail, "wrong version number") ||
      absl::StrContains(detail, "WRONG_VERSION_NUMBER")) {
    return "it does not speak TLS at this address: call it in plaintext (enos-flow: --plaintext), "
           "or at the address of its TLS port";
  }
  if (absl::StrContains(detail, "Socket closed")) {
    return "it closed the connection at once, as a TLS port does if it is called in plaintext "
           "(enos-flow: use --tls) or without a certificate that it asks for (--cert_file)";
  }
  return detail;
}

FlowError Unreachable(grpc::StatusCode code, std::string message) {
  FlowError error;
  error.code = code;
  error.message = std::move(message);
  error.reason_kind = Reason::GATEWAY_UNREACHABLE;
  error.reason = ErrorReason_Name(error.reason_kind);
  error.execution = Execution::kNotExecuted;
  return error;
}

}  // namespace

std::optional<FlowError> Connect(const std::shared_ptr<grpc::Channel>& channel,
                                 std::chrono::system_clock::time_point deadline) {
  for (;;) {
    const grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) return std::nullopt;
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN) {
      const std::string detail = Explained(FailureDetail(channel, deadline));
      return Unreachable(grpc::StatusCode::UNAVAILABLE,
                         "no connection to the gateway" + (detail.empty() ? "" : ": " + detail));
    }
    if (!channel->WaitForStateChange(state, deadline)) {
      return Unreachable(grpc::StatusCode::DEADLINE_EXCEEDED,
                         "no connection to the gateway within the time-out");
    }
  }
}

}  // namespace enos::flow
