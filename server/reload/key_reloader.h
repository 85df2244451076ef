#ifndef ENOS_SERVER_RELOAD_KEY_RELOADER_H_
#define ENOS_SERVER_RELOAD_KEY_RELOADER_H_

#include <functional>
#include <string>
#include <string_view>

#include "server/reload/watched_files.h"
#include "server/token/credentials.h"

namespace enos::gateway {

struct KeyFiles {
  std::string access_key;  // empty: not from a file, and never changed
  std::string secret_key;
};

// Makes EnOS keys of changed key files: both are read together, and one that does not come from a
// file stays as it is. What is no key leaves the old ones in use, with a line in the log and a
// count. Whether EnOS takes the keys is found out by TokenProvider::Rotate. Called on one thread.
class KeyReloader {
 public:
  // first: the keys of the start. use: takes new ones, which the log's mask knows already.
  // on_unusable: for metrics.
  KeyReloader(KeyFiles files, SharedCredentials first, std::function<void(SharedCredentials)> use,
              std::function<void()> on_unusable);

  // Whether there is anything to watch.
  bool HasFiles() const { return !(files_.access_key + files_.secret_key).empty(); }

  // For a FileWatcher, with nothing known. The reloader must outlive it.
  WatchedFileSet WatchedSet();

 private:
  void OnChange(const FileContents& contents);
  void Unusable(std::string_view because);

  const KeyFiles files_;
  SharedCredentials last_;  // that were given
  bool failed_ = false;     // since then
  const std::function<void(SharedCredentials)> use_;
  const std::function<void()> on_unusable_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RELOAD_KEY_RELOADER_H_
