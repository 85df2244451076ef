#ifndef ENOS_SERVER_STANDARD_REFLECTION_SERVICE_H_
#define ENOS_SERVER_STANDARD_REFLECTION_SERVICE_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "server/listener/connection_table.h"
#include "server/rpc/open_calls.h"

namespace enos::gateway {

// grpc.reflection.v1.ServerReflection, and v1alpha's, which is the same under its older name, on
// one of the server's completion queues, without their own threads or one per stream. Replaces gRPC
// 1.51's, which is synchronous and knows only v1alpha. Lifecycle:
//
//   Register, start the server, Offer, serve the queue
//   EndStreams, shut the server down, WaitForNone, shut the queue down
//
// The queue's events are CompletionEvents. Thread-safe.
class ReflectionService {
 public:
  static constexpr size_t kMaxStreams = 16;

  // `services` are the full names to list; files and symbols are those of the generated code in
  // this program. Beyond `max_streams` at once a stream is refused (RESOURCE_EXHAUSTED).
  explicit ReflectionService(std::vector<std::string> services, size_t max_streams = kMaxStreams,
                             OnMessage on_message = &NobodyIsTold);
  ReflectionService(const ReflectionService&) = delete;
  ReflectionService& operator=(const ReflectionService&) = delete;

  // Both services.
  void Register(grpc::ServerBuilder& builder);

  // Requests streams from `queue`; each that arrives requests the next. Once, before the queue is
  // served.
  void Offer(grpc::ServerCompletionQueue& queue);

  // Ends all streams, including later ones (UNAVAILABLE), once an answer that is being sent has
  // gone out. If a client does not read, its stream ends only when its call is cancelled.
  void EndStreams();

  // After the server's shutdown: returns when no stream, including pending requests, will use its
  // queue any more. The queue must still be served.
  void WaitForNone() { rpcs_.WaitForNone(); }

 private:
  class Stream;
  template <typename Api>
  class StreamRpc;

  const std::vector<std::string> services_;
  const size_t max_streams_;
  const OnMessage on_message_;
  grpc::reflection::v1::ServerReflection::AsyncService v1_;
  grpc::reflection::v1alpha::ServerReflection::AsyncService v1alpha_;
  OpenCalls rpcs_;  // and pending requests

  std::mutex mutex_;                     // guards what follows, and the state of every stream
  std::unordered_set<Stream*> streams_;  // the open ones
  bool ending_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_STANDARD_REFLECTION_SERVICE_H_
