#ifndef ENOS_SERVER_HTTP_RETRY_AFTER_H_
#define ENOS_SERVER_HTTP_RETRY_AFTER_H_

#include <chrono>
#include <optional>
#include <string_view>

namespace enos::gateway {

// The wait that a Retry-After header asks for (RFC 9110, section 10.2.3): a number of seconds, or
// an HTTP date (all three forms of section 5.6.7) minus `now`; a date in the past is no wait.
// nullopt for anything else. Capped at one day.
std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view value,
                                                         std::chrono::system_clock::time_point now);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_HTTP_RETRY_AFTER_H_
