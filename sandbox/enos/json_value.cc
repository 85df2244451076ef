#include "sandbox/enos/json_value.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <limits>
#include <utility>

namespace enos::sandbox {
namespace {

using Kind = JsonValue::Kind;

// Called by RapidJSON's reader for each piece of the text; false ends the reading. The names are
// RapidJSON's.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  bool Default() { return false; }
  bool Null() { return Add(JsonValue()); }
  bool Bool(bool flag) {
    JsonValue value = Of(Kind::kBool);
    value.flag = flag;
    return Add(std::move(value));
  }
  bool Int(int number) { return Int64(number); }
  bool Uint(unsigned number) { return Int64(number); }
  bool Int64(std::int64_t number) {
    JsonValue value = Of(Kind::kInteger);
    value.integer = number;
    return Add(std::move(value));
  }
  // Called only for what does not fit into Int64.
  bool Uint64(std::uint64_t number) {
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return Add(Of(Kind::kOtherNumber));
    }
    return Int64(static_cast<std::int64_t>(number));
  }
  bool Double(double) { return Add(Of(Kind::kOtherNumber)); }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    JsonValue value = Of(Kind::kString);
    value.text.assign(text, size);
    return Add(std::move(value));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    open_.back().names.emplace_back(text, size);
    return true;
  }
  bool StartObject() { return Open(Kind::kObject); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() { return Open(Kind::kArray); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

  JsonValue Take() { return std::move(root_); }

 private:
  static JsonValue Of(Kind kind) {
    JsonValue value;
    value.kind = kind;
    return value;
  }
  bool Open(Kind kind) {
    if (open_.size() >= kMaxJsonDepth) return false;
    open_.push_back(Of(kind));
    return true;
  }
  bool Close() {
    JsonValue value = std::move(open_.back());
    open_.pop_back();
    return Add(std::move(value));
  }
  bool Add(JsonValue value) {
    (open_.empty() ? root_ : open_.back().items.emplace_back()) = std::move(value);
    return true;
  }

  std::vector<JsonValue> open_;
  JsonValue root_;
};

}  // namespace

const JsonValue* JsonValue::Find(std::string_view name) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return &items[i];
  }
  return nullptr;
}

std::optional<JsonValue> ParseJson(std::string_view text) {
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  Builder builder;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  if (reader.Parse<kFlags>(stream, builder).IsError()) return std::nullopt;
  return builder.Take();
}

}  // namespace enos::sandbox
