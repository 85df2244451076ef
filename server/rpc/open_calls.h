#ifndef ENOS_SERVER_RPC_OPEN_CALLS_H_
#define ENOS_SERVER_RPC_OPEN_CALLS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace enos::gateway {

// Counts the RPCs that have arrived and are not over yet: until their answer has been sent and
// nothing uses them any more. Shutdown waits for them. Thread-safe.
class OpenCalls {
 public:
  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return open_ == 0; });
  }

  // False if some were still open at `deadline`.
  bool WaitForNone(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return none_.wait_until(lock, deadline, [this] { return open_ == 0; });
  }

 private:
  friend class OpenCall;

  void Begin() {
    const std::lock_guard lock(mutex_);
    ++open_;
  }

  void End() {
    const std::lock_guard lock(mutex_);
    if (--open_ == 0) none_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable none_;
  int64_t open_ = 0;
};

// Counts as one open call while it lives, once it has begun. The first member of an RPC, so that it
// is destroyed last: the RPC's queue and its server may be destroyed after that.
class OpenCall {
 public:
  OpenCall() = default;
  explicit OpenCall(OpenCalls& calls) { Begin(calls); }
  ~OpenCall() {
    if (calls_ != nullptr) calls_->End();
  }
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

  // Once.
  void Begin(OpenCalls& calls) {
    calls.Begin();
    calls_ = &calls;
  }

 private:
  OpenCalls* calls_ = nullptr;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RPC_OPEN_CALLS_H_
