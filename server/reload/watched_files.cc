#include "server/reload/watched_files.h"

#include <openssl/sha.h>

#include <utility>

namespace enos::gateway {
namespace {

// One digest per file, so that nothing can move from one file to the next.
std::string DigestOf(const FileContents& contents) {
  std::string digests;
  for (const Secret& content : contents) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    const std::string_view text = content.Reveal();
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    digests.append(reinterpret_cast<const char*>(digest), sizeof(digest));
  }
  return digests;
}

}  // namespace

WatchedFiles::WatchedFiles(WatchedFileSet set, const FileContents* known)
    : set_(std::move(set)), reported_(known == nullptr ? "" : DigestOf(*known)) {}

void WatchedFiles::Poll() {
  absl::StatusOr<FileContents> contents = ReadFilesTogether(set_.paths, set_.max_bytes);
  std::string state =
      contents.ok() ? DigestOf(*contents) : std::string(contents.status().message());
  const bool settled = state == seen_;
  seen_ = std::move(state);
  if (!settled || seen_ == reported_) return;
  reported_ = seen_;
  if (contents.ok()) {
    set_.on_change(*std::move(contents));
  } else {
    set_.on_unreadable(reported_);
  }
}

}  // namespace enos::gateway
