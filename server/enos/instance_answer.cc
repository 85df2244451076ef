#include "server/enos/instance_answer.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/contract/validation.h"
#include "server/enos/enos_answer.h"
#include "server/enos/enos_time.h"
#include "server/enos/json_tree.h"

namespace enos::gateway {
namespace {

using dataflow::v1::FlowInstance;
using dataflow::v1::FlowInstanceState;
using rapidjson::Value;

// EnOS's status numbers, of a run and of its tasks.
FlowInstanceState StateOf(int32_t enos_status) {
  switch (enos_status) {
    case -1:
      return dataflow::v1::FLOW_INSTANCE_STATE_FAILED;
    case 0:
      return dataflow::v1::FLOW_INSTANCE_STATE_INITIALIZING;
    case 1:
      return dataflow::v1::FLOW_INSTANCE_STATE_SUCCEEDED;
    case 2:
      return dataflow::v1::FLOW_INSTANCE_STATE_RUNNING;
    case 3:
      return dataflow::v1::FLOW_INSTANCE_STATE_SUSPENDED;
    case 4:
      return dataflow::v1::FLOW_INSTANCE_STATE_INTERNAL_ERROR;
    case 5:
      return dataflow::v1::FLOW_INSTANCE_STATE_WAITING;
    case 6:
      return dataflow::v1::FLOW_INSTANCE_STATE_READY;
    case 7:
      return dataflow::v1::FLOW_INSTANCE_STATE_TIMED_OUT;
    case 8:
      return dataflow::v1::FLOW_INSTANCE_STATE_CANCELLED;
    case 9:
      return dataflow::v1::FLOW_INSTANCE_STATE_RERUNNING;
    case 10:
      return dataflow::v1::FLOW_INSTANCE_STATE_SKIPPED;
    default:
      return dataflow::v1::FLOW_INSTANCE_STATE_UNSPECIFIED;
  }
}

// Whether a task in this state may keep a run going that EnOS calls failed.
bool GoesOn(FlowInstanceState state) {
  switch (state) {
    case dataflow::v1::FLOW_INSTANCE_STATE_UNSPECIFIED:
    case dataflow::v1::FLOW_INSTANCE_STATE_INITIALIZING:
    case dataflow::v1::FLOW_INSTANCE_STATE_WAITING:
    case dataflow::v1::FLOW_INSTANCE_STATE_READY:
    case dataflow::v1::FLOW_INSTANCE_STATE_RUNNING:
    case dataflow::v1::FLOW_INSTANCE_STATE_RERUNNING:
      return true;
    default:
      return false;
  }
}

// What the tasks of a run say, the ones that are not shown included.
struct TaskCount {
  int read = 0;
  int unreadable = 0;
  bool goes_on = false;
};

bool HasEnded(FlowInstanceState state, const TaskCount& tasks, bool has_end_time) {
  switch (state) {
    case dataflow::v1::FLOW_INSTANCE_STATE_SUCCEEDED:
    case dataflow::v1::FLOW_INSTANCE_STATE_CANCELLED:
    case dataflow::v1::FLOW_INSTANCE_STATE_SKIPPED:
    case dataflow::v1::FLOW_INSTANCE_STATE_TIMED_OUT:
    case dataflow::v1::FLOW_INSTANCE_STATE_INTERNAL_ERROR:
      return true;
    case dataflow::v1::FLOW_INSTANCE_STATE_FAILED:
      if (tasks.read == 0) return has_end_time;
      return tasks.unreadable == 0 && !tasks.goes_on;
    default:
      return false;
  }
}

// Reads the parts of `data` that the caller can do without.
class InstanceReader {
 public:
  InstanceReader(const Value& data, InstanceAnswer& answer) : data_(data), answer_(answer) {}

