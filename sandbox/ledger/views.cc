#include "sandbox/ledger/views.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "sandbox/enos/result_code.h"

namespace enos::sandbox {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

template <typename Write>
std::string Json(Write write) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  write(writer);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

void Text(Writer& writer, const char* name, const std::string& text) {
  writer.Key(name);
  writer.String(text);
}
void Number(Writer& writer, const char* name, std::uint64_t number) {
  writer.Key(name);
  writer.Uint64(number);
}
void Flag(Writer& writer, const char* name, bool flag) {
  writer.Key(name);
  writer.Bool(flag);
}

void WriteRequest(Writer& writer, const FlowRequest& request) {
  writer.Key("flowId");
  writer.Int(request.flow_id);
  writer.Key("triggerTime");
  writer.Int64(request.trigger_time_ms);
  writer.Key("parameters");
  writer.StartArray();
  const std::string* call_id = nullptr;
  for (const auto& [key, value] : request.parameters) {
    writer.StartObject();
    Text(writer, "key", key);
    Text(writer, "value", value);
    writer.EndObject();
    if (key == "call_id" && call_id == nullptr) call_id = &value;
  }
  writer.EndArray();
  Text(writer, "parametersAs", request.parameters_in_string ? "string" : "array");
  if (call_id != nullptr) Text(writer, "callId", *call_id);
}

void WriteCall(Writer& writer, const CallRecord& call) {
  writer.StartObject();
  Number(writer, "number", call.number);
  Text(writer, "time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", call.time, absl::UTCTimeZone()));
  Number(writer, "connection", call.connection);
  Text(writer, "apiVersion", call.api_version);
  Text(writer, "userId", call.user_id);
  Text(writer, "orgId", call.org_id);
  if (call.request.has_value()) WriteRequest(writer, *call.request);
  Flag(writer, "tokenValid", call.token_valid);
  Flag(writer, "signatureValid", call.signature_valid);
  Flag(writer, "signedWithNextKey", call.signed_with_next_key);
  Flag(writer, "executed", call.executed);
  Text(writer, "flowInstanceId", call.instance_id);
  writer.Key("httpStatus");
  writer.Int(call.http_status);
  writer.Key("code");
  writer.Int(call.code);
  Text(writer, "fault", call.fault);
  writer.EndObject();
}

template <typename Map>
void WriteMap(Writer& writer, const char* name, const Map& map) {
  writer.Key(name);
  writer.StartObject();
  for (const auto& [key, count] : map) Number(writer, absl::StrCat(key).c_str(), count);
  writer.EndObject();
}

}  // namespace

std::string TokenAnswerJson(const TokenReply& reply) {
  return Json([&](Writer& writer) {
    writer.Key("status");
    writer.Int(reply.code);
    Text(writer, "msg", reply.code == kSuccess ? "SUCCESS" : MessageOf(reply.code));
    Text(writer, "business", "apim-token-service");
    if (reply.code != kSuccess) return;
    writer.Key("data");
    writer.StartObject();
    Text(writer, "accessToken", reply.access_token);
    writer.Key("expire");
    writer.Int64(reply.expire_s);
    writer.EndObject();
  });
}

std::string ServiceAnswerJson(const Verdict& verdict, const std::string& api_version,
                              const std::string& request_id, const std::string& data) {
  return Json([&](Writer& writer) {
    const bool old = api_version == "v2.0";
    // The API gateway in front words its refusals alike for every service behind it.
    writer.Key(old && !verdict.refused_at_the_door ? "status" : "code");
    writer.Int(verdict.code);
    const bool success = verdict.code == kSuccess;
    Text(writer, "msg", success ? (old ? " Success" : "OK") : verdict.message);
    if (!old) Text(writer, "requestId", request_id);
    if (!success || data.empty()) return;
    writer.Key("data");
    writer.RawValue(data.data(), data.size(), rapidjson::kObjectType);
  });
}

std::string StartedJson(const std::string& instance_id) {
  return Json([&](Writer& writer) { Text(writer, "flowInstanceId", instance_id); });
}

std::string TextJson(const std::string& text) {
  rapidjson::StringBuffer buffer;
  Writer(buffer).String(text);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string CallsJson(const CallPage& page) {
  return Json([&](Writer& writer) {
    writer.Key("calls");
    writer.StartArray();
    for (const CallRecord& call : page.calls) WriteCall(writer, call);
    writer.EndArray();
    Number(writer, "lastNumber", page.last_number);
    Number(writer, "forgotten", page.forgotten);
  });
}

std::string StatsJson(const CallStats& calls, const TokenStats& tokens, const ReadStats& reads,
                      const ServerCounts& server) {
  return Json([&](Writer& writer) {
    Number(writer, "received", calls.received);
    Number(writer, "executed", calls.executed);
    Number(writer, "faults", calls.faults);
    WriteMap(writer, "byCode", calls.by_code);
    WriteMap(writer, "executedByFlow", calls.executed_by_flow);
    Number(writer, "tokenGets", tokens.gets);
    Number(writer, "tokenRefreshes", tokens.refreshes);
    Number(writer, "tokenRefused", tokens.refused);
    Number(writer, "tokenFaults", tokens.faults);
    Number(writer, "gets", reads.gets);
    Number(writer, "cancels", reads.cancels);
    Number(writer, "timeReads", reads.times);
    Number(writer, "readFaults", reads.faults);
    Number(writer, "connectionsOpened", server.connections_opened);
    Number(writer, "connectionsOpen", server.connections_open);
    Number(writer, "requestsReceived", server.requests_received);
    Number(writer, "requestsBrokenOff", server.requests_broken_off);
  });
}

}  // namespace enos::sandbox
