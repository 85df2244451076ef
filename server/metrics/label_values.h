#ifndef ENOS_SERVER_METRICS_LABEL_VALUES_H_
#define ENOS_SERVER_METRICS_LABEL_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/http/http_client.h"
#include "server/http/upstream_events.h"

namespace enos::gateway {

// Values of metric labels. All of them are bounded: whatever EnOS answers, the number of time
// series has a limit that can be derived from this file. Pure functions, thread-safe.

// An HTTP status that EnOS or a proxy in front of it is known to use, as a number; otherwise
// "other". 0: "none", there was no HTTP answer.
std::string HttpStatusLabel(int http_status);

// A result code that is documented for EnOS, as a number; otherwise "other". nullopt: "none".
std::string EnosCodeLabel(std::optional<int64_t> enos_code);

// "trigger", "token", "get_instance", "cancel_instance" or "time_zone".
std::string OperationLabel(UpstreamOperation operation);

// Why a request got no answer, for example "connect_timeout"; nullopt, abandoned: "no_answer".
std::string FailureLabel(std::optional<TransferEnd> end);

// As the conventions of grpc-ecosystem spell it: "OK", "InvalidArgument", "DeadlineExceeded".
std::string GrpcCodeLabel(absl::StatusCode code);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_METRICS_LABEL_VALUES_H_
