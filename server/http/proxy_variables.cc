#include "server/http/proxy_variables.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace enos::gateway {
namespace {

template <typename Predicate>
bool AnyVariable(Predicate fits) {
  constexpr std::array kVariables = {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy",
                                     "ALL_PROXY"};
  return std::any_of(kVariables.begin(), kVariables.end(), [&](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && fits(absl::string_view(value));
  });
}

}  // namespace

bool ProxyIsConfigured() {
  return AnyVariable([](absl::string_view value) { return !value.empty(); });
}

bool TlsProxyIsConfigured() {
  return AnyVariable(
      [](absl::string_view value) { return absl::StartsWithIgnoreCase(value, "https:"); });
}

}  // namespace enos::gateway
