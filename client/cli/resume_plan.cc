#include "resume_plan.h"

#include "absl/strings/str_cat.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr size_t kNamedLines = 20;

void Add(ResumePlan& plan, const BatchLine& line, LineState state) {
  switch (state) {
    case LineState::kOk:
      ++plan.done;
      return;
    case LineState::kNotExecuted:
      plan.to_send.push_back(&line);
      return;
    case LineState::kUnknown:
    case LineState::kNoAnswer:
      plan.doubtful.push_back({&line, state == LineState::kUnknown});
      return;
  }
}

}  // namespace

ResumePlan PlanResume(const std::vector<BatchLine>& lines,
                      const std::map<int64_t, PastLine>& past) {
  ResumePlan plan;
  std::map<int64_t, PastLine> not_seen = past;
  for (const BatchLine& line : lines) {
    const auto found = past.find(line.number);
    if (found == past.end()) {
      plan.to_send.push_back(&line);
      continue;
    }
    not_seen.erase(line.number);
    if (found->second.fingerprint != line.fingerprint) {
      plan.problems.push_back(
          absl::StrCat("line ", line.number, ": does not match its results: it was changed"));
      continue;
    }
    Add(plan, line, found->second.state);
  }
  for (const auto& [number, line] : not_seen) {
    plan.problems.push_back(absl::StrCat("line ", number, ": has results, but is missing"));
  }
  return plan;
}

std::string NameLines(const std::vector<DoubtfulLine>& lines) {
  std::string names;
  for (size_t i = 0; i < lines.size() && i < kNamedLines; ++i) {
    const BatchLine& line = *lines[i].line;
    absl::StrAppend(&names, i == 0 ? "" : ", ", line.number);
    if (!line.id.empty()) absl::StrAppend(&names, " (id ", Excerpt(line.id), ")");
  }
  if (lines.size() > kNamedLines) {
    absl::StrAppend(&names, " and ", lines.size() - kNamedLines, " more");
  }
  return names;
}

}  // namespace enos::flow::cli
