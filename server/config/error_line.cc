#include "server/config/error_line.h"

#include "server/base/text.h"
#include "server/log/log_format.h"

namespace enos::gateway {
namespace {

constexpr size_t kMaxShownBytes = 200;

std::string WithoutPasswords(std::string_view value) {
  std::string shown(value);
  const size_t query = shown.find('?');
  if (query != std::string::npos) shown.replace(query + 1, std::string::npos, "***");
  const size_t user_end = shown.rfind('@');
  if (user_end == std::string::npos) return shown;
  const size_t scheme_end = shown.find("://");
  const size_t user = scheme_end < user_end ? scheme_end + 3 : 0;
  return shown.replace(user, user_end - user, "***");
}

}  // namespace

std::string NameOf(const SettingInfo& setting, Origin origin) {
  if (setting.variable.empty()) return std::string(setting.flag);
  return origin == Origin::kVariable ? Concat(setting.variable, " (", setting.flag, ")")
                                     : Concat(setting.flag, " (", setting.variable, ")");
}

std::string Quoted(std::string_view value, const SecretMask& keys) {
  // Masked first: a truncated key would not be recognized.
  std::string shown(value);
  keys.Apply(&shown);
  shown = WithoutPasswords(shown);
  if (shown.size() > kMaxShownBytes) shown = shown.substr(0, kMaxShownBytes) + "...";
  std::string line;
  AppendLogValue(shown, &line);
  return StartsWith(line, "\"") ? line : Concat("\"", line, "\"");
}

}  // namespace enos::gateway
