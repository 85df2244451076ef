#ifndef ENOS_SERVER_RPC_RPC_QUEUE_H_
#define ENOS_SERVER_RPC_RPC_QUEUE_H_

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "server/base/scheduler.h"
#include "server/listener/held_writes.h"
#include "server/loop/timer_queue.h"
#include "server/rpc/completion_event.h"

namespace enos::gateway {

// A completion queue of the server, with timers, and with tasks that other threads have for the
// thread that serves it.
//
// Where much is going on, the thread takes all events that are there at once, a round, and what it
// writes to one connection in a round goes out together. An operation that is begun in one round
// completes in a later one: by then what it wrote is on its way.
class RpcQueue final {
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
  void Post(Task task);

  // Timers, on the thread that serves: as Scheduler has them. They cost little where they are
  // cancelled before they are due. What is left at Shutdown is dropped.
  TimerId RunAt(SteadyTime when, Task task);
  void Cancel(TimerId id) { timers_.Cancel(id); }
  // Runs every timer now. Thread-safe, as Post.
  void RunTimersNow();

  // To be called on the thread that serves, before each write to this connection's socket (-1: not
  // known): it may wait for others of the same round.
  void HoldWrites(int socket) {
    if (is_shared_round_) held_writes_.Hold(socket);
  }

  // Once; after that no RPC may begin and nothing be posted. Thread-safe.
  void Shutdown();

 private:
  struct Event {
    CompletionEvent* event;
    bool ok;
  };

  // An alarm is gRPC's way to put something of one's own into the queue.
  class Alarm final : public CompletionEvent {
   public:
    using Method = void (RpcQueue::*)();
    Alarm(RpcQueue* queue, Method method) : queue_(queue), method_(method) {}
    // Calls the method then, or at once after Cancel. Not again before that.
    void Set(gpr_timespec when) { alarm_.Set(&queue_->grpc_queue(), when, Tag()); }
    void Cancel() { alarm_.Cancel(); }
    void OnEvent(bool /*ok*/) override { (queue_->*method_)(); }

   private:
    void* Tag() { return static_cast<CompletionEvent*>(this); }

    RpcQueue* const queue_;
    const Method method_;
    grpc::Alarm alarm_;
  };

  bool TakeRound();
  void RunTasks();
  void RunTimers();
  void ArmTimers();

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  const std::function<bool()> is_busy_;
  std::mutex mutex_;
  std::vector<Task> tasks_;  // guarded by mutex_
  bool woken_ = false;       // the alarm is on its way; guarded by mutex_
  Alarm wake_{this, &RpcQueue::RunTasks};
  // Of the thread that serves.
  std::vector<Task> batch_;
  TimerQueue timers_;
  std::optional<SteadyTime> armed_for_;
  Alarm timer_{this, &RpcQueue::RunTimers};
  std::vector<Event> round_;
  bool is_shared_round_ = false;  // there is more in it than one event or task
  HeldWrites held_writes_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_RPC_QUEUE_H_
