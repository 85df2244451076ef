#include "server/policy/caller_pattern.h"

#include <algorithm>

namespace enos::gateway {
namespace {

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool IsControl(char c) { return (c >= '\0' && c < ' ') || c == '\x7F'; }

// Nothing that a reader of the policy or of the log would not see.
bool IsPlain(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](char c) { return IsControl(c) || c == ' '; });
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool IsDnsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

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
  if (text.size() > kMaxIdentityBytes || !IsPlain(text)) return std::nullopt;
  for (const std::string_view kind : {kUriPrefix, kDnsPrefix, kSubjectPrefix}) {
    if (!StartsWith(text, kind)) continue;
    const std::string_view name = text.substr(kind.size());
    if (name.empty()) return std::nullopt;
    if (name.back() == '*') return PrefixPattern(kind, name);
    if (name.find('*') != std::string_view::npos) return std::nullopt;
    if (kind != kDnsPrefix) return CallerPattern{CallerPattern::Kind::kExact, std::string(text)};
    if (!IsDnsName(name)) return std::nullopt;
    return CallerPattern{CallerPattern::Kind::kExact, Lower(text)};
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

std::optional<std::string> IdentityOfUri(std::string_view uri) {
  if (uri.empty() || uri.size() + kUriPrefix.size() > kMaxIdentityBytes || !IsPlain(uri))
    return std::nullopt;
  return std::string(kUriPrefix) + std::string(uri);
}

std::optional<std::string> IdentityOfDnsName(std::string_view name) {
  if (!IsDnsName(name) || name.size() + kDnsPrefix.size() > kMaxIdentityBytes) return std::nullopt;
  return std::string(kDnsPrefix) + Lower(name);
}

}  // namespace enos::gateway
