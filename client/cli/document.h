#ifndef ENOS_FLOW_CLI_DOCUMENT_H_
#define ENOS_FLOW_CLI_DOCUMENT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace enos::flow::cli {

// A JSON or YAML text as a tree. Numbers and booleans are strings, exactly as they were written.
struct Document {
  enum class Kind { kNull, kText, kList, kMap };

  Kind kind = Kind::kNull;
  std::string text;               // of a kText
  std::vector<Document> items;    // of a kList; of a kMap its values
  std::vector<std::string> keys;  // of a kMap, one for each item; order and duplicates are kept
  std::vector<int> lines;         // where each key stands, from 1; of YAML only
};

// Never throw, whatever the bytes; an error's message is one line that says what is wrong and
// where. Texts that are not UTF-8, or nested deeper than 16 levels, are errors.
absl::StatusOr<Document> ParseJson(absl::string_view text);
// One YAML document. Aliases (*name) are not resolved: "expected no aliases".
absl::StatusOr<Document> ParseYaml(const std::string& text);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_DOCUMENT_H_
