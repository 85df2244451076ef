#include "server/reload/tls_reloader.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <utility>

#include "server/log/log.h"

namespace enos::gateway {
namespace {

std::string AsText(WallTime time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromChrono(time), absl::UTCTimeZone());
}

}  // namespace

std::string Describe(const TlsProblem& problem, const TlsFiles& files) {
  const std::string* path = &files.certificate;
  if (problem.in == TlsProblem::In::kKey) path = &files.key;
  if (problem.in == TlsProblem::In::kClientCa) path = &files.client_ca;
  return absl::StrCat("\"", *path, "\": ", problem.why);
}

TlsReloader::TlsReloader(TlsFiles files, std::function<WallTime()> now,
                         std::function<void(TlsMaterial)> use, TlsEvents events)
    : files_(std::move(files)),
      now_(std::move(now)),
      use_(std::move(use)),
      events_(std::move(events)) {}

WatchedFileSet TlsReloader::WatchedSet() {
  WatchedFileSet set;
  set.paths = files_.Paths();
  set.max_bytes = kMaxTlsFileBytes;
  set.on_change = [this](FileContents contents) { OnChange(std::move(contents)); };
  set.on_unreadable = [this](const std::string& failure) { Refused(failure); };
  return set;
}

void TlsReloader::OnChange(FileContents contents) {
  TlsMaterial material = MaterialOf(std::move(contents));
  if (const auto problem = FindTlsProblem(material)) return Refused(Describe(*problem, files_));
  const TlsValidity validity = ValidityOf(material);
  use_(std::move(material));
  events_.on_reload(true);
  // Last: readers may rely on it.
  Log(LogLevel::kInfo, "certificate reloaded", {{"until", AsText(validity.until)}});
  TellValidity(validity);
}

void TlsReloader::Refused(const std::string& because) {
  events_.on_reload(false);
  Log(LogLevel::kWarning, "certificate not reloaded, the old one stays in use",
      {{"because", because}});
}

void TlsReloader::TellValidity(const TlsValidity& validity) {
  events_.on_expiry(validity.until);
  const WallTime now = now_();
  if (now >= validity.until) {
    Log(LogLevel::kWarning, "certificate is expired: clients refuse it",
        {{"file", files_.certificate}, {"until", AsText(validity.until)}});
  } else if (now < validity.from) {
    Log(LogLevel::kWarning, "certificate is not valid yet: clients refuse it",
        {{"file", files_.certificate}, {"from", AsText(validity.from)}});
  }
}

}  // namespace enos::gateway
