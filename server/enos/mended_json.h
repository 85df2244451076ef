#ifndef ENOS_SERVER_ENOS_MENDED_JSON_H_
#define ENOS_SERVER_ENOS_MENDED_JSON_H_

#include <string>
#include <string_view>

namespace enos::gateway {

// A JSON text with what a strict reader refuses in its values, though its structure is sound, made
// readable; for texts of services that write JSON by hand or cut strings in the middle of a
// character:
//
//   in strings   a surrogate escape without its other half becomes \uFFFD, a raw control character
//                a space, and the backslash of an escape that JSON does not have stands for itself
//   outside      a number that no double holds becomes null
//
// What is broken otherwise (cut off, no quotes, comments) stays so; bytes that are not UTF-8 are
// left. A text that is valid JSON means the same afterwards, but for a lone \udc00. No name of a
// member becomes another one's by it, unless both are unreadable.
std::string MendedJson(std::string_view json);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_MENDED_JSON_H_
