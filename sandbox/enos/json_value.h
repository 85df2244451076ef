// A JSON text as a value. RapidJSON reads it; its own document class does not compile with
// clang 19.
#ifndef ENOS_SANDBOX_ENOS_JSON_VALUE_H_
#define ENOS_SANDBOX_ENOS_JSON_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace enos::sandbox {

struct JsonValue {
  enum class Kind {
    kNull,
    kBool,
    kInteger,      // fits into 64 bits with sign, written without fraction and exponent
    kOtherNumber,  // its value is not kept
    kString,
    kArray,
    kObject,
  };

  Kind kind = Kind::kNull;
  bool flag = false;
  std::int64_t integer = 0;
  std::string text;
  std::vector<JsonValue> items;    // of an array; the members' values of an object
  std::vector<std::string> names;  // of an object's members, in step with items

  bool Is(Kind other) const { return kind == other; }
  // The first member of that name; null where this is no object or has none.
  const JsonValue* Find(std::string_view name) const;
};

// Deeper texts are refused, so that no recursion over a value goes deeper either.
inline constexpr std::size_t kMaxJsonDepth = 32;

// Nothing where the text is no JSON, not UTF-8, or too deep.
std::optional<JsonValue> ParseJson(std::string_view text);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_JSON_VALUE_H_
