#ifndef ENOS_SERVER_RELOAD_WATCHED_FILES_H_
#define ENOS_SERVER_RELOAD_WATCHED_FILES_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "server/base/read_file.h"

namespace enos::gateway {

// Files that belong together (a certificate and its key), and whom to notify when they change.
struct WatchedFileSet {
  std::vector<std::string> paths;
  size_t max_bytes = 1 << 20;  // of each
  // Receives the current content of all of them, in the order of `paths`; the receiver decides
  // whether it is usable. Called again after on_unreadable, even if nothing else changed.
  std::function<void(FileContents contents)> on_change;
  // Receives the reason why a file cannot be read (ReadFilesTogether); called once until that
  // changes.
  std::function<void(const std::string& failure)> on_unreadable;
};

// Detects changes in a set of files by reading them. Compares contents, not times: Kubernetes
// replaces mounted files by swapping a symbolic link above them, which changes nothing about a file
// itself, and which inotify shows only to those who watch that link.
//
// A state is reported once two consecutive polls agree. So a partly written file, or a pair of
// which one is still old, is not taken for the new state while somebody is writing it; a pair that
// stays half replaced for longer is reported, and refused by the receiver.
//
// Keeps a digest of the contents, not the contents. Not thread-safe; FileWatcher has the thread.
class WatchedFiles {
 public:
  // known: what the receiver already has, read at the start; null: nothing, so that the first state
  // is reported too.
  WatchedFiles(WatchedFileSet set, const FileContents* known);

  // Polls the files and calls back synchronously if there is something to report.
  void Poll();

 private:
  WatchedFileSet set_;
  // A digest of the contents, or a failure; empty: none.
  std::string seen_;
  std::string reported_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RELOAD_WATCHED_FILES_H_
