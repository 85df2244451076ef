#include "server/enos/enos_query.h"

namespace enos::gateway {
namespace {

// RFC 3986, section 2.3; spelled out, because the C library's answer depends on the locale.
bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void AppendPercentEncoded(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 0xF]);
    }
  }
}

}  // namespace

void EnosQuery::Add(std::string_view name, std::string_view value) {
  if (!query.empty()) query.push_back('&');
  query.append(name).push_back('=');
  AppendPercentEncoded(value, query);
  signed_query.append(name).append(value);
}

}  // namespace enos::gateway
