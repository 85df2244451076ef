#ifndef ENOS_SERVER_BASE_RPC_METHOD_H_
#define ENOS_SERVER_BASE_RPC_METHOD_H_

#include <array>
#include <cstddef>
#include <string_view>

namespace enos::gateway {

// The methods of FlowService.
enum class RpcMethod {
  kUpdateAndTriggerFlow,
  kGetFlowInstance,
  kWatchFlowInstance,
  kCancelFlowInstance,
};

// Their names in the proto, in the order of the enum.
inline constexpr std::array<std::string_view, 4> kRpcMethodNames = {
    "UpdateAndTriggerFlow", "GetFlowInstance", "WatchFlowInstance", "CancelFlowInstance"};
inline constexpr size_t kRpcMethods = kRpcMethodNames.size();

constexpr std::string_view RpcMethodName(RpcMethod method) {
  return kRpcMethodNames[static_cast<size_t>(method)];
}

// Whether the method starts a flow, so that a second send would be a second run.
constexpr bool StartsFlow(RpcMethod method) { return method == RpcMethod::kUpdateAndTriggerFlow; }

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_RPC_METHOD_H_
