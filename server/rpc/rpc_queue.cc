#include "server/rpc/rpc_queue.h"

#include <grpc/support/time.h>
#include <pthread.h>

namespace enos::gateway {

namespace {

// The maximum number of events in a round, so that the first does not wait too long for the last.
constexpr size_t kMostEvents = HeldWrites::kMost;

}  // namespace

void RpcQueue::Serve() {
  pthread_setname_np(pthread_self(), "enos-grpc");
  while (TakeRound()) {
    is_shared_round_ = round_.size() > 1;
    for (const Event& event : round_) event.event->OnEvent(event.ok);
    held_writes_.Release();
  }
}

// Waits for an event, and takes all that are ready by then. False: the queue is shut down.
bool RpcQueue::TakeRound() {
  round_.clear();
  void* tag = nullptr;
  bool ok = false;
  if (!queue_->Next(&tag, &ok)) return false;
  round_.push_back({static_cast<CompletionEvent*>(tag), ok});
  if (!is_busy_()) return true;  // checking for more costs a system call
  while (round_.size() < kMostEvents &&
         queue_->AsyncNext(&tag, &ok, gpr_inf_past(GPR_CLOCK_MONOTONIC)) ==
             grpc::CompletionQueue::GOT_EVENT) {
    round_.push_back({static_cast<CompletionEvent*>(tag), ok});
  }
  return true;
}

void RpcQueue::Post(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (!std::exchange(woken_, true)) wake_.Set(gpr_time_0(GPR_CLOCK_MONOTONIC));
}

void RpcQueue::PostTogether(EventLoop& loop, Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (woken_ || std::exchange(to_wake_, true)) return;
  }
  loop.Post([this] { Wake(); });
}

void RpcQueue::Wake() {
  const std::lock_guard lock(mutex_);
  to_wake_ = false;
  if (!tasks_.empty() && !std::exchange(woken_, true)) wake_.Set(gpr_time_0(GPR_CLOCK_MONOTONIC));
}

void RpcQueue::RunTasks() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    batch_.swap(tasks_);
  }
  is_shared_round_ |= batch_.size() > 1;
  for (Task& task : batch_) task();
  batch_.clear();
}

TimerId RpcQueue::RunAt(SteadyTime when, Task task) {
  const TimerId id = timers_.Add(when, std::move(task));
  // Nearly all are cancelled: an alarm armed for an earlier moment is left as it is.
  if (!armed_for_) {
    ArmTimers();
  } else if (when < *armed_for_) {
    timer_.Cancel();
  }
  return id;
}

void RpcQueue::RunTimers() {
  armed_for_.reset();
  timers_.RunDue(std::chrono::steady_clock::now());
  if (!armed_for_) ArmTimers();
}

void RpcQueue::ArmTimers() {
  armed_for_ = timers_.Earliest();
  if (!armed_for_) return;
  const auto wait = *armed_for_ - std::chrono::steady_clock::now();
  timer_.Set(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_nanos(std::chrono::nanoseconds(wait).count(), GPR_TIMESPAN)));
}

void RpcQueue::RunTimersNow() {
  Post([this] { timers_.RunDue(SteadyTime::max()); });
}

void RpcQueue::RunAtDrain() {
  Post([this] { at_drain_.RunDue(SteadyTime::max()); });
}

// On the serving thread, whose timers are the last that keep the queue open.
void RpcQueue::Shutdown() {
  Post([this] {
    timers_ = TimerQueue();
    timer_.Cancel();
    queue_->Shutdown();
  });
}

}  // namespace enos::gateway
