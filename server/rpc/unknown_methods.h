#ifndef ENOS_SERVER_RPC_UNKNOWN_METHODS_H_
#define ENOS_SERVER_RPC_UNKNOWN_METHODS_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <utility>

#include "server/listener/connection_table.h"
#include "server/rpc/open_calls.h"

namespace enos::gateway {

// Answers calls to unknown methods (UNIMPLEMENTED). gRPC would do that by itself, but then they
// could not be counted. Lifecycle:
//
//   register service(), start the server, Offer, serve the queue
//   shut the server down, WaitForNone, shut the queue down
//
// The queue's events are CompletionEvents.
class UnknownMethods {
 public:
  explicit UnknownMethods(OnMessage on_message) : on_message_(std::move(on_message)) {}
  UnknownMethods(const UnknownMethods&) = delete;
  UnknownMethods& operator=(const UnknownMethods&) = delete;

  // For ServerBuilder::RegisterAsyncGenericService.
  grpc::AsyncGenericService& service() { return service_; }

  // Requests calls from `queue`; each that arrives requests the next. Once, before the queue is
  // served.
  void Offer(grpc::ServerCompletionQueue& queue);

  // After the server's shutdown: returns when no call, including pending requests, will use its
  // queue any more. The queue must still be served.
  void WaitForNone() { rpcs_.WaitForNone(); }

 private:
  class Rpc;

  const OnMessage on_message_;
  grpc::AsyncGenericService service_;
  OpenCalls rpcs_;  // and pending requests
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_UNKNOWN_METHODS_H_
