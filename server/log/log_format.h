#ifndef ENOS_SERVER_LOG_LOG_FORMAT_H_
#define ENOS_SERVER_LOG_LOG_FORMAT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace enos::gateway {

// How the parts of a log line are written so that one event is one line and a value cannot look
// like another field or another line. Pure functions, thread-safe.

// The maximum length of a value or event, in bytes before escaping. The rest is cut off at a
// character boundary and replaced by "...".
inline constexpr size_t kMaxLogValueBytes = 2048;

// Appends a value: unchanged if it is plain, otherwise in double quotes with `"` and `\` escaped by
// a backslash, line breaks and tabs as \n \r \t, other control characters (including invisible
// Unicode characters that move or hide text) as \u{...}, and bytes that are not UTF-8 as \x...
void AppendLogValue(std::string_view value, std::string* line);

// Appends a JSON string (RFC 8259): quoted, and with escapes for the same characters, so that a
// line stays one line and shows what is there. Bytes that are not UTF-8 become the text \x.. in it.
void AppendLogJson(std::string_view value, std::string* line);

// Appends an event's text without quotes: everything that would be escaped in a value is escaped,
// and so are "=" and quotes, so that it cannot look like a field.
void AppendLogEvent(std::string_view event, std::string* line);

// Appends a key: characters other than a-z, A-Z, 0-9, "_", "." and "-" become "_".
void AppendLogKey(std::string_view key, std::string* line);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_LOG_LOG_FORMAT_H_
