#ifndef ENOS_SERVER_STANDARD_HEALTH_SERVICE_H_
#define ENOS_SERVER_STANDARD_HEALTH_SERVICE_H_

#include <grpcpp/completion_queue.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/listener/connection_table.h"
#include "server/rpc/open_calls.h"

namespace enos::gateway {

// grpc.health.v1.Health on one of the server's completion queues, without its own thread. Replaces
// gRPC 1.51's, see docs/adr/0011-own-health-and-reflection.md. Semantics:
// https://github.com/grpc/grpc/blob/master/doc/health-checking.md. Lifecycle:
//
//   register service(), start the server, Offer, serve the queue
//   EndWatches, shut the server down, WaitForNone, shut the queue down
//
// The queue's events are CompletionEvents. Thread-safe.
class HealthService {
 public:
  static constexpr size_t kMaxWatches = 1024;
  // Longer names are refused (INVALID_ARGUMENT), because a watch keeps the name. gRPC's own limit.
  static constexpr size_t kMaxNameBytes = 200;

  // Beyond `max_watches` at once Watch is refused (RESOURCE_EXHAUSTED).
  explicit HealthService(size_t max_watches = kMaxWatches, OnMessage on_message = &NobodyIsTold)
      : max_watches_(max_watches), on_message_(std::move(on_message)) {}
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  // For ServerBuilder::RegisterService.
  grpc::Service& service() { return service_; }

  // Requests RPCs from `queue`; each that arrives requests the next. Once, before the queue is
  // served.
  void Offer(grpc::ServerCompletionQueue& queue);

  // SERVING or NOT_SERVING, from now on; "" is the whole server. Services that were never set are
  // unknown. A watch gets each change, or only the latest if it reads too slowly for all.
  void Set(const std::string& service, bool serving);

  // Ends all watches, including later ones (UNAVAILABLE), once they have received the last change.
  // If a client does not read, its watch ends only when its call is cancelled.
  void EndWatches();

  // After the server's shutdown: returns when no RPC, including pending requests, will use its
  // queue any more. The queue must still be served.
  void WaitForNone() { rpcs_.WaitForNone(); }

 private:
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;
  class CheckRpc;
  class WatchRpc;

  // SERVICE_UNKNOWN unless it was set.
  ServingStatus StatusOf(const std::string& service);
  ServingStatus StatusOfLocked(const std::string& service) const;

  const size_t max_watches_;
  const OnMessage on_message_;
  grpc::health::v1::Health::AsyncService service_;
  OpenCalls rpcs_;  // and pending requests

  std::mutex mutex_;  // guards what follows, and the state of every watch
  std::unordered_map<std::string, ServingStatus> statuses_;
  std::unordered_set<WatchRpc*> watches_;  // the open ones
  bool ending_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_STANDARD_HEALTH_SERVICE_H_
