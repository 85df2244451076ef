#ifndef ENOS_SERVER_RPC_WATCH_FLOW_INSTANCE_H_
#define ENOS_SERVER_RPC_WATCH_FLOW_INSTANCE_H_

#include "server/rpc/inbound_call.h"
#include "server/rpc/rpc_queue.h"

namespace enos::gateway {

// The method WatchFlowInstance: requests one RPC from `queue`; each that arrives requests the next.
// A watch holds one message at most: a caller that reads slowly gets the newest state next.
void OfferWatchFlowInstance(RpcEnvironment& environment, RpcQueue& queue);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_WATCH_FLOW_INSTANCE_H_
