#include "server/contract/call_error.h"

namespace enos::gateway {

std::string_view ExecutionName(Execution execution) {
  switch (execution) {
    case Execution::kNotExecuted:
      return "NOT_EXECUTED";
    case Execution::kUnknown:
      return "UNKNOWN";
    case Execution::kNone:
      break;
  }
  return "";
}

}  // namespace enos::gateway
