#include "server/reload/access_files.h"

#include <memory>
#include <utility>

#include "server/base/text.h"
#include "server/identity/jwt_keys.h"
#include "server/log/log.h"
#include "server/policy/parse_policy.h"

namespace enos::gateway {

AccessFiles::AccessFiles(AccessControl& control, AccessFileOptions options, OnReload on_reload)
    : control_(control),
      tokens_(std::move(options.tokens)),
      on_reload_(std::move(on_reload)),
      policy_{AccessFile::kPolicy,
              "--policy_file (ENOS_GATEWAY_POLICY_FILE)",
              "policy reloaded",
              "policy not reloaded, the old one stays in use",
              std::move(options.policy_file),
              kMaxPolicyBytes,
              [this](std::string_view content) { return UsePolicy(content); },
              {}},
      keys_{AccessFile::kJwtKeys,
            "--jwt_keys_file (ENOS_GATEWAY_JWT_KEYS_FILE)",
            "keys of tokens reloaded",
            "keys of tokens not reloaded, the old ones stay in use",
            std::move(options.jwt_keys_file),
            kMaxKeyFileBytes,
            [this](std::string_view content) { return UseKeys(content); },
            {}} {}

std::optional<std::string> AccessFiles::UsePolicy(std::string_view content) {
  auto parsed = ParsePolicy(content);
  if (!parsed.ok()) return std::string(parsed.status().message());
  control_.SetPolicy(std::make_shared<const Policy>(*std::move(parsed)));
  return std::nullopt;
}

std::optional<std::string> AccessFiles::UseKeys(std::string_view content) {
  auto parsed = ParseJwtKeys(content);
  if (!parsed.ok()) return std::string(parsed.status().message());
  control_.SetTokens(std::make_shared<TokenVerifier>(*std::move(parsed), tokens_));
  return std::nullopt;
}

std::optional<std::string> AccessFiles::Load() {
  for (File* file : {&policy_, &keys_}) {
    if (file->path.empty()) continue;
    if (auto error = LoadFile(*file)) return error;
  }
  return std::nullopt;
}

std::optional<std::string> AccessFiles::LoadFile(File& file) {
  auto contents = ReadFilesTogether({file.path}, file.max_bytes);
  if (!contents.ok()) return Concat(file.setting, ": ", std::string(contents.status().message()));
  file.known = *std::move(contents);
  const auto error = file.use(file.known.front().Reveal());
  if (!error) return std::nullopt;
  return Concat(file.setting, ": \"", file.path, "\" is not valid: ", *error);
}

void AccessFiles::Watch(FileWatcher& watcher) {
  for (File* file : {&policy_, &keys_}) {
    if (file->path.empty()) continue;
    WatchedFileSet set;
    set.paths = {file->path};
    set.max_bytes = file->max_bytes;
    set.on_change = [this, file](const FileContents& contents) {
      Report(*file, file->use(contents.front().Reveal()));
    };
    set.on_unreadable = [this, file](const std::string& failure) { Report(*file, failure); };
    watcher.Watch(std::move(set), &file->known);
    file->known.clear();
  }
}

void AccessFiles::Report(const File& file, const std::optional<std::string>& failure) {
  on_reload_(file.file, !failure);
  if (failure) {
    Log(LogLevel::kWarning, file.kept, {{"file", file.path}, {"because", *failure}});
  } else {
    Log(LogLevel::kInfo, file.reloaded, {{"file", file.path}});
  }
}

}  // namespace enos::gateway
