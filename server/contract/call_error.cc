#include "server/contract/call_error.h"

namespace enos::gateway {

std::string_view ExecutionName(Execution execution) {
  return execution == Execution::kNotExecuted ? "NOT_EXECUTED" : "UNKNOWN";
}

}  // namespace enos::gateway
