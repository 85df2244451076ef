#include "server/json/strict_json.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>

#include "server/base/utf8.h"

namespace enos::gateway {
namespace {

std::string At(std::string_view text, size_t offset, std::string_view what) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_break = before.rfind('\n');
  const size_t column =
      line_break == std::string_view::npos ? before.size() + 1 : before.size() - line_break;
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
         std::string(what);
}

// Receives RapidJSON's events, builds the tree, and ends the parse (returns false) at what a strict
// reader does not take. RapidJSON prescribes the names. (Its own tree, document.h, does not compile
// with current clang.)
class TreeBuilder {
 public:
  bool Null() { return Add({}); }
  bool Bool(bool value) { return Add({value}); }
  bool Int(int value) { return Add({int64_t{value}}); }
  bool Uint(unsigned value) { return Add({int64_t{value}}); }
  bool Int64(int64_t value) { return Add({value}); }
  bool Uint64(uint64_t value) {
    if (value > uint64_t{INT64_MAX}) return Add({static_cast<double>(value)});
    return Add({static_cast<int64_t>(value)});
  }
  bool Double(double value) { return Add({value}); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }  // by a flag not set
  bool String(const char* text, rapidjson::SizeType size, bool) {
    std::string string(text, size);
    // RapidJSON lets unpaired surrogate escapes pass.
    if (!IsValidUtf8(string)) return Fail("a string that is not valid UTF-8");
    return Add({std::move(string)});
  }

  bool Key(const char* text, rapidjson::SizeType size, bool) {
    std::string name(text, size);
    if (!IsValidUtf8(name)) return Fail("a member's name that is not valid UTF-8");
    if (open_.back()->Find(name) != nullptr)
      return Fail("member " + ShownText(name) + " is there twice, expected it once");
    std::get<JsonValue::Members>(open_.back()->value).emplace_back().first = std::move(name);
    return true;
  }

  bool StartObject() { return Open({JsonValue::Members()}); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() { return Open({JsonValue::Items()}); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

  JsonValue Take() { return std::move(root_); }
  const std::string& failure() const { return failure_; }

 private:
  bool Fail(std::string why) {
    failure_ = std::move(why);
    return false;
  }

  // Where the next value belongs.
  JsonValue& Place() {
    if (open_.empty()) return root_;
    JsonValue& parent = *open_.back();
    if (auto* items = std::get_if<JsonValue::Items>(&parent.value)) return items->emplace_back();
    return std::get<JsonValue::Members>(parent.value).back().second;
  }

  bool Add(JsonValue value) {
    Place() = std::move(value);
    return true;
  }

  // A parent gets no other children while one of them is open, so that the pointers hold.
  bool Open(JsonValue value) {
    if (open_.size() == kMaxJsonDepth)
      return Fail("nested too deep, expected at most " + std::to_string(kMaxJsonDepth) + " levels");
    JsonValue& place = Place();
    place = std::move(value);
    open_.push_back(&place);
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  JsonValue root_;
  std::vector<JsonValue*> open_;
  std::string failure_;
};

}  // namespace

const JsonValue* JsonValue::Find(std::string_view name) const {
  if (members() == nullptr) return nullptr;
  for (const auto& [known, member] : *members()) {
    if (known == name) return &member;
  }
  return nullptr;
}

const std::string* JsonValue::FindString(std::string_view name) const {
  const JsonValue* member = Find(name);
  return member == nullptr ? nullptr : member->string();
}

std::variant<JsonValue, std::string> ParseStrictJson(std::string_view text) {
  // RapidJSON's streams take a NUL for the end of the text and would not look at what follows.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos)
    return At(text, nul, "a NUL byte, expected JSON text");
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  TreeBuilder tree;
  rapidjson::Reader reader;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  if (reader.Parse<kFlags>(stream, tree).IsError()) {
    const std::string why = tree.failure().empty()
                                ? rapidjson::GetParseError_En(reader.GetParseErrorCode())
                                : tree.failure();
    return At(text, std::min(reader.GetErrorOffset(), text.size()), why);
  }
  return tree.Take();
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
