#include "server/contract/call_error.h"

namespace enos::gateway {

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kInvalidRequest:
      return "INVALID_REQUEST";
    case Reason::kCallerUnauthenticated:
      return "CALLER_UNAUTHENTICATED";
    case Reason::kCallerNotAllowed:
      return "CALLER_NOT_ALLOWED";
    case Reason::kEnosInvalidArgument:
      return "ENOS_INVALID_ARGUMENT";
    case Reason::kEnosPermissionDenied:
      return "ENOS_PERMISSION_DENIED";
    case Reason::kFlowHasNoTask:
      return "FLOW_HAS_NO_TASK";
    case Reason::kEnosNotFound:
      return "ENOS_NOT_FOUND";
    case Reason::kEnosUnimplemented:
      return "ENOS_UNIMPLEMENTED";
    case Reason::kEnosAlreadyExists:
      return "ENOS_ALREADY_EXISTS";
    case Reason::kEnosOutOfRange:
      return "ENOS_OUT_OF_RANGE";
    case Reason::kEnosCredentialsRefused:
      return "ENOS_CREDENTIALS_REFUSED";
    case Reason::kEnosRateLimited:
      return "ENOS_RATE_LIMITED";
    case Reason::kEnosUnreachable:
      return "ENOS_UNREACHABLE";
    case Reason::kEnosUnavailable:
      return "ENOS_UNAVAILABLE";
    case Reason::kGatewayOverloaded:
      return "GATEWAY_OVERLOADED";
    case Reason::kGatewayShuttingDown:
      return "GATEWAY_SHUTTING_DOWN";
    case Reason::kEnosInternal:
      return "ENOS_INTERNAL";
    case Reason::kEnosTimeout:
      return "ENOS_TIMEOUT";
    case Reason::kEnosConnectionLost:
      return "ENOS_CONNECTION_LOST";
    case Reason::kEnosError:
      return "ENOS_ERROR";
    case Reason::kEnosMalformedResponse:
      return "ENOS_MALFORMED_RESPONSE";
  }
  return "ENOS_ERROR";  // no enumerator is missing above: the compiler warns
}

std::string_view ExecutionName(Execution execution) {
  return execution == Execution::kNotExecuted ? "NOT_EXECUTED" : "UNKNOWN";
}

}  // namespace enos::gateway
