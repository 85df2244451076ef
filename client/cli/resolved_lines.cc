#include "resolved_lines.h"

#include <map>
#include <set>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

class Reader {
 public:
  Reader(const std::vector<BatchLine>& lines, const std::vector<DoubtfulLine>& doubtful) {
    for (const BatchLine& line : lines) {
      if (!line.id.empty()) by_id_[line.id] = &line;
      by_number_[absl::StrCat(line.number)] = &line;
    }
    for (const DoubtfulLine& line : doubtful) doubtful_.insert(line.line);
  }

  absl::StatusOr<Verdict> Read(absl::string_view text) {
    const size_t space = text.find_last_of(" \t");
    const absl::string_view word = text.substr(space == absl::string_view::npos ? 0 : space + 1);
    if (space == absl::string_view::npos || (word != "started" && word != "not_started")) {
      return Wrong(text, "expected an id or a line number, then started or not_started");
    }
    const std::string name(absl::StripAsciiWhitespace(text.substr(0, space)));
    const auto line = Find(name);
    if (!line.ok()) return line.status();
    if (doubtful_.count(*line) == 0) {
      return Wrong(name, "expected a line that may have been started, and that no key can tell");
    }
    if (!named_.insert(*line).second) return Wrong(name, "expected each line only once");
    return Verdict{*line, word == "started"};
  }

 private:
  static absl::Status Wrong(absl::string_view what, absl::string_view expected) {
    return absl::InvalidArgumentError(absl::StrCat(Excerpt(std::string(what)), ": ", expected));
  }

  absl::StatusOr<const BatchLine*> Find(const std::string& name) const {
    const auto by_id = by_id_.find(name);
    const auto by_number = by_number_.find(name);
    if (by_id == by_id_.end() && by_number == by_number_.end()) {
      return Wrong(name, "expected the id or the number of a line of the batch");
    }
    if (by_id != by_id_.end() && by_number != by_number_.end() &&
        by_id->second != by_number->second) {
      return Wrong(name, absl::StrCat("expected one line, but it is the id of line ",
                                      by_id->second->number, " and the number of another one"));
    }
    return by_id != by_id_.end() ? by_id->second : by_number->second;
  }

  std::map<std::string, const BatchLine*> by_id_;
  std::map<std::string, const BatchLine*> by_number_;
  std::set<const BatchLine*> doubtful_;
  std::set<const BatchLine*> named_;
};

}  // namespace

ResolvedLines ReadResolved(absl::string_view text, const std::vector<BatchLine>& lines,
                           const std::vector<DoubtfulLine>& doubtful) {
  ResolvedLines resolved;
  Reader reader(lines, doubtful);
  int64_t number = 0;
  for (const absl::string_view line_text : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view stripped = absl::StripAsciiWhitespace(line_text);
    if (stripped.empty()) continue;
    const auto verdict = reader.Read(stripped);
    if (verdict.ok()) {
      resolved.verdicts.push_back(*verdict);
    } else {
      resolved.problems.push_back(absl::StrCat("line ", number, ": ", verdict.status().message()));
    }
  }
  return resolved;
}

}  // namespace enos::flow::cli
