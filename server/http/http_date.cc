#include "server/http/http_date.h"

#include <curl/curl.h>

#include <string>

namespace enos::gateway {

std::optional<int64_t> ParseHttpDate(std::string_view text) {
  constexpr size_t kLongest = 64;  // "Wednesday, 06-Nov-94 08:49:37 GMT" has 33 characters
  if (text.size() > kLongest || text.find(':') == std::string_view::npos ||
      text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const time_t time = curl_getdate(std::string(text).c_str(), nullptr);
  constexpr time_t kEndOf9999 = 253'402'300'799;
  if (time < 0 || time > kEndOf9999) return std::nullopt;  // -1: not a date
  return int64_t{time};
}

}  // namespace enos::gateway
