#include "server/enos/json_tree.h"

#include "server/base/utf8.h"
#include "server/enos/answer_json.h"
#include "server/enos/json_writer.h"
#include "server/enos/mend_json.h"

namespace enos::gateway {
namespace {

constexpr int kMaxDepth = 64;

// Nothing is cut off: the character in place of a byte that is not UTF-8 takes three.
std::string WholeAsUtf8(std::string_view text) { return ToValidUtf8(text, 3 * text.size()); }

// Of what is JSON. Whoever writes a tree recurses.
bool NestsTooDeep(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

std::optional<rapidjson::Document> Parse(std::string_view json) {
  // RapidJSON takes a NUL for the end of the text.
  if (json.find('\0') != std::string_view::npos || NestsTooDeep(json)) return std::nullopt;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError()) return std::nullopt;
  return document;
}

}  // namespace

std::optional<rapidjson::Document> ParseJsonTree(std::string_view json) {
  if (auto document = Parse(json)) return document;
  return Parse(MendJson(json));
}

const rapidjson::Value* FindMember(const rapidjson::Value& value, std::string_view name,
                                   std::string_view other_name) {
  if (!value.IsObject()) return nullptr;
  for (const std::string_view wanted : {name, other_name}) {
    if (wanted.empty()) continue;
    const auto found = value.FindMember(rapidjson::Value(
        rapidjson::StringRef(wanted.data(), static_cast<rapidjson::SizeType>(wanted.size()))));
    if (found != value.MemberEnd() && !found->value.IsNull()) return &found->value;
  }
  return nullptr;
}

std::string TextOf(const rapidjson::Value& value) {
  if (value.IsNull()) return "";
  if (value.IsString()) return WholeAsUtf8({value.GetString(), value.GetStringLength()});
  StringSink sink(64);
  JsonWriter writer(sink);
  value.Accept(writer);
  return WholeAsUtf8(sink.Take());
}

std::optional<int32_t> Int32Of(const rapidjson::Value& value) {
  std::optional<int64_t> integer;
  if (value.IsInt64()) {
    integer = value.GetInt64();
  } else if (value.IsString()) {
    integer = IntegerOf(std::string(value.GetString(), value.GetStringLength()));
  }
  if (!integer || *integer < INT32_MIN || *integer > INT32_MAX) return std::nullopt;
  return static_cast<int32_t>(*integer);
}

}  // namespace enos::gateway
