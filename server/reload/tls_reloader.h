#ifndef ENOS_SERVER_RELOAD_TLS_RELOADER_H_
#define ENOS_SERVER_RELOAD_TLS_RELOADER_H_

#include <functional>
#include <string>

#include "server/reload/watched_files.h"
#include "server/tls/tls_material.h"

namespace enos::gateway {

// What happens to certificates, for metrics.
struct TlsEvents {
  std::function<void(bool ok)> on_reload;  // changed files are in use, or could not be used
  // The current certificate is valid until then.
  std::function<void(WallTime until)> on_expiry;
};

// Decides whether to use changed certificate files: material without a problem is used; otherwise
// the current one stays in use, with a log line and a count. A certificate that is expired or not
// yet valid is still used (it may be the only one the operator has, and the clock may be wrong),
// with a warning. Called on one thread.
class TlsReloader {
 public:
  // now: this machine's wall clock. use: applies material without a problem.
  TlsReloader(TlsFiles files, std::function<WallTime()> now, std::function<void(TlsMaterial)> use,
              TlsEvents events);

  // The validity of the material in use from the start.
  void Started(const TlsValidity& validity) { TellValidity(validity); }

  // For a FileWatcher. The reloader must outlive it.
  WatchedFileSet WatchedSet();

 private:
  void OnChange(FileContents contents);
  void Refused(const std::string& because);
  void TellValidity(const TlsValidity& validity);

  const TlsFiles files_;
  const std::function<WallTime()> now_;
  const std::function<void(TlsMaterial)> use_;
  const TlsEvents events_;
};

// The file that has the problem, and the problem: "\"/tls/tls.key\": it is encrypted".
std::string Describe(const TlsProblem& problem, const TlsFiles& files);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RELOAD_TLS_RELOADER_H_
