#ifndef ENOS_SERVER_RPC_TRACE_CONTEXT_H_
#define ENOS_SERVER_RPC_TRACE_CONTEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/id_source.h"

namespace enos::gateway {

// What an intermediary must at least carry of tracestate, and the maximum number of members.
inline constexpr size_t kMaxTraceStateBytes = 512;
inline constexpr size_t kMaxTraceStateMembers = 32;

// The caller's trace, as it is passed on to EnOS (W3C Trace Context, level 1).
struct TraceContext {
  std::string trace_id;   // 32 lower-case hexadecimal digits
  std::string parent_id;  // the caller's span: 16 of them
  std::string span_id;    // a new span, for this call
  bool is_sampled = false;
  std::string tracestate;  // as received; empty: none

  std::string traceparent() const;  // version 00: the trace, the new span, the sampled flag
};

// Continues a trace from the values of `traceparent` and `tracestate` (caller_metadata.h). nullopt
// if there is no valid traceparent: no trace is started then, because the request id already
// identifies the call in the logs, and what EnOS receives is unchanged. A tracestate that is
// invalid, or over 512 bytes, is left out, as the standard allows.
std::optional<TraceContext> ContinueTrace(std::string_view traceparent, std::string_view tracestate,
                                          IdSource& ids);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_TRACE_CONTEXT_H_
