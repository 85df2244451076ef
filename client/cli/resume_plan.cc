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
        plan.doubtful.push_back({&line, past.state == LineState::kUnknown, LikelyIdOf(line, past)});
      }
      return;
  }
}

}  // namespace

ResumePlan PlanResume(std::vector<BatchLine>& lines, const std::map<int64_t, PastLine>& past,
                      const std::string& gateway) {
  ResumePlan plan;
  std::map<int64_t, PastLine> not_seen = past;
  for (BatchLine& line : lines) {
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
    Add(plan, line, found->second, gateway);
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
