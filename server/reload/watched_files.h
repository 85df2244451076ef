#ifndef ENOS_SERVER_RELOAD_WATCHED_FILES_H_
#define ENOS_SERVER_RELOAD_WATCHED_FILES_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "server/base/read_file.h"

namespace enos::gateway {

// Files that belong together (a certificate and its key), and whom to tell when they change.
struct WatchedFileSet {
  std::vector<std::string> paths;
  size_t max_bytes = 1 << 20;  // of each
  // Gets what all of them hold now, in the order of `paths`; whether it is of any use is for the
  // receiver to find out. Called again after on_unreadable, even if nothing else changed.
  std::function<void(FileContents contents)> on_change;
  // Gets why a file cannot be read (ReadFilesTogether); called once until that changes.
  std::function<void(const std::string& failure)> on_unreadable;
};

// Finds changes of a set of files by reading them. Their contents are compared, not their times:
// Kubernetes replaces mounted files by swapping a symbolic link above them, which changes nothing
// of a file itself, and which inotify shows only to those who know of that link.
//
// What was found is reported when two polls in a row find the same. So a file that is half written,
// or a pair of which one is still the old one, is not taken for the new state while somebody writes
// it; a pair that stays half replaced for longer is reported, and refused by the receiver.
//
// Keeps a digest of the contents, not the contents. Not thread-safe; FileWatcher has the thread.
class WatchedFiles {
 public:
  // known: what the receiver has already, read at the start; null: nothing, so that the first state
  // is reported, too.
  WatchedFiles(WatchedFileSet set, const FileContents* known);

  // Looks at the files and calls back, from within, where there is something to tell.
  void Poll();

 private:
  WatchedFileSet set_;
  // A digest of the contents, or a failure; empty: none.
  std::string seen_;
  std::string reported_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RELOAD_WATCHED_FILES_H_
