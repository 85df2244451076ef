#ifndef ENOS_SERVER_HTTP_UPSTREAM_EVENTS_H_
#define ENOS_SERVER_HTTP_UPSTREAM_EVENTS_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "server/base/scheduler.h"
#include "server/http/http_client.h"

namespace enos::gateway {

// What is requested from EnOS. A token: get and refresh.
enum class UpstreamOperation { kTrigger, kToken, kGetInstance, kCancelInstance, kTimeZone };
inline constexpr size_t kUpstreamOperations = 5;

// A finished request to EnOS, for metrics.
struct UpstreamRequest {
  UpstreamOperation operation = UpstreamOperation::kTrigger;
  std::optional<TransferEnd> end;    // nullopt: no answer in time, abandoned
  int http_status = 0;               // 0: no HTTP answer
  std::optional<int64_t> enos_code;  // the result code, if the answer had one
  Duration took{};                   // from the start of the transfer, including connecting
};

// Called on the loop's thread; may be empty.
using OnUpstreamRequest = std::function<void(const UpstreamRequest&)>;

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_UPSTREAM_EVENTS_H_
