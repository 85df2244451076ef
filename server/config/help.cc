#include "server/config/help.h"

#include <string_view>

#include "server/base/text.h"
#include "server/config/error_line.h"
#include "server/config/setting_table.h"

namespace enos::gateway {
namespace {

constexpr size_t kWidth = 80;

// A paragraph, each line indented by `indent` spaces.
std::string Wrapped(std::string_view text, size_t indent) {
  std::string wrapped;
  std::string line;
  for (const std::string_view word : Split(text, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
      wrapped += Concat(line, "\n");
      line.clear();
    }
    line += Concat(line.empty() ? std::string(indent, ' ') : " ", word);
  }
  return Concat(wrapped, line, "\n");
}

std::string Entry(const SettingInfo& setting) {
  const std::string flag = setting.IsSwitch() ? Concat(setting.flag, "[=true|false]")
                                              : Concat(setting.flag, "=", setting.value_name);
  const std::string end = setting.required ? "required]"
                          : setting.default_text.empty()
                              ? "default: none]"
                              : Concat("default: ", setting.default_text, "]");
  const std::string start = setting.variable.empty() ? "[" : Concat("[", setting.variable, ", ");
  return Concat("  ", flag, "\n", Wrapped(setting.help, 6), Wrapped(Concat(start, end), 6));
}

std::string SettingEntries() {
  std::string text;
  std::string_view group;
  for (const SettingInfo& setting : SettingTable()) {
    if (setting.group != group) text += Concat("\n", setting.group, ":\n");
    group = setting.group;
    text += Concat(Entry(setting));
  }
  return text;
}

std::string Keys() {
  std::string text = "\nSecrets (never as flags, because other users can read those):\n";
  for (const KeyInfo& key : KeyTable()) {
    text += Concat(
        "  ", key.variable, ", or ", key.file_variable, key.required ? "   [required]" : "", "\n",
        Wrapped(Concat("Holds ", key.help, "; the second variable names a file that holds it."),
                6));
  }
  return text;
}

constexpr std::string_view kExamples = R"(
Other flags:
  -h, --help     Print this text.
  --version      Print the version.

Examples:
  With EnOS; the keys come from files, as Docker and Kubernetes mount them:
    export ENOS_ACCESS_KEY_FILE=/run/secrets/access_key
    export ENOS_SECRET_KEY_FILE=/run/secrets/secret_key
    enos-flow-gateway --enos_url=https://apim.example.com

  First of all, whether that would work:
    enos-flow-gateway --enos_url=https://apim.example.com --check

  With a local EnOS, all from the environment:
    ENOS_API_URL=http://127.0.0.1:8080 ENOS_ACCESS_KEY=... ENOS_SECRET_KEY=... \
      enos-flow-gateway

Exit status:
  0  normal exit: SIGTERM, SIGINT, --help, --version
  1  could not start or continue, for example because a port is in use; a check
     failed (--check)
  2  a setting is wrong or missing; one line on standard error says which
)";

}  // namespace

std::string HelpText() {
  return Concat(
      kProgramName,
      ": a gRPC gateway that starts EnOS batch processing flows.\n\nUsage: ", kProgramName,
      " --enos_url=https://HOST[:PORT] [--name=value]...\n\n",
      Wrapped("Each setting is given as a flag (--name=value or --name value) or as an environment "
              "variable (in brackets, with the default); a flag overrides its variable. A switch "
              "alone means true. Durations are written like 30s, 500ms or 1m30s.",
              0),
      SettingEntries(), Keys(), kExamples);
}

std::string VersionText() { return Concat(kProgramName, " ", ENOS_GATEWAY_VERSION, "\n"); }

}  // namespace enos::gateway
