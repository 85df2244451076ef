#ifndef ENOS_SERVER_RELOAD_ACCESS_FILES_H_
#define ENOS_SERVER_RELOAD_ACCESS_FILES_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/access/access_control.h"
#include "server/reload/file_watcher.h"

namespace enos::gateway {

// Where the policy and the keys of tokens are; an empty path: not at all.
struct AccessFileOptions {
  std::string policy_file;    // --policy_file
  std::string jwt_keys_file;  // --jwt_keys_file
  TokenRules tokens;          // --jwt_issuer, --jwt_audience
};

enum class AccessFile { kPolicy, kJwtKeys };

// Puts the policy and the keys into an AccessControl, at the start and whenever the files change.
// What cannot be read or is not valid changes nothing then: the log says why (a warning, once), and
// `on_reload` is told. Used from one thread; the functions that it gives to the watcher are for the
// watcher's.
class AccessFiles {
 public:
  // A file changed; whether its content is in use now.
  using OnReload = std::function<void(AccessFile file, bool ok)>;

  // The control must outlive this object, and this object the watcher's thread.
  AccessFiles(AccessControl& control, AccessFileOptions options, OnReload on_reload);

  // Reads both, before the first call. The error is one line that names the setting, the path, the
  // place in the file and what is expected.
  std::optional<std::string> Load();

  // From now on they are looked at. After Load, before the watcher's start.
  void Watch(FileWatcher& watcher);

 private:
  struct File {
    AccessFile file;
    std::string_view setting;   // for the error at the start
    std::string_view reloaded;  // events of the log
    std::string_view kept;
    std::string path;
    size_t max_bytes = 0;
    // Puts the content to use; the error is why it cannot be.
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
