#ifndef ENOS_SERVER_TESTING_QUEUE_SERVER_H_
#define ENOS_SERVER_TESTING_QUEUE_SERVER_H_

#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <thread>

#include "absl/functional/function_ref.h"

namespace enos::gateway {

// For tests of one asynchronous service: a server on a free port of 127.0.0.1 with one completion
// queue, whose events are CompletionEvents. The order: construct, offer, Serve; Shutdown, wait for
// the service's last RPC, Stop.
class QueueServer {
 public:
  // With the services that `add` registers.
  explicit QueueServer(absl::FunctionRef<void(grpc::ServerBuilder&)> add);
  ~QueueServer() { Stop(); }
  QueueServer(const QueueServer&) = delete;
  QueueServer& operator=(const QueueServer&) = delete;

  grpc::ServerCompletionQueue& queue() { return *queue_; }
  // Starts the queue's thread.
  void Serve();
  // A channel with a connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel() const;
  // Likewise, but a message is not on its way before the client reads.
  std::shared_ptr<grpc::Channel> NewSlowChannel() const;

  // Waits for RPCs that end by themselves, or cancels them at once.
  enum class Rest { kWait, kCancel };
  void Shutdown(Rest rest);
  // Ends the queue and its thread. A second call does nothing.
  void Stop();

 private:
  std::shared_ptr<grpc::Channel> Connect(grpc::ChannelArguments arguments) const;

  int port_ = 0;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_QUEUE_SERVER_H_
