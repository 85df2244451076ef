#ifndef ENOS_SERVER_RELOAD_FILE_WATCHER_H_
#define ENOS_SERVER_RELOAD_FILE_WATCHER_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "server/reload/watched_files.h"

namespace enos::gateway {

// Polls sets of files on its own thread: a file system may be slow (a network, a full disk), and
// neither calls nor the upstream event loop may wait for that. A change of a set is reported within
// two intervals. Used from one thread.
class FileWatcher {
 public:
  // interval: time between polls; more than 0.
  explicit FileWatcher(std::chrono::milliseconds interval) : interval_(interval) {}
  ~FileWatcher();  // stops
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  // Before Start. The set's functions are called on the watcher's thread, one at a time, and never
  // after Stop. `known`: see WatchedFiles.
  void Watch(WatchedFileSet set, const FileContents* known);

  // Starts the thread, if there is something to watch.
  void Start();

  // Waits for a running poll and call-back. A second call does nothing.
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
