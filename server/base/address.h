#ifndef ENOS_SERVER_BASE_ADDRESS_H_
#define ENOS_SERVER_BASE_ADDRESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace enos::gateway {

// Addresses in the form used by settings. The parsers are strict (no spaces around, nothing left
// over) and pure.

// Where a server listens.
struct ListenAddress {
  std::string host;   // an IP literal without brackets, or "localhost"; "::" for all addresses
  uint16_t port = 0;  // 0: the system chooses one

  // "host:port", "[v6]:port".
  std::string ToString() const;
  // Whether only this machine can reach it: 127.0.0.0/8, ::1, localhost.
  bool IsLoopback() const;

  friend bool operator==(const ListenAddress& a, const ListenAddress& b) {
    return a.host == b.host && a.port == b.port;
  }
};

// Reads "host:port", "[v6]:port" and ":port" (all addresses). The host is an IP literal or
// "localhost"; the port 0 to 65535.
std::optional<ListenAddress> ParseListenAddress(std::string_view text);

// The root of a web server: only scheme and authority.
struct BaseUrl {
  bool tls = true;    // https
  std::string host;   // lower case; an IPv6 literal without brackets
  uint16_t port = 0;  // never 0: the scheme's default if the URL names none

  // "https://host", with ":port" if it is not the scheme's default. No trailing "/".
  std::string ToString() const;
  // Like ListenAddress::IsLoopback.
  bool IsLoopback() const;

  friend bool operator==(const BaseUrl& a, const BaseUrl& b) {
    return a.tls == b.tls && a.host == b.host && a.port == b.port;
  }
};

// Parses http(s)://host[:port][/]: no user, no other path, no query, no fragment. The host is a DNS
// name (letters, digits, "-", "_" and "."), an IPv4 literal or an IPv6 literal in brackets.
std::optional<BaseUrl> ParseBaseUrl(std::string_view text);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_ADDRESS_H_
