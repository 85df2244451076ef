#ifndef ENOS_SERVER_ENOS_MEND_JSON_H_
#define ENOS_SERVER_ENOS_MEND_JSON_H_

#include <string>
#include <string_view>

namespace enos::gateway {

// Replaces what RapidJSON stops at though it is clear where it ends and what follows it:
//   in a string   a control character (NUL included)            by DEL, which JSON allows
//                 an unpaired high surrogate escape (\ud83d)    by U+FFFD
//                 the backslash of an escape that is none (\x)  by U+FFFD
//   elsewhere     a number that no double holds (1e999)         by null
// Everything else stays as it is, what is no JSON too: valid JSON is never changed. What comes in
// is nothing that a printable ASCII text or an integer holds, so that a mended string is none of
// the members' names, no result code, no id and no token. One pass, no recursion; at most twice as
// long as `json`, which may be anything.
std::string MendJson(std::string_view json);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_ENOS_MEND_JSON_H_
