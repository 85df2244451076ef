#include "server/base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "server/base/text.h"

namespace enos::gateway {
namespace {

struct HostAndPort {
  std::string_view host;  // without brackets
  bool bracketed = false;
  std::optional<std::string_view> port;  // nullopt: there was no ":"
};

// Splits "host", "host:port", "[v6]", "[v6]:port"; the parts are not checked yet.
std::optional<HostAndPort> SplitHostAndPort(std::string_view text) {
  HostAndPort split;
  std::string_view rest;
  if (StartsWith(text, "[")) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    split.host = text.substr(1, end - 1);
    split.bracketed = true;
    rest = text.substr(end + 1);
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    split.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (rest.empty()) return split;
  if (rest.front() != ':') return std::nullopt;
  split.port = rest.substr(1);
  return split;
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || rest != end) return std::nullopt;
  return port;
}

template <typename Address>
std::optional<Address> ParseIp(int family, std::string_view text) {
  Address address{};
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (::inet_pton(family, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return address;
}

bool IsIpV4(std::string_view host) { return ParseIp<in_addr>(AF_INET, host).has_value(); }
bool IsIpV6(std::string_view host) { return ParseIp<in6_addr>(AF_INET6, host).has_value(); }

// RFC 6761: "localhost" is always this machine. Other names may resolve to anything.
bool IsLoopbackHost(std::string_view host) {
  if (host == "localhost") return true;
  if (const auto v4 = ParseIp<in_addr>(AF_INET, host)) return (ntohl(v4->s_addr) >> 24) == 127;
  const auto v6 = ParseIp<in6_addr>(AF_INET6, host);
  return v6 && std::memcmp(&*v6, &in6addr_loopback, sizeof(in6_addr)) == 0;
}

// RFC 1035's lengths; underscores are not allowed in host names, but names with them exist.
bool IsDnsName(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  for (const std::string_view label : Split(host, '.')) {
    const bool characters = std::all_of(label.begin(), label.end(), [](char c) {
      const char lower = LowerLetter(c);
      return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (label.empty() || label.size() > 63 || !characters) return false;
  }
  return true;
}

std::string HostInUrl(std::string_view host) {
  return Contains(host, ":") ? Concat("[", host, "]") : std::string(host);
}

uint16_t DefaultPort(bool tls) { return tls ? 443 : 80; }

}  // namespace

std::string ListenAddress::ToString() const {
  return Concat(HostInUrl(host), ":", std::to_string(port));
}

bool ListenAddress::IsLoopback() const { return IsLoopbackHost(host); }

std::optional<ListenAddress> ParseListenAddress(std::string_view text) {
  const auto split = SplitHostAndPort(text);
  if (!split || !split->port) return std::nullopt;
  const auto port = ParsePort(*split->port);
  if (!port) return std::nullopt;

  ListenAddress address;
  address.port = *port;
  address.host = LowerCase(split->host);
  if (split->bracketed) {
    if (!IsIpV6(split->host)) return std::nullopt;
  } else if (split->host.empty()) {
    address.host = "::";
  } else if (address.host != "localhost" && !IsIpV4(split->host)) {
    return std::nullopt;
  }
  return address;
}

std::string BaseUrl::ToString() const {
  std::string text = Concat(tls ? "https://" : "http://", HostInUrl(host));
  if (port != DefaultPort(tls)) text += Concat(":", std::to_string(port));
  return text;
}

bool BaseUrl::IsLoopback() const { return IsLoopbackHost(host); }

std::optional<BaseUrl> ParseBaseUrl(std::string_view text) {
  BaseUrl url;
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string scheme = LowerCase(text.substr(0, scheme_end));
  if (scheme != "https" && scheme != "http") return std::nullopt;
  url.tls = scheme == "https";

  std::string_view authority = text.substr(scheme_end + 3);
  if (EndsWith(authority, "/")) authority.remove_suffix(1);
  const auto split = SplitHostAndPort(authority);
  if (!split) return std::nullopt;
  if (split->bracketed ? !IsIpV6(split->host) : !IsDnsName(split->host)) return std::nullopt;
  url.host = LowerCase(split->host);

  url.port = DefaultPort(url.tls);
  if (split->port) {
    const auto port = ParsePort(*split->port);
    if (!port || *port == 0) return std::nullopt;
    url.port = *port;
  }
  return url;
}

}  // namespace enos::gateway
