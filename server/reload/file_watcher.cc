#include "server/reload/file_watcher.h"

#include <pthread.h>

#include <utility>

namespace enos::gateway {

FileWatcher::~FileWatcher() { Stop(); }

void FileWatcher::Watch(WatchedFileSet set, const FileContents* known) {
  sets_.emplace_back(std::move(set), known);
}

void FileWatcher::Start() {
  if (!sets_.empty()) thread_ = std::thread([this] { Run(); });
}

void FileWatcher::Stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FileWatcher::Run() {
  pthread_setname_np(pthread_self(), "enos-files");
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval_, [this] { return ending_; })) {
    lock.unlock();
    for (WatchedFiles& files : sets_) files.Poll();
    lock.lock();
  }
}

}  // namespace enos::gateway
