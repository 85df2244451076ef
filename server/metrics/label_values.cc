#include "server/metrics/label_values.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace enos::gateway {
namespace {

constexpr int kHttpStatuses[] = {200, 201, 202, 204, 301, 302, 303, 304, 307, 308, 400,
                                 401, 403, 404, 405, 406, 408, 409, 411, 413, 414, 415,
                                 422, 429, 431, 497, 498, 499, 500, 501, 502, 503, 504};

// The result codes in docs/enos-api.md: of the batch processing service, the vendor's SDK and the
// token service.
constexpr int64_t kEnosCodes[] = {0,     62101, 62102, 62103, 62104, 62105, 62109, 99400, 99403,
                                  99404, 99500, 400,   401,   403,   404,   405,   409,   413,
                                  415,   429,   497,   498,   499,   500,   501,   503,   504,
                                  1001,  1002,  1003,  1004,  1005,  1202,  1203,  1204};

constexpr std::array<const char*, 17> kGrpcCodes = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

template <typename Known, typename Number>
std::string KnownOrOther(const Known& known, Number number) {
  return std::find(std::begin(known), std::end(known), number) != std::end(known)
             ? std::to_string(number)
             : "other";
}

}  // namespace

std::string HttpStatusLabel(int http_status) {
  return http_status == 0 ? "none" : KnownOrOther(kHttpStatuses, http_status);
}

std::string EnosCodeLabel(std::optional<int64_t> enos_code) {
  return enos_code ? KnownOrOther(kEnosCodes, *enos_code) : "none";
}

std::string OperationLabel(UpstreamOperation operation) {
  switch (operation) {
    case UpstreamOperation::kTrigger:
      return "trigger";
    case UpstreamOperation::kToken:
      return "token";
    case UpstreamOperation::kGetInstance:
      return "get_instance";
    case UpstreamOperation::kCancelInstance:
      return "cancel_instance";
    case UpstreamOperation::kTimeZone:
      return "time_zone";
  }
  return "other";
}

std::string FailureLabel(std::optional<TransferEnd> end) {
  if (!end) return "no_answer";
  switch (*end) {
    case TransferEnd::kAnswered:
      return "none";
    case TransferEnd::kNameNotResolved:
      return "name_not_resolved";
    case TransferEnd::kConnectFailed:
      return "connect_failed";
    case TransferEnd::kConnectTimeout:
      return "connect_timeout";
    case TransferEnd::kTlsFailed:
      return "tls_failed";
    case TransferEnd::kConnectionLost:
      return "connection_lost";
    case TransferEnd::kMalformed:
      return "malformed";
    case TransferEnd::kTooLarge:
      return "too_large";
  }
  return "other";
}

std::string GrpcCodeLabel(absl::StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return index < kGrpcCodes.size() ? kGrpcCodes[index] : "Unknown";
}

}  // namespace enos::gateway