  void ReadAll() {
    ReadText("flowName", answer_.instance.mutable_flow_name());
    ReadText("statusDesc", answer_.instance.mutable_enos_status_text());
    ReadText("owner", answer_.instance.mutable_owner());
    ReadTime("triggerTime", answer_.trigger_time);
    ReadTime("startTime", answer_.start_time);
    ReadTime("endTime", answer_.end_time);
    if (const Value* parameters = FindMember(data_, "parameters"))
      WithTree(*parameters, UnreadablePart::kParameters,
               [this](const Value& tree) { ReadParameters(tree); });
    if (const Value* graph = FindMember(data_, "graph"))
      WithTree(*graph, UnreadablePart::kTasks, [this](const Value& tree) { ReadTasks(tree); });
    answer_.instance.set_ended(
        HasEnded(answer_.instance.state(), tasks_, !answer_.end_time.empty()));
  }

 private:
  void CountUnreadable(UnreadablePart part) { ++answer_.unreadable.at(static_cast<size_t>(part)); }

  void ReadText(std::string_view name, std::string* text) {
    if (const Value* value = FindMember(data_, name)) *text = TextOf(*value);
  }

  void ReadTime(std::string_view name, std::string& time) {
    const Value* value = FindMember(data_, name);
    if (value == nullptr) return;
    std::string text = TextOf(*value);
    if (text.empty()) return;
    if (ParseEnosTime(text, absl::UTCTimeZone())) {
      time = std::move(text);
    } else {
      CountUnreadable(UnreadablePart::kTime);
    }
  }

  // A part is JSON, or JSON as text in a string; an empty text is none.
  template <typename Read>
  void WithTree(const Value& value, UnreadablePart part, Read read) {
    if (!value.IsString()) return read(value);
    const std::string_view text(value.GetString(), value.GetStringLength());
    if (text.empty()) return;
    if (const auto tree = ParseJsonTree(text)) return read(*tree);
    CountUnreadable(part);
  }

  void AddParameter(std::string key, const Value& value) {
    auto* parameter = answer_.instance.add_parameters();
    parameter->set_key(std::move(key));
    parameter->set_value(TextOf(value));
  }

  // [{"key":...,"value":...}], or an object with a member for each parameter.
  void ReadParameters(const Value& tree) {
    if (tree.IsObject()) {
      for (const auto& member : tree.GetObject()) AddParameter(TextOf(member.name), member.value);
      return;
    }
    if (!tree.IsArray()) {
      if (!tree.IsNull()) CountUnreadable(UnreadablePart::kParameters);
      return;
    }
    static const Value kNoValue;
    for (const Value& entry : tree.GetArray()) {
      const Value* key = FindMember(entry, "key");
      if (key == nullptr || !key->IsString()) {
        CountUnreadable(UnreadablePart::kParameters);
        continue;
      }
      const Value* value = FindMember(entry, "value");
      AddParameter(TextOf(*key), value == nullptr ? kNoValue : *value);
    }
  }

  // {"tasks":[...]}
  void ReadTasks(const Value& tree) {
    const Value* tasks = FindMember(tree, "tasks");
    if (tasks == nullptr || !tasks->IsArray()) {
      const bool is_none = tree.IsNull() || (tree.IsObject() && tasks == nullptr);
      if (!is_none) CountUnreadable(UnreadablePart::kTasks);
      return;
    }
    for (const Value& task : tasks->GetArray()) ReadTask(task);
  }

  void ReadTask(const Value& task) {
    const Value* status = FindMember(task, "status");
    const auto enos_status = status == nullptr ? std::nullopt : Int32Of(*status);
    if (!enos_status) {
      ++tasks_.unreadable;
      CountUnreadable(UnreadablePart::kTasks);
      return;
    }
    ++tasks_.read;
    const FlowInstanceState state = StateOf(*enos_status);
    tasks_.goes_on = tasks_.goes_on || GoesOn(state);
    if (answer_.instance.tasks_size() >= kMaxTasks) {
      CountUnreadable(UnreadablePart::kTasks);
      return;
    }
    auto* shown = answer_.instance.add_tasks();
    shown->set_state(state);
    shown->set_enos_status(*enos_status);
    if (const Value* id = FindMember(task, "taskInstId", "task_inst_id"))
      shown->set_task_instance_id(TextOf(*id));
    if (const Value* name = FindMember(task, "taskName", "task_name"))
      shown->set_task_name(TextOf(*name));
    if (const Value* id = FindMember(task, "taskId", "task_id"))
      shown->set_task_id(Int32Of(*id).value_or(0));
  }

