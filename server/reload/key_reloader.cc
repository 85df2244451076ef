#include "server/reload/key_reloader.h"

#include <utility>

#include "server/config/values.h"
#include "server/log/log.h"

namespace enos::gateway {
namespace {

constexpr size_t kMaxFileBytes = kMaxKeyBytes + 2;  // and a line break

}  // namespace

KeyReloader::KeyReloader(KeyFiles files, SharedCredentials first,
                         std::function<void(SharedCredentials)> use,
                         std::function<void()> on_unusable)
    : files_(std::move(files)),
      last_(std::move(first)),
      use_(std::move(use)),
      on_unusable_(std::move(on_unusable)) {}

WatchedFileSet KeyReloader::WatchedSet() {
  WatchedFileSet set;
  for (const std::string& path : {files_.access_key, files_.secret_key}) {
    if (!path.empty()) set.paths.push_back(path);
  }
  set.max_bytes = kMaxFileBytes;
  set.on_change = [this](const FileContents& contents) { OnChange(contents); };
  set.on_unreadable = [this](const std::string& failure) { Unusable(failure); };
  return set;
}

void KeyReloader::OnChange(const FileContents& contents) {
  std::string_view access_key = last_->access_key.Reveal();
  std::string_view secret_key = last_->secret_key.Reveal();
  auto next = contents.begin();
  if (!files_.access_key.empty()) access_key = WithoutLineBreak((next++)->Reveal());
  if (!files_.secret_key.empty()) secret_key = WithoutLineBreak(next->Reveal());
  if (!IsKeyText(access_key)) return Unusable("the file with the access key holds no key");
  if (!IsKeyText(secret_key)) return Unusable("the file with the secret key holds no key");
  const bool same =
      access_key == last_->access_key.Reveal() && secret_key == last_->secret_key.Reveal();
  // Applied again after a failure, so that those who count know that it is over.
  if (same && !std::exchange(failed_, false)) return;
  failed_ = false;
  if (!same) {
    RegisterSecret(access_key, SecretLife::kForever);
    RegisterSecret(secret_key, SecretLife::kForever);
    last_ = ShareCredentials(Secret(access_key), Secret(secret_key),
                             Secret(last_->secret_key.Reveal()));
  }
  use_(last_);
}

void KeyReloader::Unusable(std::string_view because) {
  failed_ = true;
  on_unusable_();
  Log(LogLevel::kWarning, "keys not reloaded, the old ones stay in use", {{"because", because}});
}

}  // namespace enos::gateway
