#ifndef ENOS_SERVER_RPC_CALL_SPAN_H_
#define ENOS_SERVER_RPC_CALL_SPAN_H_

#include <memory>

#include "server/contract/call_outcome.h"
#include "server/rpc/trace_context.h"
#include "server/upstream/call_record.h"

namespace enos::gateway {

// The span of an RPC, by OpenTelemetry's conventions for RPC servers. Null: not sampled. `caller`:
// null where the caller names no trace.
std::unique_ptr<Span> StartCallSpan(Tracer& tracer, RpcMethod method, const TraceContext* caller);

// Ends it with what the call came to. Does nothing with null.
void EndCallSpan(Span* span, const CallOutcome& outcome, const CallRecord& record);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_CALL_SPAN_H_
