#ifndef ENOS_SERVER_RELOAD_TLS_RELOADER_H_
#define ENOS_SERVER_RELOAD_TLS_RELOADER_H_

#include <functional>
#include <string>

#include "server/reload/watched_files.h"
#include "server/tls/tls_material.h"

namespace enos::gateway {

// What becomes of certificates, for metrics.
struct TlsEvents {
  std::function<void(bool ok)> on_reload;  // changed files were taken, or could not be used
  // What is in use now is valid until then.
  std::function<void(WallTime until)> on_expiry;
};

// Decides what changed certificate files are worth: material without a problem is used, anything
// else leaves what there was in use, with a line in the log and a count. A certificate that is
// expired or not yet valid is used all the same (it may be what the operator has, and the clock may
// be wrong), with a warning. Called on one thread.
class TlsReloader {
 public:
  // now: this machine's wall clock. use: takes material without a problem over.
  TlsReloader(TlsFiles files, std::function<WallTime()> now, std::function<void(TlsMaterial)> use,
              TlsEvents events);

  // The validity of what is in use from the start.
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

// The file that has the problem, and what it is: "\"/tls/tls.key\": it is encrypted".
std::string Describe(const TlsProblem& problem, const TlsFiles& files);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RELOAD_TLS_RELOADER_H_
