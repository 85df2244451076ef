#ifndef ENOS_SERVER_RELOAD_ACCESS_FILES_H_
#define ENOS_SERVER_RELOAD_ACCESS_FILES_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/access/access_control.h"
#include "server/reload/file_watcher.h"

namespace enos::gateway {

// The paths of the policy and of the keys of tokens; an empty path: not used.
struct AccessFileOptions {
  std::string policy_file;    // --policy_file
  std::string jwt_keys_file;  // --jwt_keys_file
  TokenRules tokens;          // --jwt_issuer, --jwt_audience
};

enum class AccessFile { kPolicy, kJwtKeys };

// Loads the policy and the keys into an AccessControl, at the start and whenever the files change.
// Later, unreadable or invalid files change nothing: the log says why (a warning, once), and
// `on_reload` is called. Used from one thread; the functions that it gives to the watcher are
// called by the watcher.
class AccessFiles {
 public:
  // A file changed; whether its content is in use now.
  using OnReload = std::function<void(AccessFile file, bool ok)>;

  // The control must outlive this object, and this object the watcher's thread.
  AccessFiles(AccessControl& control, AccessFileOptions options, OnReload on_reload);

  // Reads both, before the first call. The error is one line with the setting, the path, the
  // position in the file and what is expected.
  std::optional<std::string> Load();

  // From now on they are watched. After Load, before the watcher's start.
  void Watch(FileWatcher& watcher);

 private:
  struct File {
    AccessFile file;
    std::string_view setting;   // for the error at the start
    std::string_view reloaded;  // events of the log
    std::string_view kept;
    std::string path;
    size_t max_bytes = 0;
    // Applies the content; the error is why it cannot be used.
    std::function<std::optional<std::string>(std::string_view content)> use;
    FileContents known;
  };

  std::optional<std::string> UsePolicy(std::string_view content);
  std::optional<std::string> UseKeys(std::string_view content);
  std::optional<std::string> LoadFile(File& file);
  void Report(const File& file, const std::optional<std::string>& failure);

  AccessControl& control_;
  const TokenRules tokens_;
  const OnReload on_reload_;
  File policy_;
  File keys_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RELOAD_ACCESS_FILES_H_
