#include "sandbox/runs/run_fault.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace enos::sandbox {
namespace {

using Life = RunFault::Life;
using Form = RunFault::Form;

constexpr int kMostTasks = 1'000'000;

bool ReadForm(absl::string_view form, Form& member) {
  if (form == "json") {
    member = Form::kJson;
  } else if (form == "not-json") {
    member = Form::kNotJson;
  } else if (form == "none") {
    member = Form::kNone;
  } else {
    return false;
  }
  return true;
}

bool ReadLife(absl::string_view kind, RunFault& fault) {
  if (kind == "fail") {
    fault.life = Life::kFails;
  } else if (kind == "never-ends") {
    fault.life = Life::kNeverEnds;
  } else if (kind == "cancelled") {
    fault.life = Life::kIsCancelled;
  } else {
    return false;
  }
  return true;
}

bool ReadFlag(absl::string_view kind, RunFault& fault) {
  bool* const flag = kind == "parameters-map"   ? &fault.parameters_as_map
                     : kind == "snake-case"     ? &fault.snake_case
                     : kind == "null-times"     ? &fault.null_times
                     : kind == "no-status"      ? &fault.no_status
                     : kind == "other-instance" ? &fault.other_instance
                                                : nullptr;
  if (flag != nullptr) *flag = true;
  return flag != nullptr;
}

bool ReadNamed(absl::string_view name, absl::string_view argument, RunFault& fault) {
  if (name == "graph") return ReadForm(argument, fault.graph);
  if (name == "parameters") return ReadForm(argument, fault.parameters);
  int number = 0;
  if (!absl::SimpleAtoi(argument, &number)) return false;
  if (name == "runs") {
    fault.running_status = number;
  } else if (name == "ends") {
    fault.end_status = number;
  } else if (name == "task") {
    fault.task_status = number;
  } else if (name == "tasks") {
    fault.tasks = number;
    return number >= 0 && number <= kMostTasks;
  } else {
    return false;
  }
  return true;
}

bool ReadKind(absl::string_view kind, RunFault& fault) {
  if (ReadLife(kind, fault) || ReadFlag(kind, fault)) return true;
  const std::size_t dash = kind.find('-');
  return dash != absl::string_view::npos &&
         ReadNamed(kind.substr(0, dash), kind.substr(dash + 1), fault);
}

}  // namespace

absl::StatusOr<RunFaults::value_type> ParseRunFault(std::string_view text) {
  const std::size_t colon = text.find(':');
  std::int32_t flow_id = 0;
  if (colon == std::string_view::npos ||
      !absl::SimpleAtoi(std::string(text.substr(0, colon)), &flow_id)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text), "\" does not begin with a flow id and a colon"));
  }
  RunFault fault;
  for (const absl::string_view kind : absl::StrSplit(std::string(text.substr(colon + 1)), '+')) {
    if (!ReadKind(kind, fault)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", kind, "\" is no kind of fault of a run"));
    }
  }
  return RunFaults::value_type{flow_id, fault};
}

std::string RunFaultKindsHelp() {
  return R"(  fail                             a task fails, and with it the run (-1); another task runs on
                                   and ends at the end of the run's time
  never-ends                       its last task goes on for ever
  cancelled                        in the middle of its time, as by somebody at the console
  runs-N ends-N task-N             that status instead of RUNNING, of SUCCESS, and at the end of the
                                   last task, for example runs-42 or ends--1
  tasks-N                          so many tasks instead of 3
  graph-json graph-not-json graph-none, parameters-json parameters-not-json parameters-none
                                   not as JSON text in a string, but as JSON, as text that is no
                                   JSON, or not at all
  parameters-map snake-case null-times
                                   a map for a list, task_id for taskId, null for ""
  no-status other-instance         no status; an answer about another run
)";
}

}  // namespace enos::sandbox
