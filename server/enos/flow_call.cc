#include "server/enos/flow_call.h"

#include <utility>

#include "server/enos/enos_query.h"
#include "server/enos/json_writer.h"

namespace enos::gateway {
namespace {

using dataflow::v1::UpdateAndTriggerFlowRequest;

EnosQuery Query(const UpdateAndTriggerFlowRequest& request) {
  EnosQuery query;
  query.query.reserve(64 + 3 * (request.org_id().size() + request.user_id().size()));
  query.signed_query.reserve(40 + request.org_id().size() + request.user_id().size());
  query.Add("action", "updateAndTrigger");
  query.Add("orgId", request.org_id());
  query.Add("userId", request.user_id());
  return query;
}

// What the body takes when nothing in it needs an escape except the quotes of parameters in a
// string.
size_t EstimateBody(const UpdateAndTriggerFlowRequest& request, ParametersAs parameters_as) {
  constexpr size_t kAround = sizeof(R"({"flowId":,"triggerTime":,"parameters":"[]"})") + 10 + 20;
  constexpr size_t kAroundEach = sizeof(R"({"key":"","value":""},)");
  const size_t escapes = parameters_as == ParametersAs::kString ? 8 : 0;
  size_t bytes = kAround;
  for (const auto& parameter : request.parameters()) {
    bytes += kAroundEach + escapes + parameter.key().size() + parameter.value().size();
  }
  return bytes;
}

void WriteParameters(JsonWriter& writer, const UpdateAndTriggerFlowRequest& request) {
  writer.StartArray();
  for (const auto& parameter : request.parameters()) {
    writer.StartObject();
    WriteKey(writer, "key");
    WriteString(writer, parameter.key());
    WriteKey(writer, "value");
    WriteString(writer, parameter.value());
    writer.EndObject();
  }
  writer.EndArray();
}

std::string ParametersText(const UpdateAndTriggerFlowRequest& request) {
  StringSink sink(EstimateBody(request, ParametersAs::kArray));
  JsonWriter writer(sink);
  WriteParameters(writer, request);
  return sink.Take();
}

std::string EncodeBody(const UpdateAndTriggerFlowRequest& request, ParametersAs parameters_as) {
  StringSink sink(EstimateBody(request, parameters_as));
  JsonWriter writer(sink);
  writer.StartObject();
  WriteKey(writer, "flowId");
  writer.Int(request.flow_id());
  WriteKey(writer, "triggerTime");
  writer.Int64(TriggerTimeMs(request));
  WriteKey(writer, "parameters");
  if (parameters_as == ParametersAs::kString) {
    WriteString(writer, ParametersText(request));
  } else {
    WriteParameters(writer, request);
  }
  writer.EndObject();
  return sink.Take();
}

}  // namespace

int64_t TriggerTimeMs(const UpdateAndTriggerFlowRequest& request) {
  const auto& time = request.trigger_time();
  return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

FlowCall EncodeFlowCall(const UpdateAndTriggerFlowRequest& request, ParametersAs parameters_as) {
  EnosQuery query = Query(request);
  return {std::move(query.query), std::move(query.signed_query),
          EncodeBody(request, parameters_as)};
}

}  // namespace enos::gateway