  const Value& data_;
  InstanceAnswer& answer_;
  TaskCount tasks_;
};

// Absent, null, "" or {}.
bool IsEmpty(const Value* data) {
  return data == nullptr || (data->IsString() && data->GetStringLength() == 0) ||
         (data->IsObject() && data->ObjectEmpty());
}

Refusal NotFound(const EnosAnswer& answer) {
  return RefusalOfRow(RowForRead(std::nullopt, 404), answer);
}

std::variant<InstanceAnswer, Refusal> ReadInstance(const Value& data,
                                                   std::string_view flow_instance_id,
                                                   const EnosAnswer& answer) {
  const Value* id = FindMember(data, "instanceId");
  const Value* status = FindMember(data, "status");
  const auto enos_status = status == nullptr ? std::nullopt : Int32Of(*status);
  if (id == nullptr || !id->IsString() || !enos_status)
    return MalformedAnswer("tells no instance id, or no status, of the run", answer);
  if (TextOf(*id) != flow_instance_id)
    return MalformedAnswer("is about another run than the one that was asked for", answer);
  const int32_t flow_id = FlowOfInstance(flow_instance_id);
  const Value* flow = FindMember(data, "flowId");
  if (flow != nullptr && Int32Of(*flow).value_or(flow_id) != flow_id)
    return MalformedAnswer("is about a run of another flow", answer);

  InstanceAnswer read;
  read.enos_request_id = answer.said.enos_request_id;
  read.instance.set_flow_instance_id(std::string(flow_instance_id));
  read.instance.set_flow_id(flow_id);
  read.instance.set_enos_status(enos_status.value_or(0));
  read.instance.set_state(StateOf(read.instance.enos_status()));
  InstanceReader(data, read).ReadAll();
  return read;
}

// Calls `timestamp()` for the field to set, where there is such a time.
template <typename Timestamp>
void SetTime(const std::string& text, const absl::TimeZone& zone, Timestamp timestamp) {
  const auto time = ParseEnosTime(text, zone);
  if (time) timestamp()->set_seconds(absl::ToUnixSeconds(*time));
}

}  // namespace

std::variant<InstanceAnswer, Refusal> ReadInstanceAnswer(int http_status, std::string_view body,
                                                         std::string_view flow_instance_id,
                                                         const SecretMask& secrets) {
  const EnosAnswer answer = ReadEnosAnswer(http_status, body, secrets);
  if (auto refused = RefusalIn(answer, &RowForRead)) return *std::move(refused);
  const auto tree = ParseJsonTree(body);
  if (!tree) return MalformedAnswer("nests too deep", answer);
  const Value* data = FindMember(*tree, "data");
  if (IsEmpty(data)) return NotFound(answer);
  return ReadInstance(*data, flow_instance_id, answer);
}

void SetTimes(const absl::TimeZone& zone, InstanceAnswer& answer) {
  FlowInstance& instance = answer.instance;
  SetTime(answer.trigger_time, zone, [&instance] { return instance.mutable_trigger_time(); });
  SetTime(answer.start_time, zone, [&instance] { return instance.mutable_start_time(); });
  SetTime(answer.end_time, zone, [&instance] { return instance.mutable_end_time(); });
}

std::optional<Refusal> ReadCancelAnswer(int http_status, std::string_view body,
                                        const SecretMask& secrets, std::string* enos_request_id) {
  const EnosAnswer answer = ReadEnosAnswer(http_status, body, secrets);
  *enos_request_id = answer.said.enos_request_id;
  return RefusalIn(answer, &RowForRead);
}

}  // namespace enos::gateway
