#ifndef ENOS_SERVER_RPC_TRACE_CONTEXT_H_
#define ENOS_SERVER_RPC_TRACE_CONTEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/id_source.h"

namespace enos::gateway {

// What an intermediary has to carry of tracestate at least, and the most members there may be.
inline constexpr size_t kMaxTraceStateBytes = 512;
inline constexpr size_t kMaxTraceStateMembers = 32;

// The caller's trace, as it goes on to EnOS (W3C Trace Context, level 1).
struct TraceContext {
  std::string trace_id;     // 32 lower-case hexadecimal digits
  std::string traceparent;  // version 00: the trace, a new span for this call, the sampled flag
  std::string tracestate;   // as it came; empty: none
};

// Continues a trace from the values of `traceparent` and `tracestate` (caller_metadata.h). nullopt
// where there is no valid traceparent: no trace is made up then, for the request id names the call
// in the logs already, and what EnOS receives stays as it was. A tracestate that is not valid, or
// over 512 bytes, is left out, as the standard allows.
std::optional<TraceContext> ContinueTrace(std::string_view traceparent, std::string_view tracestate,
                                          IdSource& ids);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_TRACE_CONTEXT_H_
