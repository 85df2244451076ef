#ifndef ENOS_SERVER_HTTP_HTTP_DATE_H_
#define ENOS_SERVER_HTTP_HTTP_DATE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace enos::gateway {

// Reads an HTTP date, the value of headers such as Date and Retry-After, in any of the three forms
// of RFC 9110, section 5.6.7:
//     Sun, 06 Nov 1994 08:49:37 GMT     (IMF-fixdate)
//     Sunday, 06-Nov-94 08:49:37 GMT    (RFC 850; a two-digit year that appears to be more than 50
//                                        years after `now` is the last one with those digits)
//     Sun Nov  6 08:49:37 1994          (asctime)
// Strict: exactly these characters, a day that the month has, at most one leap second (:60). The
// name of the day has to be one, but is not compared with the date. Does not depend on the locale
// or the time zone.
//
// Gives Unix time in seconds, as a number: a system_clock::time_point cannot hold all the years
// from 0000 to 9999. nullopt for anything else.
std::optional<int64_t> ParseHttpDate(std::string_view text,
                                     std::chrono::system_clock::time_point now);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_HTTP_DATE_H_
