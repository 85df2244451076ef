#include "sandbox/enos/flow_request.h"

#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "sandbox/enos/json_value.h"

namespace enos::sandbox {
namespace {

using Kind = JsonValue::Kind;

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

const std::string* Text(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.Find(name);
  return value != nullptr && value->Is(Kind::kString) ? &value->text : nullptr;
}

const std::int64_t* Integer(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.Find(name);
  return value != nullptr && value->Is(Kind::kInteger) ? &value->integer : nullptr;
}

absl::Status ReadList(const JsonValue& list, FlowRequest& request) {
  if (!list.Is(Kind::kArray)) return Wrong("parameters must be a list");
  for (const JsonValue& item : list.items) {
    if (!item.Is(Kind::kObject)) return Wrong("parameters must be objects");
    const std::string* key = Text(item, "key");
    const std::string* value = Text(item, "value");
    if (key == nullptr || value == nullptr) {
      return Wrong("a parameter needs a key and a value, both strings");
    }
    request.parameters.emplace_back(*key, *value);
  }
  return absl::OkStatus();
}

absl::Status ReadParameters(const JsonValue* parameters, ParametersAs as, FlowRequest& request) {
  if (parameters == nullptr) return Wrong("parameters must be a list");
  request.parameters_in_string = parameters->Is(Kind::kString);
  if (as == ParametersAs::kString && !request.parameters_in_string) {
    return Wrong("parameters must be JSON text in a string");
  }
  if (!request.parameters_in_string || as == ParametersAs::kArray) {
    return ReadList(*parameters, request);
  }
  const std::optional<JsonValue> list = ParseJson(parameters->text);
  return list ? ReadList(*list, request) : Wrong("the text of parameters is no JSON");
}

}  // namespace

absl::StatusOr<FlowRequest> ParseFlowRequest(std::string_view body, ParametersAs parameters_as) {
  const std::optional<JsonValue> json = ParseJson(body);
  if (!json || !json->Is(Kind::kObject)) return Wrong("the body is no JSON object");

  FlowRequest request;
  const std::int64_t* flow_id = Integer(*json, "flowId");
  using Limits = std::numeric_limits<std::int32_t>;
  if (flow_id == nullptr || *flow_id < Limits::min() || *flow_id > Limits::max()) {
    return Wrong("flowId must be an Integer");
  }
  request.flow_id = static_cast<std::int32_t>(*flow_id);
  const std::int64_t* trigger_time = Integer(*json, "triggerTime");
  if (trigger_time == nullptr || *trigger_time < 0) {
    return Wrong("triggerTime must be a Long, Unix time in milliseconds");
  }
  request.trigger_time_ms = *trigger_time;
  absl::Status read = ReadParameters(json->Find("parameters"), parameters_as, request);
  if (!read.ok()) return read;
  return request;
}

std::string InstanceIdOfMinute(const FlowRequest& request) {
  return absl::StrCat(
      request.flow_id, "-",
      absl::FormatTime("%E4Y%m%d%H%M", absl::FromUnixMillis(request.trigger_time_ms),
                       absl::UTCTimeZone()));
}

}  // namespace enos::sandbox
