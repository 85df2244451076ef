#include "server/policy/caller_pattern.h"

#include <algorithm>

#include "server/base/text.h"

namespace enos::gateway {
namespace {

// "scheme://host/" at least, so that the prefix stays within one authority.
bool IsUriPrefix(std::string_view prefix) {
  const size_t scheme_end = prefix.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0 || prefix.back() != '/') return false;
  const size_t host = scheme_end + 3;
  const size_t host_end = prefix.find('/', host);
  return host_end != std::string_view::npos && host_end > host;
}

std::optional<CallerPattern> PrefixPattern(std::string_view kind, std::string_view name) {
  const std::string_view prefix = name.substr(0, name.size() - 1);
  if (prefix.empty() || prefix.find('*') != std::string_view::npos) return std::nullopt;
  if (!MayMatchPrefix(prefix)) return std::nullopt;
  const bool is_subject = kind == kSubjectPrefix && EndsPrefix(prefix.back());
  const bool is_uri = kind == kUriPrefix && IsUriPrefix(prefix);
  if (!is_subject && !is_uri) return std::nullopt;
  return CallerPattern{CallerPattern::Kind::kPrefix, std::string(kind) + std::string(prefix)};
}

}  // namespace

std::optional<CallerPattern> ParseCallerPattern(std::string_view text) {
  if (text == "*") return CallerPattern{CallerPattern::Kind::kAny, ""};
  if (text.size() > kMaxIdentityBytes || !IsPlainName(text)) return std::nullopt;
  for (const std::string_view kind : {kUriPrefix, kDnsPrefix, kSubjectPrefix}) {
    if (!StartsWith(text, kind)) continue;
    const std::string_view name = text.substr(kind.size());
    if (name.empty()) return std::nullopt;
    if (name.back() == '*') return PrefixPattern(kind, name);
    if (name.find('*') != std::string_view::npos) return std::nullopt;
    if (kind != kDnsPrefix) return CallerPattern{CallerPattern::Kind::kExact, std::string(text)};
    if (!HasDnsNameCharacters(name)) return std::nullopt;
    return CallerPattern{CallerPattern::Kind::kExact, LowerCase(text)};
  }
  return std::nullopt;
}

bool MayMatchPrefix(std::string_view identity) {
  if (identity.find('%') != std::string_view::npos) return false;
  size_t start = 0;
  while (start <= identity.size()) {
    const size_t end = std::min(identity.find('/', start), identity.size());
    const std::string_view part = identity.substr(start, end - start);
    if (part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

}  // namespace enos::gateway
