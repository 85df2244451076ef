#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "document.h"

namespace enos::flow::cli {
namespace {

constexpr size_t kDeepest = 16;

// Called by RapidJSON's reader for each piece of the text; false stops the parsing. The names are
// RapidJSON's.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  bool Default() { return false; }
  bool Null() { return Add(Document()); }
  bool Bool(bool flag) { return AddText(flag ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) { return AddText({text, size}); }
  bool String(const char* text, rapidjson::SizeType size, bool) { return AddText({text, size}); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    open_.back().keys.emplace_back(text, size);
    return true;
  }
  bool StartObject() { return Open(Document::Kind::kMap); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() { return Open(Document::Kind::kList); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

  Document Take() { return std::move(root_); }

 private:
  bool AddText(absl::string_view text) {
    Document value;
    value.kind = Document::Kind::kText;
    value.text = std::string(text);
    return Add(std::move(value));
  }
  bool Open(Document::Kind kind) {
    if (open_.size() >= kDeepest) return false;
    open_.emplace_back().kind = kind;
    return true;
  }
  bool Close() {
    Document value = std::move(open_.back());
    open_.pop_back();
    return Add(std::move(value));
  }
  bool Add(Document value) {
    (open_.empty() ? root_ : open_.back().items.emplace_back()) = std::move(value);
    return true;
  }

  std::vector<Document> open_;
  Document root_;
};

}  // namespace

absl::StatusOr<Document> ParseJson(absl::string_view text) {
  // RapidJSON treats a NUL as the end.
  const size_t nul = text.find('\0');
  if (nul != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON: a NUL at byte ", nul + 1));
  }
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  Builder builder;
  rapidjson::Reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (!result) {
    const bool deep = result.Code() == rapidjson::kParseErrorTermination;
    return absl::InvalidArgumentError(
        absl::StrCat("not JSON: ", deep ? "Nested too deeply." : GetParseError_En(result.Code()),
                     " At byte ", result.Offset() + 1));
  }
  return builder.Take();
}

}  // namespace enos::flow::cli
