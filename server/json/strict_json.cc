#include "server/json/strict_json.h"

#include <absl/status/status.h>

#include <algorithm>
#include <cstdint>

#include "server/base/text.h"

namespace enos::gateway {
namespace {

// How much of the text is not nested too deep. jansson recurses, and takes 2048 levels.
size_t ShallowPart(std::string_view text) {
  int64_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      in_string = !in_string;
    } else if (in_string) {
      if (c == '\\') ++i;
    } else if (c == '[' || c == '{') {
      if (++depth > int64_t{kMaxJsonDepth}) return i;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return text.size();
}

bool EndsEarly(const json_error_t& error) {
  return json_error_code(&error) == json_error_premature_end_of_input;
}

std::string Place(const json_error_t& error) {
  // jansson counts the characters that it has read: at the end, and where no character can be read,
  // the next one is meant.
  const bool next = EndsEarly(error) || json_error_code(&error) == json_error_invalid_utf8;
  return Concat("line ", std::to_string(error.line), ", column ",
                std::to_string(error.column + (next ? 1 : 0)), ": ");
}

std::string Why(const json_error_t& error, bool is_cut) {
  if (EndsEarly(error) && is_cut)
    return Concat("nested too deep, expected at most ", std::to_string(kMaxJsonDepth), " levels");
  if (EndsEarly(error)) return "the text ends too early";
  // What follows is a piece of the text.
  const std::string_view said = error.text;
  return std::string(said.substr(0, said.find(" near ")));
}

}  // namespace

absl::StatusOr<JsonDocument> ParseStrictJson(std::string_view text, JsonIntegers integers) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (StartsWith(text, kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.data() == nullptr) text = "";  // jansson takes null for a mistake of ours
  std::string visible;
  if (text.find('\0') != std::string_view::npos) {
    // jansson skips a NUL behind a number; other control characters are refused wherever they are.
    visible = text;
    std::replace(visible.begin(), visible.end(), '\0', '\x01');
    text = visible;
  }
  size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
  if (integers == JsonIntegers::kAsReals) flags |= JSON_DECODE_INT_AS_REAL;
  // A text that is cut off inside of 16 lists and objects is never a whole one.
  const size_t shallow = ShallowPart(text);
  json_error_t error{};
  JsonDocument document(json_loadb(text.data(), shallow, flags, &error));
  if (document != nullptr) return document;
  return absl::InvalidArgumentError(Place(error) + Why(error, shallow < text.size()));
}

std::optional<std::string_view> JsonText(const json_t* value) {
  if (!JsonIs(JSON_STRING, value)) return std::nullopt;
  return std::string_view(json_string_value(value), json_string_length(value));
}

std::string ShownText(std::string_view text) {
  constexpr size_t kMaxShown = 80;
  std::string shown(text.substr(0, kMaxShown));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return "\"" + shown + (text.size() > kMaxShown ? "...\"" : "\"");
}

}  // namespace enos::gateway
