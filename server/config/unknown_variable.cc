#include "server/config/unknown_variable.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "server/base/edit_distance.h"
#include "server/base/text.h"
#include "server/config/error_line.h"
#include "server/config/setting_table.h"

namespace enos::gateway {
namespace {

constexpr std::string_view kPrefix = "ENOS_GATEWAY_";
// Of longer ones it is not worth asking what they resemble.
constexpr size_t kLongestName = 100;

// ..._PORT_50051_TCP, and ..._PORT_50051_TCP_ADDR and the like.
bool IsPortOfService(std::string_view name) {
  constexpr std::string_view kPort = "_PORT_";
  const size_t port = name.find(kPort);
  if (port == std::string_view::npos) return false;
  const std::string_view number = name.substr(port + kPort.size());
  const size_t end = number.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos) return false;
  const std::string_view protocol = number.substr(end);
  return StartsWith(protocol, "_TCP") || StartsWith(protocol, "_UDP") ||
         StartsWith(protocol, "_SCTP");
}

// Made by Kubernetes for each Service:
// https://kubernetes.io/docs/concepts/services-networking/service/
bool IsOfService(std::string_view name) {
  return EndsWith(name, "_SERVICE_HOST") || Contains(name, "_SERVICE_PORT") ||
         EndsWith(name, "_PORT") || IsPortOfService(name);
}

std::set<std::string_view> KnownVariables() {
  std::set<std::string_view> known;
  for (const SettingInfo& setting : SettingTable()) known.insert(setting.variable);
  for (const KeyInfo& key : KeyTable()) known.insert({key.variable, key.file_variable});
  for (const RemovedSetting& removed : RemovedSettings()) known.insert(removed.variable);
  return known;
}

// "policy_file", of a variable or a flag.
std::string Stem(std::string_view name) {
  std::string stem = LowerCase(name);
  for (const std::string_view start : {"--", "enos_gateway_", "enos_"}) {
    if (StartsWith(stem, start)) stem.erase(0, start.size());
  }
  return stem;
}

// What `name` resembles most, as the user should write it; empty: nothing.
std::string Resembled(std::string_view name) {
  const std::string stem = Stem(name);
  size_t nearest = std::max<size_t>(2, stem.size() / 3) + 1;
  std::string resembled;
  const auto compare = [&](std::string_view with, std::string suggestion) {
    const size_t distance = EditDistance(stem, Stem(with));
    if (distance >= nearest) return;
    nearest = distance;
    resembled = std::move(suggestion);
  };
  for (const SettingInfo& setting : SettingTable()) {
    const std::string suggestion = NameOf(setting, Origin::kVariable);
    if (!setting.variable.empty()) compare(setting.variable, suggestion);
    compare(setting.flag, suggestion);
  }
  for (const KeyInfo& key : KeyTable()) {
    for (const std::string_view variable : {key.variable, key.file_variable})
      compare(variable, std::string(variable));
  }
  return resembled;
}

}  // namespace

std::optional<std::string> FindUnknownVariable(const std::vector<std::string>& names,
                                               const SecretMask& keys) {
  const std::set<std::string_view> known = KnownVariables();
  for (const std::string& name : names) {
    if (!StartsWith(name, kPrefix) || known.count(name) > 0 || IsOfService(name)) continue;
    const std::string resembled = name.size() > kLongestName ? "" : Resembled(name);
    return Concat(Quoted(name, keys), ": unknown variable, expected ",
                  resembled.empty() ? "one of those that --help lists" : resembled);
  }
  return std::nullopt;
}

}  // namespace enos::gateway
