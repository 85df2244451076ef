#ifndef ENOS_SERVER_JSON_STRICT_JSON_H_
#define ENOS_SERVER_JSON_STRICT_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace enos::gateway {

// A JSON value, as a tree: for small texts only.
struct JsonValue {
  using Items = std::vector<JsonValue>;
  using Members = std::vector<std::pair<std::string, JsonValue>>;  // in order, each name once

  // null, a boolean, an integer of 64 bits, any other number, a string, a list, an object.
  std::variant<std::monostate, bool, int64_t, double, std::string, Items, Members> value;

  const bool* boolean() const { return std::get_if<bool>(&value); }
  const int64_t* integer() const { return std::get_if<int64_t>(&value); }
  const std::string* string() const { return std::get_if<std::string>(&value); }
  const Items* items() const { return std::get_if<Items>(&value); }
  const Members* members() const { return std::get_if<Members>(&value); }

  // The member of that name; null where there is none, or this is no object.
  const JsonValue* Find(std::string_view name) const;
  // Its text, if it is a string; null otherwise.
  const std::string* FindString(std::string_view name) const;
};

// Reads what decides about access, where a second meaning of the same bytes would be a hole. Beyond
// RFC 8259: valid UTF-8 (unpaired surrogate escapes are none), no NUL, no member twice in an
// object, at most kMaxJsonDepth deep, nothing after the value. Anything else is an error: a text
// for people that begins with the place ("line 3, column 7: ...") and repeats nothing of the
// content but names of members. Pure, thread-safe; does not recurse.
inline constexpr size_t kMaxJsonDepth = 16;
std::variant<JsonValue, std::string> ParseStrictJson(std::string_view text);

// A text from a file as an error may show it: in quotes, control characters and what is not ASCII
// as "?", cut after 80 bytes.
std::string ShownText(std::string_view text);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_JSON_STRICT_JSON_H_
