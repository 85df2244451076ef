#ifndef ENOS_SERVER_RPC_ACCESS_LOG_H_
#define ENOS_SERVER_RPC_ACCESS_LOG_H_

#include "server/contract/call_outcome.h"
#include "server/upstream/call_record.h"

namespace enos::gateway {

// Writes the one log line that every call gets: "flow started", "call failed" or "call cancelled".
// At info, but at warning if the flow may have been started without its caller knowing. Fields that
// do not apply are left out. Thread-safe.
void LogCall(const CallOutcome& outcome, const CallRecord& record);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_ACCESS_LOG_H_
