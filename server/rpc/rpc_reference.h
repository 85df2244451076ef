#ifndef ENOS_SERVER_RPC_RPC_REFERENCE_H_
#define ENOS_SERVER_RPC_RPC_REFERENCE_H_

#include <atomic>
#include <utility>

#include "server/rpc/completion_event.h"

namespace enos::gateway {

template <typename Rpc>
class RpcOperation;

// A reference that keeps an RPC alive: while gRPC has a pending operation of it, and while a task
// on its way to another thread holds one. Move-only; the last one deletes the RPC, on whatever
// thread. Rpc derives from CountedRpc, is created with `new`, and lets this class delete it.
template <typename Rpc>
class RpcReference {
 public:
  explicit RpcReference(Rpc* rpc) : rpc_(rpc) {
    rpc_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  ~RpcReference() {
    if (rpc_ != nullptr && rpc_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete rpc_;
  }
  RpcReference(RpcReference&& other) noexcept : rpc_(std::exchange(other.rpc_, nullptr)) {}
  RpcReference& operator=(RpcReference&& other) noexcept {
    std::swap(rpc_, other.rpc_);
    return *this;
  }
  RpcReference(const RpcReference&) = delete;
  RpcReference& operator=(const RpcReference&) = delete;

  Rpc* operator->() const { return rpc_; }
  Rpc& operator*() const { return *rpc_; }

 private:
  friend class RpcOperation<Rpc>;
  struct Counted {};
  RpcReference(Rpc* rpc, Counted) : rpc_(rpc) {}  // one that Detach gave

  Rpc* Detach() { return std::exchange(rpc_, nullptr); }

  Rpc* rpc_;
};

// What RpcReference counts.
class CountedRpc {
 public:
  CountedRpc() = default;
  CountedRpc(const CountedRpc&) = delete;
  CountedRpc& operator=(const CountedRpc&) = delete;

 protected:
  ~CountedRpc() = default;

 private:
  template <typename Rpc>
  friend class RpcReference;
  std::atomic<int> references_{0};
};

// One kind of operation of an RPC, and its tag: refers to the RPC while it is pending, and then
// calls a method of the RPC with the result. At most one of a kind is pending.
template <typename Rpc>
class RpcOperation final : public CompletionEvent {
 public:
  using Method = void (Rpc::*)(bool ok);

  explicit RpcOperation(Method method) : method_(method) {}

  // For the call that starts the operation.
  CompletionEvent* Begin(RpcReference<Rpc> rpc) {
    rpc_.store(rpc.Detach(), std::memory_order_release);
    return this;
  }

  void OnEvent(bool ok) override {
    const RpcReference<Rpc> rpc(rpc_.load(std::memory_order_acquire),
                                typename RpcReference<Rpc>::Counted());
    rpc_.store(nullptr, std::memory_order_relaxed);
    ((*rpc).*method_)(ok);
  }

 private:
  const Method method_;
  // Null: not pending. The queue hands it, and everything written before, from the thread that
  // started the operation to its own; atomic, because ThreadSanitizer does not see into gRPC.
  std::atomic<Rpc*> rpc_{nullptr};
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_RPC_REFERENCE_H_
