#include "server/upstream/transfer_error.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "server/contract/gateway_errors.h"
#include "server/contract/upstream_text.h"

namespace enos::gateway {
namespace {

std::string_view WhatFailed(TransferEnd end) {
  switch (end) {
    case TransferEnd::kNameNotResolved:
      return "its host name could not be resolved";
    case TransferEnd::kConnectTimeout:
      return "no connection was made in time";
    case TransferEnd::kTlsFailed:
      return "TLS failed";
    default:
      return "no connection could be made";
  }
}

Refusal Unreachable(TransferEnd end, const std::string& detail) {
  CallError error;
  error.code = absl::StatusCode::kUnavailable;
  error.reason = Reason::ENOS_UNREACHABLE;
  error.execution = Execution::kNotExecuted;
  const std::string_view what = WhatFailed(end);
  error.message = absl::StrCat("EnOS cannot be reached: ", std::string(what), " (", detail,
                               "). Try again later; if it lasts, check the gateway's "
                               "--enos_url and its network.");
  error.retry_after = kSuggestedWait;
  return {std::move(error), Remedy::kWait};
}

Refusal Unknown(absl::StatusCode code, Reason reason, const std::string& what) {
  CallError error;
  error.code = code;
  error.reason = reason;
  error.execution = Execution::kUnknown;
  error.message = absl::StrCat(what, ".");
  return {std::move(error), Remedy::kNone};
}

}  // namespace

Refusal ErrorOfTransfer(const HttpResult& result) {
  const std::string detail = CleanUpstreamText(result.detail, KnownSecrets());
  if (!result.maybe_sent) return Unreachable(result.end, detail);
  Refusal refused;
  switch (result.end) {
    case TransferEnd::kTooLarge:
    case TransferEnd::kMalformed:
      refused = Unknown(absl::StatusCode::kInternal, Reason::ENOS_MALFORMED_RESPONSE,
                        absl::StrCat("EnOS sent an answer that makes no sense (", detail, ")"));
      break;
    default:
      refused = Unknown(
          absl::StatusCode::kUnknown, Reason::ENOS_CONNECTION_LOST,
          absl::StrCat("The connection to EnOS was lost after the call was sent (", detail, ")"));
  }
  refused.error.http_status = result.status;
  return refused;
}

}  // namespace enos::gateway
