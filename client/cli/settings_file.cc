#include "settings_file.h"

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "document.h"
#include "read_file.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

// Empty: there is no such place.
std::string UsualPlace(const Environment& environment) {
  std::string folder = environment("XDG_CONFIG_HOME").value_or("");
  if (folder.empty()) {
    const std::string home = environment("HOME").value_or("");
    if (home.empty()) return "";
    folder = home + "/.config";
  }
  return folder + "/enos-flow/config.yaml";
}

absl::Status Wrong(absl::string_view place, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(place, ": ", problem));
}

std::string Suggestion(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    for (const Flag& flag : command.flags) {
      if (IsSetting(flag)) names.emplace_back(flag.name);
    }
  }
  const std::string meant = Meant(name, names);
  return meant.empty() ? "; see" : absl::StrCat("; did you mean ", meant, "? See");
}

// Between --tls and --plaintext the first source that sets either decides.
bool IsDecided(const FlagValues& values, const std::string& name) {
  if (name == "tls" || name == "plaintext") {
    return values.count("tls") + values.count("plaintext") > 0;
  }
  return values.count(name) > 0;
}

// `place`: of the file, in messages.
absl::Status Add(const Document& document, const std::string& place, CommandLine& line) {
  if (document.kind == Document::Kind::kNull) return absl::OkStatus();  // an empty file
  if (document.kind != Document::Kind::kMap) {
    return Wrong(place, "expected settings, for example address: gateway.example.com:443");
  }
  const FlagValues before = line.values;
  std::set<std::string> seen;
  for (size_t i = 0; i < document.keys.size(); ++i) {
    const std::string& name = document.keys[i];
    const std::string here = absl::StrCat(place, ":", document.lines[i], ": ", Excerpt(name));
    const Flag* const flag = FindFlag(name);
    if (flag == nullptr || !IsSetting(*flag)) {
      return Wrong(here, absl::StrCat("not a setting", Suggestion(name), " enos-flow --help"));
    }
    if (!seen.insert(name).second) return Wrong(here, "expected only once");
    if (document.items[i].kind != Document::Kind::kText) return Wrong(here, "expected a string");
    // The file is for all commands; this one may not have the flag.
    if (FindFlag(*line.command, name) == nullptr || IsDecided(before, name)) continue;
    line.values[name] = {document.items[i].text};
    line.places[name] = here;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AddSettingsFile(CommandLine& line, const Environment& environment) {
  const auto given = line.values.find("config");
  const bool named = given != line.values.end();
  const std::string path = named ? given->second.front() : UsualPlace(environment);
  if (path.empty()) return absl::OkStatus();
  std::istringstream no_input;
  const auto text =
      path == "-" ? absl::InvalidArgumentError("expected a file") : ReadFile(path, no_input);
  if (!named && absl::IsNotFound(text.status())) return absl::OkStatus();
  const std::string place = absl::StrCat(named ? "--config=" : "", Excerpt(path));
  if (!text.ok()) return Wrong(place, text.status().message());
  const auto document = ParseYaml(*text);
  if (!document.ok()) return Wrong(place, document.status().message());
  return Add(*document, place, line);
}

}  // namespace enos::flow::cli
