#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "document.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr size_t kDeepest = 16;

absl::Status WrongAt(const YAML::Mark& mark, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("not YAML as expected: ", problem, ", at line ", mark.line + 1));
}

// Called by yaml-cpp for each piece of the text; the names are yaml-cpp's. Its tree is not used:
// there the values of aliases are copied in, however many there are.
class Builder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) Fail(mark, "expected one document only");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { Add(mark, Document()); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Fail(mark, "expected no aliases");
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& text) override {
    Document value;
    value.kind = Document::Kind::kText;
    value.text = text;
    Add(mark, std::move(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(mark, Document::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(mark, Document::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

  const absl::Status& status() const { return status_; }
  Document Take() { return std::move(root_); }

 private:
  void Fail(const YAML::Mark& mark, absl::string_view problem) {
    if (status_.ok()) status_ = WrongAt(mark, problem);
  }
  void Open(const YAML::Mark& mark, Document::Kind kind) {
    if (open_.size() >= kDeepest) Fail(mark, "nested too deeply");
    marks_.push_back(mark);
    open_.emplace_back().kind = kind;
  }
  void Close() {
    Document value = std::move(open_.back());
    open_.pop_back();
    const YAML::Mark mark = marks_.back();
    marks_.pop_back();
    Add(mark, std::move(value));
  }
  void Add(const YAML::Mark& mark, Document value) {
    if (!status_.ok()) return;
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Document& parent = open_.back();
    // Keys and values of a map alternate.
    if (parent.kind == Document::Kind::kMap && parent.keys.size() == parent.items.size()) {
      if (value.kind != Document::Kind::kText) return Fail(mark, "expected a string as the key");
      parent.keys.push_back(std::move(value.text));
      parent.lines.push_back(mark.line + 1);
      return;
    }
    parent.items.push_back(std::move(value));
  }

  int documents_ = 0;
  absl::Status status_;
  std::vector<Document> open_;
  std::vector<YAML::Mark> marks_;  // where each of them began
  Document root_;
};

}  // namespace

absl::StatusOr<Document> ParseYaml(const std::string& text) {
  if (!IsUtf8(text)) return absl::InvalidArgumentError("not YAML: expected UTF-8");
  Builder builder;
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (builder.status().ok() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("not YAML: ", ForTerminal(error.msg), ", at line ", error.mark.line + 1));
  }
  if (!builder.status().ok()) return builder.status();
  return builder.Take();
}

}  // namespace enos::flow::cli
