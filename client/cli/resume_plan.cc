#include "resume_plan.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "output.h"
#include "request_fields.h"
#include "text.h"
#include "trigger_time.h"

namespace enos::flow::cli {
namespace {

constexpr size_t kNamedLines = 20;

// Whether the line can be repeated with the key that it was sent with; makes it so.
bool TakeKey(BatchLine& line, const PastLine& past, const std::string& gateway) {
  if (past.key.empty() || past.final_for_key || past.gateway != gateway) return false;
  const auto time = ParseTriggerTime(past.trigger_time, absl::UnixEpoch());
  if (!time.ok()) return false;
  SetTriggerTime(line.request, *time);
  line.request.set_idempotency_key(past.key);
  line.request_id = past.request_id;
  return true;
}

// As the gateway guessed it, else as we do, if the time is known that was sent.
std::string LikelyIdOf(const BatchLine& line, const PastLine& past) {
  if (!past.likely_flow_instance_id.empty()) return past.likely_flow_instance_id;
  const auto time = ParseTriggerTime(past.trigger_time, absl::UnixEpoch());
  if (past.key.empty() || !time.ok()) return "";
  FlowRequest sent;
  sent.set_flow_id(line.request.flow_id());
  SetTriggerTime(sent, *time);
  return LikelyId(sent);
}

void Add(ResumePlan& plan, BatchLine& line, const PastLine& past, const std::string& gateway) {
  switch (past.state) {
    case LineState::kOk:
      ++plan.done;
      return;
    case LineState::kNotExecuted:
      plan.to_send.push_back(&line);
      return;
    case LineState::kUnknown:
    case LineState::kNoAnswer:
      if (TakeKey(line, past, gateway)) {
        plan.to_send.push_back(&line);
      } else {
        plan.doubtful.push_back(
            {&line, past.state == LineState::kUnknown, LikelyIdOf(line, past), past.request_id});
      }
      return;
  }
}

// One line, however many lines it is about.
void AddProblem(ResumePlan& plan, const std::vector<int64_t>& lines, absl::string_view of_one,
                absl::string_view of_many) {
  if (lines.empty()) return;
  plan.problems.push_back(lines.size() == 1 ? absl::StrCat("line ", lines.front(), ": ", of_one)
                                            : absl::StrCat(lines.size(), " ", of_many,
                                                           "; the first is line ", lines.front()));
}

}  // namespace

ResumePlan PlanResume(std::vector<BatchLine>& lines, const std::map<int64_t, PastLine>& past,
                      const std::string& gateway) {
  ResumePlan plan;
  std::vector<int64_t> changed;
  std::vector<int64_t> missing;
  std::map<int64_t, PastLine> not_seen = past;
  for (BatchLine& line : lines) {
    const auto found = past.find(line.number);
    if (found == past.end()) {
      plan.to_send.push_back(&line);
      continue;
    }
    not_seen.erase(line.number);
    if (found->second.fingerprint != line.fingerprint) {
      changed.push_back(line.number);
      continue;
    }
    Add(plan, line, found->second, gateway);
  }
  missing.reserve(not_seen.size());
  for (const auto& [number, line] : not_seen) missing.push_back(number);
  AddProblem(plan, changed, "does not match its results: it was changed",
             absl::StrCat("of ", lines.size(),
                          " lines do not match their results: they were changed, or the results "
                          "are those of another batch"));
  AddProblem(plan, missing, "has results, but is missing",
             "lines have results, but are missing: the batch was cut, or the results are those of "
             "another one");
  return plan;
}

std::string NameLines(const std::vector<DoubtfulLine>& lines) {
  std::string names;
  for (size_t i = 0; i < lines.size() && i < kNamedLines; ++i) {
    const BatchLine& line = *lines[i].line;
    absl::StrAppend(&names, i == 0 ? "" : ", ", line.number);
    std::vector<std::string> notes;
    if (!line.id.empty()) notes.push_back(absl::StrCat("id ", Excerpt(line.id)));
    const std::string& run = lines[i].likely_flow_instance_id;
    if (!run.empty()) notes.push_back(absl::StrCat("likely run ", Excerpt(run)));
    if (!notes.empty()) absl::StrAppend(&names, " (", absl::StrJoin(notes, ", "), ")");
  }
  if (lines.size() > kNamedLines) {
    absl::StrAppend(&names, " and ", lines.size() - kNamedLines, " more");
  }
  return names;
}

}  // namespace enos::flow::cli
