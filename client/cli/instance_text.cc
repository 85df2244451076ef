#include "instance_text.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr size_t kMostTasksOnALine = 10;

// "a, b and 7 more" after the prefix; nothing of nothing.
std::string ShortList(const char* prefix, std::vector<std::string> items) {
  if (items.empty()) return "";
  const size_t all = items.size();
  if (all > kMostTasksOnALine) items.resize(kMostTasksOnALine);
  std::string list = absl::StrCat(prefix, absl::StrJoin(items, ", "));
  if (all > items.size()) absl::StrAppend(&list, " and ", all - items.size(), " more");
  return list;
}

std::string TaskText(const TaskInstance& task, const Style& style) {
  return absl::StrCat(TaskLabel(task), " ",
                      Painted(StateText(task.state(), task.enos_status()), task.state(), style));
}

// Tasks of one run may share a name, hardly an id.
std::string TaskKey(const TaskInstance& task) {
  return absl::StrCat(task.task_instance_id(), "/", task.task_id());
}

std::map<std::string, int> StatusOfTasks(const FlowInstance* instance) {
  std::map<std::string, int> statuses;
  if (instance == nullptr) return statuses;
  for (const TaskInstance& task : instance->tasks()) {
    statuses[TaskKey(task)] = task.state() * 1000 + task.enos_status();
  }
  return statuses;
}

void AppendFact(std::string& text, const char* name, const std::string& value) {
  if (!value.empty()) absl::StrAppend(&text, name, value, "\n");
}

}  // namespace

std::string StateWord(FlowInstanceState state) {
  const std::string name = FlowInstanceState_Name(state);
  const absl::string_view word = absl::StripPrefix(name, "FLOW_INSTANCE_STATE_");
  return word.empty() || word == "UNSPECIFIED" ? "UNKNOWN" : std::string(word);
}

std::string StateText(FlowInstanceState state, int enos_status) {
  const std::string word = StateWord(state);
  return word == "UNKNOWN" ? absl::StrCat("UNKNOWN (EnOS status ", enos_status, ")") : word;
}

bool IsBad(FlowInstanceState state) {
  return state == dataflow::v1::FLOW_INSTANCE_STATE_FAILED ||
         state == dataflow::v1::FLOW_INSTANCE_STATE_INTERNAL_ERROR ||
         state == dataflow::v1::FLOW_INSTANCE_STATE_TIMED_OUT ||
         state == dataflow::v1::FLOW_INSTANCE_STATE_CANCELLED;
}

bool IsDone(FlowInstanceState state) {
  return state == dataflow::v1::FLOW_INSTANCE_STATE_SUCCEEDED ||
         state == dataflow::v1::FLOW_INSTANCE_STATE_SKIPPED;
}

std::string Painted(const std::string& text, FlowInstanceState state, const Style& style) {
  if (IsBad(state)) return style.Bad(text);
  return IsDone(state) ? style.Good(text) : text;
}

std::string TaskLabel(const TaskInstance& task) {
  return task.task_name().empty() ? absl::StrCat("task ", task.task_id())
                                  : ForTerminal(task.task_name());
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ",
                          absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
                          absl::UTCTimeZone());
}

std::string FormatInstanceText(const FlowInstance& instance, const Style& style) {
  const std::string state = StateText(instance.state(), instance.enos_status());
  std::string text = absl::StrCat(ForTerminal(instance.flow_instance_id()), " ",
                                  Painted(state, instance.state(), style),
                                  instance.ended() ? ", ended" : ", not ended", "\n");
  AppendFact(text, "flow:         ",
             absl::StrCat(instance.flow_id(), " ", ForTerminal(instance.flow_name())));
  AppendFact(text, "owner:        ", ForTerminal(instance.owner()));
  if (instance.has_trigger_time())
    AppendFact(text, "trigger time: ", TimeText(instance.trigger_time()));
  if (instance.has_start_time())
    AppendFact(text, "start time:   ", TimeText(instance.start_time()));
  if (instance.has_end_time()) AppendFact(text, "end time:     ", TimeText(instance.end_time()));
  for (const auto& parameter : instance.parameters()) {
    AppendFact(text, "parameter:    ",
               absl::StrCat(ForTerminal(parameter.key()), "=", ForTerminal(parameter.value())));
  }
  for (const TaskInstance& task : instance.tasks()) {
    AppendFact(text, "task:         ", absl::StrCat(task.task_id(), " ", TaskText(task, style)));
  }
  return text;
}

std::string FormatChange(const FlowInstance* before, const FlowInstance& after, absl::Time now,
                         const Style& style) {
  const auto old = StatusOfTasks(before);
  std::vector<std::string> changed;
  for (const TaskInstance& task : after.tasks()) {
    const auto found = old.find(TaskKey(task));
    if (found == old.end() || found->second != task.state() * 1000 + task.enos_status()) {
      changed.push_back(TaskText(task, style));
    }
  }
  const std::string state = StateText(after.state(), after.enos_status());
  return absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()), " ",
                      Painted(state, after.state(), style), ShortList(": ", std::move(changed)),
                      "\n");
}

std::string FormatBadEnd(const FlowInstance& instance, const Style& style) {
  std::vector<std::string> tasks;
  for (const TaskInstance& task : instance.tasks()) {
    if (!IsBad(task.state())) continue;
    tasks.push_back(absl::StrCat(TaskLabel(task), " (", task.task_id(), ") ",
                                 StateText(task.state(), task.enos_status())));
  }
  return absl::StrCat(
      "enos-flow: the run ", ForTerminal(instance.flow_instance_id()), " ended: ",
      Painted(StateText(instance.state(), instance.enos_status()), instance.state(), style),
      ShortList("; tasks: ", std::move(tasks)), "\n");
}

}  // namespace enos::flow::cli
