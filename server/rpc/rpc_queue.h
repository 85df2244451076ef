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
#include "server/rpc/held_writes.h"

namespace enos::gateway {

// A completion queue of the server, and tasks that other threads have for the thread that serves
// it.
//
// Where much is going on, the thread takes all events that are there at once, a round, and what it
// writes to one connection in a round goes out together. An operation that is begun in one round
// completes in a later one: by then what it wrote is on its way.
class RpcQueue final : private CompletionEvent {
 public:
  // `is_busy`: whether more events are likely to be there than one; asked on the thread that
  // serves.
  RpcQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, std::function<bool()> is_busy)
      : queue_(std::move(queue)), is_busy_(std::move(is_busy)) {}

  grpc::ServerCompletionQueue& grpc_queue() { return *queue_; }

  // Serves the queue on this thread, until Shutdown and until everything is out of it.
  void Serve();

  // Runs `task` on the thread that serves, in the order of the calls. Thread-safe; not to be called
  // any more once Shutdown is.
  void Post(std::function<void()> task);

  // To be called on the thread that serves, before each write to this connection's socket (-1: not
  // known): it may wait for others of the same round.
  void HoldWrites(int socket) {
    if (is_shared_round_) held_writes_.Hold(socket);
  }

  void Shutdown() { queue_->Shutdown(); }

 private:
  struct Event {
    CompletionEvent* event;
    bool ok;
  };

  bool TakeRound();
  void OnEvent(bool ok) override;

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  const std::function<bool()> is_busy_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  bool woken_ = false;                        // the alarm is on its way; guarded by mutex_
  grpc::Alarm alarm_;
  // Of the thread that serves.
  std::vector<std::function<void()>> batch_;
  std::vector<Event> round_;
  bool is_shared_round_ = false;  // there is more in it than one event or task
  HeldWrites held_writes_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_RPC_QUEUE_H_
