#ifndef ENOS_FLOW_SRC_CONNECTION_H_
#define ENOS_FLOW_SRC_CONNECTION_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <optional>

#include "enos/flow/error.h"

namespace enos::flow {

// Waits until `channel` is connected. Returns nullopt if it is, otherwise an error that is
// certainly kNotExecuted, because no call was made: UNAVAILABLE at the first failed attempt to
// connect, DEADLINE_EXCEEDED at the deadline.
std::optional<FlowError> Connect(const std::shared_ptr<grpc::Channel>& channel,
                                 std::chrono::system_clock::time_point deadline);

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_CONNECTION_H_
