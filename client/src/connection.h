#ifndef ENOS_FLOW_SRC_CONNECTION_H_
#define ENOS_FLOW_SRC_CONNECTION_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <optional>

#include "enos/flow/error.h"

namespace enos::flow {

// Waits until `channel` is connected. Nothing if it is; else an error that is certainly
// kNotExecuted, since no call was made: at the first failed attempt to connect UNAVAILABLE, at the
// deadline DEADLINE_EXCEEDED.
std::optional<FlowError> Connect(const std::shared_ptr<grpc::Channel>& channel,
                                 std::chrono::system_clock::time_point deadline);

}  // namespace enos::flow

#endif  // ENOS_FLOW_SRC_CONNECTION_H_
