#include "server/rpc/rpc_queue.h"

#include <grpc/support/time.h>
#include <pthread.h>

namespace enos::gateway {

void RpcQueue::Serve() {
  pthread_setname_np(pthread_self(), "enos-grpc");
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<CompletionEvent*>(tag)->OnEvent(ok);
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
  for (std::function<void()>& task : batch_) task();
  batch_.clear();
}

}  // namespace enos::gateway
