#include "output.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "batch_record.h"
#include "instance_text.h"
#include "json_text.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

// "EnOS answered with code 62104, HTTP 200, request id r-1: This workflow has no task"
std::string EnosLine(const FlowError& error) {
  std::vector<std::string> facts;
  if (error.enos_code) facts.push_back(absl::StrCat("code ", *error.enos_code));
  if (error.http_status != 0) facts.push_back(absl::StrCat("HTTP ", error.http_status));
  if (!error.enos_request_id.empty()) {
    facts.push_back(absl::StrCat("request id ", ForTerminal(error.enos_request_id)));
  }
  if (facts.empty() && absl::StrContains(error.message, error.enos_message)) return "";
  std::string line =
      absl::StrCat("EnOS answered", facts.empty() ? "" : " with ", absl::StrJoin(facts, ", "));
  // The gateway's message often quotes it.
  if (!absl::StrContains(error.message, error.enos_message)) {
    absl::StrAppend(&line, ": ", ForTerminal(error.enos_message));
  }
  return line + "\n";
}

// Whether an earlier call with the key may have started the flow, although this one did not.
bool LeavesEarlierOpen(const FlowError& error, KeyUse key) {
  return key == KeyUse::kGiven && (error.key_state != KeyState::kNone ||
                                   error.reason_kind == Reason::IDEMPOTENCY_KEY_EXPIRED);
}

// Whether the same call may have another outcome: not one that is refused for what it asks.
bool MayHelp(const FlowError& error) {
  return IsWorthRepeating(error) || error.retry_after ||
         error.code == grpc::StatusCode::DEADLINE_EXCEEDED;
}

std::string LastLine(const FlowError& error, const Style& style, KeyUse key) {
  std::vector<std::string> parts;
  if (error.execution == Execution::kNotExecuted && LeavesEarlierOpen(error, key)) {
    parts.push_back(style.Doubtful(
        "This call certainly did not start the flow; an earlier one with this key MAY have."));
  } else if (error.execution == Execution::kUnknown && key != KeyUse::kNone && KeyTells(error)) {
    parts.push_back(style.Doubtful(
        "The flow MAY have been started: call again with the same key to learn it. That cannot "
        "start it twice."));
  } else if (error.execution == Execution::kNotExecuted) {
    parts.push_back(style.Good(absl::StrCat("The flow was certainly not started",
                                            MayHelp(error) ? ": it is safe to call again." : ".")));
  } else if (error.execution == Execution::kUnknown) {
    parts.push_back(
        style.Doubtful("The flow MAY have been started: check in EnOS before calling again."));
  }
  if (error.retry_after) {
    parts.push_back(absl::StrCat("Wait ",
                                 absl::FormatDuration(absl::FromChrono(*error.retry_after)),
                                 parts.empty() ? " before calling again." : " first."));
  }
  return parts.empty() ? "" : absl::StrJoin(parts, " ") + "\n";
}

template <typename Result, typename WriteValue>
void WriteResult(JsonWriter& writer, const Result& result, const WriteValue& write_value) {
  writer.Key("ok");
  writer.Bool(result.ok());
  if (result.ok()) {
    write_value();
  } else {
    WriteError(writer, result.error());
  }
}

void WriteKey(JsonWriter& writer, const FlowRequest& request) {
  if (request.idempotency_key().empty()) return;
  WriteText(writer, "idempotency_key", request.idempotency_key());
  WriteText(writer, "trigger_time", TimeText(request.trigger_time()));
}

// One object on a line.
template <typename WriteMembers>
std::string ToJson(const WriteMembers& write_members) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_members(writer);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

}  // namespace

std::string FormatSuccessText(const TriggeredFlow& flow) {
  return ForTerminal(flow.flow_instance_id) + "\n";
}

std::string FormatErrorText(const FlowError& error, const std::string& address, const Style& style,
                            KeyUse key) {
  std::string what = StatusCodeName(error.code);
  if (!error.reason.empty()) absl::StrAppend(&what, " (", ForTerminal(error.reason), ")");
  std::string text =
      absl::StrCat("enos-flow: the call to ", Excerpt(address), " failed: ", style.Bad(what));
  if (!error.message.empty()) absl::StrAppend(&text, ": ", ForTerminal(error.message));
  absl::StrAppend(&text, "\n", EnosLine(error));
  for (const FieldViolation& violation : error.violations) {
    absl::StrAppend(&text, "  ", ForTerminal(violation.field), ": ",
                    ForTerminal(violation.description), "\n");
  }
  if (!error.request_id.empty()) {
    absl::StrAppend(&text, "Request id, for the gateway's log: ", ForTerminal(error.request_id),
                    "\n");
  }
  return text + LastLine(error, style, key);
}

bool KeyTells(const FlowError& error) {
  if (IsFinalForKey(KeyStateName(error.key_state), error.reason)) return false;
  // A gateway that looked the key up keeps it.
  return error.key_kept || error.key_state != KeyState::kNotTold;
}

std::string KeyFlags(const FlowRequest& request) {
  return absl::StrCat("--idempotency_key=", ForShell(request.idempotency_key()),
                      " --trigger_time=", TimeText(request.trigger_time()));
}

std::string CommandAboutRun(const std::string& command, const InstanceRequest& request,
                            const std::string& connection_flags) {
  return absl::StrCat("enos-flow ", command, " ", ForShell(request.flow_instance_id),
                      " --user_id=", ForShell(request.user_id),
                      " --org_id=", ForShell(request.org_id), connection_flags);
}

std::string LikelyId(const FlowRequest& request) {
  const absl::Time time = absl::FromUnixSeconds(request.trigger_time().seconds());
  return absl::StrCat(request.flow_id(), "-",
                      absl::FormatTime("%Y%m%d%H%M00", time, absl::UTCTimeZone()));
}

std::string FormatLookHint(const FlowError& error, const FlowRequest& request,
                           const std::string& connection_flags) {
  const InstanceRequest run = {
      request.user_id(), request.org_id(),
      error.likely_flow_instance_id.empty() ? LikelyId(request) : error.likely_flow_instance_id};
  return absl::StrCat("If it was, its run most likely has this id, which is a guess. To look:\n  ",
                      CommandAboutRun("get", run, connection_flags), "\n");
}

std::string FormatJson(const FlowResult& result, const FlowRequest& request) {
  return ToJson([&](JsonWriter& writer) {
    WriteResult(writer, result, [&] { WriteFlow(writer, result.flow()); });
    WriteKey(writer, request);
  });
}

std::string FormatKeyJson(const FlowRequest& request) {
  return ToJson([&](JsonWriter& writer) { WriteKey(writer, request); });
}

std::string FormatCancelledJson(const std::string& request_id) {
  return ToJson([&](JsonWriter& writer) {
    writer.Key("ok");
    writer.Bool(true);
    WriteTextIfAny(writer, "request_id", request_id);
  });
}

std::string FormatInstanceJson(const InstanceResult& result) {
  return ToJson([&](JsonWriter& writer) {
    WriteResult(writer, result, [&] {
      WriteInstance(writer, result.instance());
      WriteTextIfAny(writer, "request_id", result.request_id());
    });
  });
}

}  // namespace enos::flow::cli
