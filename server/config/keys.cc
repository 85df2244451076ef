#include "server/config/keys.h"

#include "server/base/text.h"
#include "server/config/error_line.h"
#include "server/config/values.h"

namespace enos::gateway {
namespace {

std::string ShownPath(const std::string& path) {
  const bool is_path = StartsWith(path, "/") || StartsWith(path, "./") || StartsWith(path, "../");
  return is_path ? Quoted(path, SecretMask()) : "the file name (not shown: it has no directory)";
}

std::optional<std::string> ReadKeyFile(const KeyInfo& key, const std::string& path,
                                       const FileReader& read_file, Settings* settings) {
  constexpr size_t kLineBreak = 2;
  const absl::StatusOr<Secret> content = read_file(path, kMaxKeyBytes + kLineBreak);
  if (!content.ok()) {
    return Concat(key.file_variable, ": ", ShownPath(path), " cannot be read (",
                  std::string(content.status().message()), "), expected a file with ", key.help);
  }
  const std::string_view text = WithoutLineBreak(content->Reveal());
  settings->*key.field = Secret(text);
  settings->*key.file = path;
  if (key.is_valid(text)) return std::nullopt;
  return NotAKey(key, *settings, "", key.expected);
}

}  // namespace

std::string_view SourceOf(const KeyInfo& key, const Settings& settings) {
  return (settings.*key.file).empty() ? key.variable : key.file_variable;
}

std::string NotAKey(const KeyInfo& key, const Settings& settings, std::string_view shown,
                    std::string_view expected) {
  const std::string& path = settings.*key.file;
  std::string what(shown);
  if (!path.empty()) {
    what = Concat("the content of ", ShownPath(path),
                  shown.empty() ? " (not shown)" : Concat(", ", shown, ","));
  } else if (shown.empty()) {
    what = "the value (not shown)";
  }
  return Concat(SourceOf(key, settings), ": ", what, " is not valid, expected ", expected);
}

std::optional<std::string> ReadKey(const KeyInfo& key, const EnvLookup& environment,
                                   const FileReader& read_file, Settings* settings) {
  std::optional<std::string> value = environment(key.variable);
  const std::optional<std::string> path = environment(key.file_variable);
  if (value && path) {
    WipeString(*value);
    return Concat(key.variable, " and ", key.file_variable,
                  ": both are set (not shown), expected only one of them");
  }
  if (path) return ReadKeyFile(key, *path, read_file, settings);
  const bool nothing = !value || value->empty();
  if (nothing && !key.required) return std::nullopt;
  if (!value) {
    return Concat(key.variable, " (or ", key.file_variable, "): missing, expected ", key.help,
                  " in one of these variables");
  }
  const bool valid = key.is_valid(*value);
  settings->*key.field = Secret::TakeFrom(*value);
  if (valid) return std::nullopt;
  return NotAKey(key, *settings, "", key.expected);
}

void RegisterKeyVariables(const EnvLookup& environment, SecretMask* mask) {
  for (const KeyInfo& key : KeyTable()) {
    if (std::optional<std::string> value = environment(key.variable)) {
      mask->Register(*value, SecretLife::kForever);
      WipeString(*value);
    }
  }
}

}  // namespace enos::gateway
