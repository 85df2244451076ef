#include "json_text.h"

#include "text.h"

namespace enos::flow::cli {

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
}

void WriteError(JsonWriter& writer, const FlowError& error) {
  WriteText(writer, "code", StatusCodeName(error.code));
  WriteTextIfAny(writer, "reason", error.reason);
  WriteText(writer, "execution", ExecutionName(error.execution));
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

}  // namespace enos::flow::cli
