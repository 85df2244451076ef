#include "server/identity/caller_name.h"

#include <algorithm>

#include "server/base/text.h"

namespace enos::gateway {

bool IsPlainName(std::string_view name) {
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7F'; });
}

bool HasDnsNameCharacters(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    const char lower = LowerLetter(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::optional<std::string> IdentityOfUri(std::string_view uri) {
  if (uri.empty() || uri.size() + kUriPrefix.size() > kMaxIdentityBytes || !IsPlainName(uri))
    return std::nullopt;
  return Concat(kUriPrefix, uri);
}

std::optional<std::string> IdentityOfDnsName(std::string_view name) {
  if (!HasDnsNameCharacters(name) || name.size() + kDnsPrefix.size() > kMaxIdentityBytes)
    return std::nullopt;
  return Concat(kDnsPrefix, LowerCase(name));
}

}  // namespace enos::gateway
