#include "server/enos/answer_json.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "server/enos/mend_json.h"

namespace enos::gateway {
namespace {

// EnOS's answers nest three deep. The reader keeps a few bytes of heap for each level, the limit
// only ends the reading of nonsense early.
constexpr int kMaxDepth = 64;

// Receives RapidJSON's events, keeps the wanted scalars, and ends the parse (returns false) at what
// cannot be an answer. RapidJSON prescribes the names.
class MemberPicker {
 public:
  bool Null() { return Scalar({}); }
  bool Bool(bool) { return Scalar({}); }
  bool Int(int value) { return Scalar(int64_t{value}); }
  bool Uint(unsigned value) { return Scalar(int64_t{value}); }
  bool Int64(int64_t value) { return Scalar(value); }
  bool Uint64(uint64_t value) {
    if (value > uint64_t{INT64_MAX}) return Scalar(static_cast<double>(value));
    return Scalar(static_cast<int64_t>(value));
  }
  bool Double(double value) { return Scalar(value); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }  // by a flag not set
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 0) return false;
    if (slot_ != nullptr) *std::exchange(slot_, nullptr) = std::string(text, size);
    return true;
  }

  bool StartObject() { return Open(true); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() { return Open(false); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

  bool Key(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view name(text, size);
    if (depth_ == 1) {
      slot_ = TopLevelSlot(name);
      at_data_ = name == "data";
      if (at_data_) members_.flow_instance_id = members_.access_token = members_.expire = {};
    } else if (depth_ == 2 && in_data_) {
      slot_ = DataSlot(name);
    }
    // A second member of the same name replaces the first even if it is of another type.
    if (slot_ != nullptr) *slot_ = {};
    return true;
  }

  AnswerMembers Take() { return std::move(members_); }

 private:
  bool Scalar(JsonScalar value) {
    if (depth_ == 0) return false;  // the answer has to be an object
    if (slot_ != nullptr) *std::exchange(slot_, nullptr) = std::move(value);
    return true;
  }

  bool Open(bool is_object) {
    if (depth_ == 0 && !is_object) return false;
    if (depth_ == kMaxDepth) return false;
    if (depth_ == 1) in_data_ = at_data_ && is_object;
    slot_ = nullptr;
    ++depth_;
    return true;
  }

  bool Close() {
    --depth_;
    return true;
  }

  JsonScalar* TopLevelSlot(std::string_view name) {
    if (name == "code") return &members_.code;
    if (name == "status") return &members_.status;
    if (name == "stauts") return &members_.stauts;
    if (name == "msg") return &members_.msg;
    if (name == "submsg") return &members_.submsg;
    if (name == "requestId") return &members_.request_id;
    return nullptr;
  }

  JsonScalar* DataSlot(std::string_view name) {
    if (name == "flowInstanceId") return &members_.flow_instance_id;
    if (name == "accessToken") return &members_.access_token;
    if (name == "expire") return &members_.expire;
    return nullptr;
  }

  AnswerMembers members_;
  JsonScalar* slot_ = nullptr;  // where the value that comes next belongs
  int depth_ = 0;
  bool at_data_ = false;  // the last key at the top level was "data"
  bool in_data_ = false;  // what is open at depth 2 is the object of "data"
};

std::optional<int64_t> ParseInteger(std::string_view text) {
  const bool plus = !text.empty() && text[0] == '+';
  if (plus) text.remove_prefix(1);
  if (text.empty() || (plus && text[0] == '-')) return std::nullopt;
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// Does not ask whether a string is UTF-8: whoever needs it looks.
std::optional<AnswerMembers> Parse(std::string_view json) {
  // RapidJSON's streams take a NUL for the end of the text and would not look at what follows.
  if (json.find('\0') != std::string_view::npos) return std::nullopt;

  rapidjson::MemoryStream bytes(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> text(bytes);
  MemberPicker picker;
  rapidjson::Reader reader;
  if (reader.Parse<rapidjson::kParseIterativeFlag>(text, picker).IsError()) return std::nullopt;
  return picker.Take();
}

}  // namespace

bool operator==(const AnswerMembers& a, const AnswerMembers& b) {
  const auto tied = [](const AnswerMembers& m) {
    return std::tie(m.code, m.status, m.stauts, m.msg, m.submsg, m.request_id, m.flow_instance_id,
                    m.access_token, m.expire);
  };
  return tied(a) == tied(b);
}

std::optional<AnswerMembers> ReadAnswerMembers(std::string_view body) {
  if (auto members = Parse(body)) return members;
  return ReadAnswerMembersLeniently(body);
}

std::optional<AnswerMembers> ReadAnswerMembersLeniently(std::string_view body) {
  return Parse(MendJson(body));
}

std::optional<int64_t> IntegerOf(const JsonScalar& scalar) {
  if (const auto* value = std::get_if<int64_t>(&scalar)) return *value;
  if (const auto* text = std::get_if<std::string>(&scalar)) return ParseInteger(*text);
  return std::nullopt;
}

std::string_view StringOf(const JsonScalar& scalar) {
  const auto* text = std::get_if<std::string>(&scalar);
  return text == nullptr ? std::string_view() : *text;
}

bool IsPrintableWord(std::string_view text, size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7E; });
}

std::optional<int64_t> ResultCodeOf(const JsonScalar& first, const JsonScalar& second) {
  const std::optional<int64_t> one = IntegerOf(first);
  const std::optional<int64_t> other = IntegerOf(second);
  if (!one.has_value()) return other;
  if (*one == 0 && other.has_value()) return other;
  return one;
}

}  // namespace enos::gateway
