#ifndef ENOS_SERVER_RPC_RPC_QUEUE_H_
#define ENOS_SERVER_RPC_RPC_QUEUE_H_

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "server/rpc/completion_event.h"

namespace enos::gateway {

// A completion queue of the server, and tasks that other threads have for the thread that serves
// it.
class RpcQueue final : private CompletionEvent {
 public:
  explicit RpcQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue)
      : queue_(std::move(queue)) {}

  grpc::ServerCompletionQueue& grpc_queue() { return *queue_; }

  // Serves the queue on this thread, until Shutdown and until everything is out of it.
  void Serve();

  // Runs `task` on the thread that serves, in the order of the calls. Thread-safe; not to be called
  // any more once Shutdown is.
  void Post(std::function<void()> task);

  void Shutdown() { queue_->Shutdown(); }

 private:
  void OnEvent(bool ok) override;

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  bool woken_ = false;                        // the alarm is on its way; guarded by mutex_
  grpc::Alarm alarm_;
  std::vector<std::function<void()>> batch_;  // of the thread that serves
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_RPC_QUEUE_H_
