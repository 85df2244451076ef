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

// Loads EnOS keys from changed key files: both are read together, and a key that does not come from
// a file stays the same. If the content is not a key, the old keys stay in use, with a log line and
// a count. TokenProvider::Rotate finds out whether EnOS accepts the keys. Called on one thread.
class KeyReloader {
 public:
  // first: the initial keys. use: applies new ones, which are already masked in the log.
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
  SharedCredentials last_;  // that were applied
  bool failed_ = false;     // since then
  const std::function<void(SharedCredentials)> use_;
  const std::function<void()> on_unusable_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RELOAD_KEY_RELOADER_H_
