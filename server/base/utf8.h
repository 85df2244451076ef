#ifndef ENOS_SERVER_BASE_UTF8_H_
#define ENOS_SERVER_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace enos::gateway {

// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. Protobuf
// string fields and google.rpc details may contain nothing else.

// U+FFFD, which replaces bytes that are not UTF-8.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// The character that a text starts with.
struct Utf8Char {
  bool valid = false;
  size_t size = 0;          // bytes to advance by: 1 to 4; 0 only for an empty text
  uint32_t code_point = 0;  // if valid
};

// Decodes the first character. For bytes that are not a character, `size` covers the longest prefix
// of one (so that a truncated character is replaced once, not once per byte), at least 1.
Utf8Char DecodeUtf8(std::string_view text);

bool IsValidUtf8(std::string_view text);

// The text with everything that is not UTF-8 replaced, and truncated to at most max_bytes at a
// character boundary. Reads no more of the text than it needs.
std::string ToValidUtf8(std::string_view text, size_t max_bytes);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_BASE_UTF8_H_
