#ifndef ENOS_SERVER_HTTP_HTTP_DATE_H_
#define ENOS_SERVER_HTTP_HTTP_DATE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace enos::gateway {

// Parses an HTTP date, the value of headers such as Date and Retry-After, in any of the three forms
// of RFC 9110, section 5.6.7, and in others that curl_getdate accepts, if they have a time of day.
// Returns Unix time in seconds for the years 1970 to 9999; nullopt for anything else. Does not
// depend on locale or time zone.
std::optional<int64_t> ParseHttpDate(std::string_view text);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_HTTP_DATE_H_
