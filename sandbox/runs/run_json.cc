#include "sandbox/runs/run_json.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <optional>

#include "absl/strings/str_cat.h"

namespace enos::sandbox {
namespace {

using Form = RunFault::Form;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

template <typename Write>
std::string Json(Write write) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  write(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

void Text(Writer& writer, const char* name, const std::string& text) {
  writer.Key(name);
  writer.String(text);
}
void Number(Writer& writer, const char* name, int number) {
  writer.Key(name);
  writer.Int(number);
}

std::string ListJson(const FlowRequest& request) {
  return Json([&](Writer& writer) {
    writer.StartArray();
    for (const auto& [key, value] : request.parameters) {
      writer.StartObject();
      Text(writer, "key", key);
      Text(writer, "value", value);
      writer.EndObject();
    }
    writer.EndArray();
  });
}

std::string MapJson(const FlowRequest& request) {
  return Json([&](Writer& writer) {
    writer.StartObject();
    for (const auto& [key, value] : request.parameters) Text(writer, key.c_str(), value);
    writer.EndObject();
  });
}

std::string GraphJson(const RunView& view) {
  const bool snake = view.fault.snake_case;
  return Json([&](Writer& writer) {
    writer.StartObject();
    writer.Key("tasks");
    writer.StartArray();
    for (const TaskState& task : view.state.tasks) {
      writer.StartObject();
      Number(writer, snake ? "task_id" : "taskId", task.id);
      Text(writer, snake ? "task_name" : "taskName", task.name);
      Text(writer, snake ? "task_inst_id" : "taskInstId",
           absl::StrCat(view.run.instance_id, "-", task.id));
      Number(writer, "status", task.status);
      writer.EndObject();
    }
    writer.EndArray();
    writer.EndObject();
  });
}

void Member(Writer& writer, const char* name, Form form, const std::string& json) {
  if (form == Form::kNone) return;
  writer.Key(name);
  if (form == Form::kJson) {
    writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
  } else {
    writer.String(form == Form::kText ? json : "no [JSON");
  }
}

void WriteTime(Writer& writer, const char* name, std::optional<absl::Time> time, bool null,
               absl::TimeZone zone) {
  writer.Key(name);
  if (!time.has_value() && null) {
    writer.Null();
  } else {
    writer.String(time ? absl::FormatTime("%E4Y-%m-%d %H:%M:%S", *time, zone) : "");
  }
}

}  // namespace

std::string RunJson(const RunView& view, absl::TimeZone zone) {
  const FlowRun& run = view.run;
  const RunFault& fault = view.fault;
  const RunState& state = view.state;
  return Json([&](Writer& writer) {
    writer.StartObject();
    Text(writer, "instanceId", fault.other_instance ? run.instance_id + "0" : run.instance_id);
    Number(writer, "flowId", run.request.flow_id);
    Text(writer, "flowName", absl::StrCat("flow ", run.request.flow_id));
    if (!fault.no_status) {
      Number(writer, "status", state.status);
      Text(writer, "statusDesc", StatusName(state.status));
    }
    WriteTime(writer, "triggerTime", absl::FromUnixMillis(run.request.trigger_time_ms), false,
              zone);
    WriteTime(writer, "startTime", state.start, fault.null_times, zone);
    WriteTime(writer, "endTime", state.end, fault.null_times, zone);
    Text(writer, "owner", run.owner);
    Member(writer, "parameters", fault.parameters,
           fault.parameters_as_map ? MapJson(run.request) : ListJson(run.request));
    Member(writer, "graph", fault.graph, GraphJson(view));
    writer.EndObject();
  });
}

}  // namespace enos::sandbox
