#include "server/contract/error_table.h"

namespace enos::gateway {
namespace {

using Code = absl::StatusCode;

constexpr Execution kNotExecuted = Execution::kNotExecuted;
constexpr Execution kUnknown = Execution::kUnknown;
constexpr Remedy kNone = Remedy::kNone;
constexpr Remedy kToken = Remedy::kFreshToken;
constexpr Remedy kWait = Remedy::kWait;

// 0 in a column: no such code or status.
struct TableRow {
  int64_t enos_code;
  int http_status;
  ErrorRow row;
};

// The error table (docs/errors.md), as far as EnOS decides it: the one place that
// knows what a code or status means. 503 is not in it: it depends on --trust_503.
//
// 497, 498 and 1203 are result codes only. HTTP 497 and 498 are no standard statuses; nginx uses
// 497 for something else. HTTP 415 is about the media type, not about a parameter's range; HTTP 502
// comes from a proxy that lost the connection, while a result code 502 means nothing known.
constexpr TableRow kTable[] = {
    {62101, 0, {Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT, kNotExecuted, kNone}},
    {62102, 0, {Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT, kNotExecuted, kNone}},
    {99400, 0, {Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT, kNotExecuted, kNone}},
    {400, 400, {Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT, kNotExecuted, kNone}},
    {413, 413, {Code::kInvalidArgument, Reason::ENOS_INVALID_ARGUMENT, kNotExecuted, kNone}},
    {62103, 0, {Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED, kNotExecuted, kNone}},
    {99403, 0, {Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED, kNotExecuted, kNone}},
    {498, 0, {Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED, kNotExecuted, kNone}},
    {403, 403, {Code::kPermissionDenied, Reason::ENOS_PERMISSION_DENIED, kNotExecuted, kNone}},
    {62104, 0, {Code::kFailedPrecondition, Reason::FLOW_HAS_NO_TASK, kNotExecuted, kNone}},
    {62105, 0, {Code::kFailedPrecondition, Reason::ENOS_LOCKED, kNotExecuted, kNone}},
    {99404, 0, {Code::kNotFound, Reason::ENOS_NOT_FOUND, kNotExecuted, kNone}},
    {404, 404, {Code::kNotFound, Reason::ENOS_NOT_FOUND, kNotExecuted, kNone}},
    {405, 405, {Code::kUnimplemented, Reason::ENOS_UNIMPLEMENTED, kNotExecuted, kNone}},
    {501, 501, {Code::kUnimplemented, Reason::ENOS_UNIMPLEMENTED, kNotExecuted, kNone}},
    {409, 409, {Code::kAlreadyExists, Reason::ENOS_ALREADY_EXISTS, kNotExecuted, kNone}},
    {415, 0, {Code::kOutOfRange, Reason::ENOS_OUT_OF_RANGE, kNotExecuted, kNone}},
    {401, 401, {Code::kUnauthenticated, Reason::ENOS_CREDENTIALS_REFUSED, kNotExecuted, kToken}},
    {497, 0, {Code::kUnauthenticated, Reason::ENOS_CREDENTIALS_REFUSED, kNotExecuted, kToken}},
    {1203, 0, {Code::kUnauthenticated, Reason::ENOS_CREDENTIALS_REFUSED, kNotExecuted, kToken}},
    {429, 429, {Code::kResourceExhausted, Reason::ENOS_RATE_LIMITED, kNotExecuted, kWait}},
    {62109, 0, {Code::kInternal, Reason::ENOS_INTERNAL, kUnknown, kNone}},
    {99500, 0, {Code::kInternal, Reason::ENOS_INTERNAL, kUnknown, kNone}},
    {500, 500, {Code::kInternal, Reason::ENOS_INTERNAL, kUnknown, kNone}},
    {504, 504, {Code::kDeadlineExceeded, Reason::ENOS_TIMEOUT, kUnknown, kNone}},
    {0, 502, {Code::kUnknown, Reason::ENOS_CONNECTION_LOST, kUnknown, kNone}},
};

constexpr ErrorRow kAnyOther = {Code::kUnknown, Reason::ENOS_ERROR, kUnknown, kNone};

// Proxies answer 503 also when a backend dies halfway, so that it proves nothing by itself.
constexpr ErrorRow RowFor503(bool trust_503) {
  return trust_503 ? ErrorRow{Code::kUnavailable, Reason::ENOS_UNAVAILABLE, kNotExecuted, kWait}
                   : ErrorRow{Code::kUnknown, Reason::ENOS_UNAVAILABLE, kUnknown, kNone};
}

}  // namespace

ErrorRow RowForEnosCode(int64_t enos_code, bool trust_503) {
  if (enos_code == 503) return RowFor503(trust_503);
  for (const TableRow& entry : kTable) {
    if (entry.enos_code != 0 && entry.enos_code == enos_code) return entry.row;
  }
  return kAnyOther;
}

ErrorRow RowForHttpStatus(int http_status, bool trust_503) {
  if (http_status == 503) return RowFor503(trust_503);
  for (const TableRow& entry : kTable) {
    if (entry.http_status != 0 && entry.http_status == http_status) return entry.row;
  }
  return kAnyOther;
}

ErrorRow RowForRead(std::optional<int64_t> enos_code, int http_status) {
  const int64_t number = enos_code.value_or(http_status);
  if (number == 502) return {Code::kUnavailable, Reason::ENOS_CONNECTION_LOST, kUnknown, kWait};
  if (number == 503) return RowFor503(/*trust_503=*/true);
  if (enos_code == 62102) return {Code::kNotFound, Reason::ENOS_NOT_FOUND, kNotExecuted, kNone};
  if (enos_code == 62104) return kAnyOther;
  return enos_code ? RowForEnosCode(*enos_code, true) : RowForHttpStatus(http_status, true);
}

}  // namespace enos::gateway
