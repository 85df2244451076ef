#include "reaper.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace enos::flow {
namespace {

class Reaper {
 public:
  Reaper() {
    std::thread([this] { Run(); }).detach();
  }

  void Add(std::shared_ptr<void> reference) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      waiting_.push_back(std::move(reference));
    }
    added_.notify_one();
  }

 private:
  [[noreturn]] void Run() {
    for (;;) {
      std::vector<std::shared_ptr<void>> batch;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        added_.wait(lock, [this] { return !waiting_.empty(); });
        batch.swap(waiting_);
      }
      batch.clear();  // without the lock: destructors may take their time
    }
  }

  std::mutex mutex_;
  std::condition_variable added_;
  std::vector<std::shared_ptr<void>> waiting_;
};

}  // namespace

void ReleaseElsewhere(std::shared_ptr<void> reference) {
  // Never destroyed: its thread runs until the process ends.
  static auto* const reaper = new Reaper;
  reaper->Add(std::move(reference));
}

}  // namespace enos::flow
