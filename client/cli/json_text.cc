#include "json_text.h"

#include "instance_text.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

void WriteNumber(JsonWriter& writer, const char* key, int number) {
  writer.Key(key);
  writer.Int(number);
}

void WriteTrue(JsonWriter& writer, const char* key) {
  writer.Key(key);
  writer.Bool(true);
}

void WriteTask(JsonWriter& writer, const dataflow::v1::TaskInstance& task) {
  writer.StartObject();
  WriteTextIfAny(writer, "task_instance_id", task.task_instance_id());
  WriteNumber(writer, "task_id", task.task_id());
  WriteText(writer, "task_name", task.task_name());
  WriteText(writer, "state", StateWord(task.state()));
  WriteNumber(writer, "enos_status", task.enos_status());
  writer.EndObject();
}

void WriteParameter(JsonWriter& writer, const dataflow::v1::FlowParameter& parameter) {
  writer.StartObject();
  WriteText(writer, "key", parameter.key());
  WriteText(writer, "value", parameter.value());
  writer.EndObject();
}

}  // namespace

void WriteText(JsonWriter& writer, const char* key, const std::string& text) {
  const std::string utf8 = ToUtf8(text);
  writer.Key(key);
  writer.String(utf8.data(), static_cast<rapidjson::SizeType>(utf8.size()));
}

void WriteTextIfAny(JsonWriter& writer, const char* key, const std::string& text) {
  if (!text.empty()) WriteText(writer, key, text);
}

void WriteFlow(JsonWriter& writer, const TriggeredFlow& flow) {
  WriteText(writer, "flow_instance_id", flow.flow_instance_id);
  WriteTextIfAny(writer, "enos_request_id", flow.enos_request_id);
  if (flow.replayed) WriteTrue(writer, "replayed");
  WriteTextIfAny(writer, "request_id", flow.request_id);
}

void WriteError(JsonWriter& writer, const FlowError& error) {
  WriteText(writer, "code", StatusCodeName(error.code));
  WriteTextIfAny(writer, "reason", error.reason);
  WriteTextIfAny(writer, "execution", ExecutionName(error.execution));
  WriteText(writer, "message", error.message);
  if (error.enos_code) {
    writer.Key("enos_code");
    writer.Int64(*error.enos_code);
  }
  WriteTextIfAny(writer, "enos_message", error.enos_message);
  if (error.http_status != 0) {
    writer.Key("http_status");
    writer.Int(error.http_status);
  }
  WriteTextIfAny(writer, "enos_request_id", error.enos_request_id);
  WriteTextIfAny(writer, "request_id", error.request_id);
  WriteTextIfAny(writer, "likely_flow_instance_id", error.likely_flow_instance_id);
  WriteTextIfAny(writer, "key_state", KeyStateName(error.key_state));
  if (error.key_kept) WriteTrue(writer, "key_kept");
  if (!error.violations.empty()) {
    writer.Key("violations");
    writer.StartArray();
    for (const FieldViolation& violation : error.violations) {
      writer.StartObject();
      WriteText(writer, "field", violation.field);
      WriteText(writer, "description", violation.description);
      writer.EndObject();
    }
    writer.EndArray();
  }
  if (error.retry_after) {
    writer.Key("retry_after_ms");
    writer.Int64(error.retry_after->count());
  }
}

void WriteInstance(JsonWriter& writer, const FlowInstance& instance) {
  WriteText(writer, "flow_instance_id", instance.flow_instance_id());
  WriteNumber(writer, "flow_id", instance.flow_id());
  WriteText(writer, "flow_name", instance.flow_name());
  WriteText(writer, "state", StateWord(instance.state()));
  WriteNumber(writer, "enos_status", instance.enos_status());
  WriteTextIfAny(writer, "enos_status_text", instance.enos_status_text());
  writer.Key("ended");
  writer.Bool(instance.ended());
  if (instance.has_trigger_time())
    WriteText(writer, "trigger_time", TimeText(instance.trigger_time()));
  if (instance.has_start_time()) WriteText(writer, "start_time", TimeText(instance.start_time()));
  if (instance.has_end_time()) WriteText(writer, "end_time", TimeText(instance.end_time()));
  WriteTextIfAny(writer, "owner", instance.owner());
  writer.Key("parameters");
  writer.StartArray();
  for (const auto& parameter : instance.parameters()) WriteParameter(writer, parameter);
  writer.EndArray();
  writer.Key("tasks");
  writer.StartArray();
  for (const auto& task : instance.tasks()) WriteTask(writer, task);
  writer.EndArray();
}

}  // namespace enos::flow::cli
