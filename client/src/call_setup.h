#ifndef ENOS_FLOW_SRC_CALL_SETUP_H_
#define ENOS_FLOW_SRC_CALL_SETUP_H_

#include <grpcpp/client_context.h>

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "enos/flow/error.h"

namespace enos::flow {

// What every call begins with. The errors are of calls of which nothing was sent.

// Huge time-outs are cut to what is safe to add to the clock, negative ones to nothing.
std::chrono::system_clock::time_point DeadlineIn(std::chrono::milliseconds timeout);

FlowError NoTimeLeft();

// Of a repeat that is not made.
FlowError KeysNoLongerKept(const std::string& request_id);

FlowError TokenFileUnusable(const absl::Status& token_file);

// Who calls, for the gateway. Reads the file each time, because its content is replaced: Kubernetes
// does so long before a token expires. Empty: no token.
std::optional<FlowError> AddToken(const std::string& token_file, grpc::ClientContext& context);

// For the gateway's log. Checked, because gRPC ends the process over metadata that HTTP/2 cannot
// carry. Empty: none.
std::optional<FlowError> AddRequestId(const std::string& request_id, grpc::ClientContext& context);

// The id in the trailing metadata of an answer, else the one that was sent.
std::string RequestIdOf(const grpc::ClientContext& context, const std::string& sent);

// The text in the trailing metadata; empty: none.
std::string TrailingText(const grpc::ClientContext& context, const char* key);

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_CALL_SETUP_H_
