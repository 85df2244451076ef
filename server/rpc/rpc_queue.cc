#include "server/rpc/rpc_queue.h"

#include <grpc/support/time.h>
#include <pthread.h>

namespace enos::gateway {

namespace {

// The most events of one round, so that the first of them is not kept waiting by the last.
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

// Waits for an event, and takes those along that are there with it. False: there are no more.
bool RpcQueue::TakeRound() {
  round_.clear();
  void* tag = nullptr;
  bool ok = false;
  if (!queue_->Next(&tag, &ok)) return false;
  round_.push_back({static_cast<CompletionEvent*>(tag), ok});
  if (!is_busy_()) return true;  // to look for more costs a system call
  while (round_.size() < kMostEvents &&
         queue_->AsyncNext(&tag, &ok, gpr_inf_past(GPR_CLOCK_MONOTONIC)) ==
             grpc::CompletionQueue::GOT_EVENT) {
    round_.push_back({static_cast<CompletionEvent*>(tag), ok});
  }
  return true;
}

void RpcQueue::Post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  // An alarm that is due at once is gRPC's way to put something of one's own into the queue.
  if (!std::exchange(woken_, true)) {
    alarm_.Set(queue_.get(), gpr_time_0(GPR_CLOCK_MONOTONIC), static_cast<CompletionEvent*>(this));
  }
}

void RpcQueue::OnEvent(bool /*ok*/) {
  {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    batch_.swap(tasks_);
  }
  is_shared_round_ |= batch_.size() > 1;
  for (std::function<void()>& task : batch_) task();
  batch_.clear();
}

}  // namespace enos::gateway
