#ifndef ENOS_SERVER_JSON_STRICT_JSON_H_
#define ENOS_SERVER_JSON_STRICT_JSON_H_

#include <absl/status/statusor.h>
#include <jansson.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace enos::gateway {

struct JsonRelease {
  void operator()(json_t* value) const { json_decref(value); }
};
// Owns a value of jansson's and all that is in it; json_object_get and the like only lend.
using JsonDocument = std::unique_ptr<json_t, JsonRelease>;

// Integers: what does not fit into 64 bits is an error, or all of them become reals.
enum class JsonIntegers { kExact, kAsReals };

// Reads what decides about access, where a second meaning of the same bytes would be a hole. Beyond
// RFC 8259: valid UTF-8 (unpaired surrogate escapes are none), no NUL but escaped ones in strings,
// no member twice in an object, at most kMaxJsonDepth deep, nothing after the value. Anything else
// is an error: a text for people that begins with the place ("line 3, column 7: ..."; the end of
// what is wrong) and repeats no more of the content than a single character. Pure, thread-safe.
inline constexpr size_t kMaxJsonDepth = 16;
absl::StatusOr<JsonDocument> ParseStrictJson(std::string_view text, JsonIntegers integers);

// No value is of no type.
inline bool JsonIs(json_type type, const json_t* value) {
  return value != nullptr && json_typeof(value) == type;
}

// The text of a string, as long as the value lives; nullopt for other values, and for no value.
std::optional<std::string_view> JsonText(const json_t* value);

// A text from a file as an error may show it: in quotes, control characters and what is not ASCII
// as "?", cut after 80 bytes.
std::string ShownText(std::string_view text);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_JSON_STRICT_JSON_H_
