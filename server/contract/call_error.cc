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

std::string_view KeyHeldName(KeyHeld held) {
  switch (held) {
    case KeyHeld::kNone:
      return "NONE";
    case KeyHeld::kReserved:
      return "RESERVED";
    case KeyHeld::kDoubt:
      return "DOUBT";
    case KeyHeld::kReused:
      return "REUSED";
    case KeyHeld::kNotLookedUp:
      break;
  }
  return "";
}

}  // namespace enos::gateway
