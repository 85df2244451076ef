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
#include "server/loop/event_loop.h"
#include "server/loop/timer_queue.h"
#include "server/rpc/completion_event.h"

namespace enos::gateway {

// A completion queue of the server, with timers, and with tasks that other threads post to its
// serving thread.
//
// Under load the thread takes all pending events at once, a round, and what it writes to one
// connection in a round is sent together. An operation started in one round completes in a later
// one: by then what it wrote has been sent.
class RpcQueue final {
 public:
  // `is_busy`: whether more than one event is likely to be pending; called on the serving thread.
  RpcQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, std::function<bool()> is_busy)
      : queue_(std::move(queue)), is_busy_(std::move(is_busy)) {}

  grpc::ServerCompletionQueue& grpc_queue() { return *queue_; }

  // Serves the queue on this thread until Shutdown has been called and everything is out of it.
  void Serve();

  // Runs `task` on the serving thread, in call order. Thread-safe; must not be called after
  // Shutdown.
  void Post(Task task);
  // The same on the loop's thread, which wakes the serving one once it has done what it is at: what
  // it posts until then, for a batch of answers from the store of keys, is one round. The loop
  // must be stopped before the queue is destroyed.
  void PostTogether(EventLoop& loop, Task task);

  // Timers on the serving thread, like Scheduler's. They cost little if cancelled before they are
  // due. Those left at Shutdown are dropped.
  TimerId RunAt(SteadyTime when, Task task);
  void Cancel(TimerId id) { timers_.Cancel(id); }
  // Runs every timer now. Thread-safe, like Post.
  void RunTimersNow();

  // Tasks on the serving thread for when the server drains: for calls that would not end by
  // themselves.
  TimerId AtDrain(Task task) { return at_drain_.Add(SteadyTime::max(), std::move(task)); }
  void CancelAtDrain(TimerId id) { at_drain_.Cancel(id); }
  // Runs them. Thread-safe, like Post.
  void RunAtDrain();

  // To be called on the serving thread before each write to this connection's socket (-1: not
  // known): the write may wait for others of the same round.
  void HoldWrites(int socket) {
    if (is_shared_round_) held_writes_.Hold(socket);
  }

  // Once; after that no RPC may begin and nothing may be posted. Thread-safe.
  void Shutdown();

 private:
  struct Event {
    CompletionEvent* event;
    bool ok;
  };

  // An alarm is gRPC's way to put one's own event into the queue.
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

  void Wake();
  bool TakeRound();
  void RunTasks();
  void RunTimers();
  void ArmTimers();

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  const std::function<bool()> is_busy_;
  std::mutex mutex_;
  std::vector<Task> tasks_;  // guarded by mutex_
  bool woken_ = false;       // the alarm is pending; guarded by mutex_
  bool to_wake_ = false;     // the loop will see to it; guarded by mutex_
  Alarm wake_{this, &RpcQueue::RunTasks};
  // Only on the serving thread.
  std::vector<Task> batch_;
  TimerQueue timers_;
  TimerQueue at_drain_;
  std::optional<SteadyTime> armed_for_;
  Alarm timer_{this, &RpcQueue::RunTimers};
  std::vector<Event> round_;
  bool is_shared_round_ = false;  // more than one event or task is pending
  HeldWrites held_writes_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_RPC_QUEUE_H_
