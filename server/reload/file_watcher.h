#ifndef ENOS_SERVER_RELOAD_FILE_WATCHER_H_
#define ENOS_SERVER_RELOAD_FILE_WATCHER_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "server/reload/watched_files.h"

namespace enos::gateway {

// Polls sets of files on a thread of its own: a file system may take its time (a network, a full
// disk), and neither calls nor the upstream event loop may wait for that. A set is reported within
// two intervals of its change. Used from one thread.
class FileWatcher {
 public:
  // interval: between two looks at everything; more than 0.
  explicit FileWatcher(std::chrono::milliseconds interval) : interval_(interval) {}
  ~FileWatcher();  // stops
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  // Before Start. The set's functions are called on the watcher's thread, one at a time, and never
  // after Stop. `known`: see WatchedFiles.
  void Watch(WatchedFileSet set, const FileContents* known);

  // Makes the thread, where there is something to watch.
  void Start();

  // Waits for the look and the call-back that are under way. A second call does nothing.
  void Stop();

 private:
  void Run();

  const std::chrono::milliseconds interval_;
  std::vector<WatchedFiles> sets_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RELOAD_FILE_WATCHER_H_
