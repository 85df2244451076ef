#include "server/rpc/access_log.h"

#include <string>
#include <string_view>
#include <vector>

#include "server/log/log.h"

namespace enos::gateway {
namespace {

std::string_view EventOf(const CallOutcome& outcome, const CallRecord& record) {
  if (outcome.error != nullptr) return "call failed";
  if (outcome.code != absl::StatusCode::kOk) return "call cancelled";
  if (record.replayed) return "flow was started before";
  return StartsFlow(outcome.method) ? "flow started" : "call answered";
}

Execution ExecutionOf(const CallOutcome& outcome) {
  return outcome.error != nullptr ? outcome.error->execution : outcome.execution;
}

void AddText(std::vector<LogField>& fields, std::string_view key, std::string_view text) {
  if (!text.empty()) fields.emplace_back(key, text);
}

void AddResult(std::vector<LogField>& fields, const CallOutcome& outcome, const CallRecord& record,
               std::string_view code) {
  AddText(fields, "key", record.key);
  AddText(fields, "flow_instance_id", record.flow_instance_id);
  if (record.replayed) fields.emplace_back("replayed", "true");
  fields.emplace_back("code", code);
  if (outcome.error != nullptr)
    fields.emplace_back("reason", ErrorReason_Name(outcome.error->reason));
  if (outcome.code != absl::StatusCode::kOk && StartsFlow(outcome.method))
    fields.emplace_back("execution", ExecutionName(ExecutionOf(outcome)));
  if (record.http_status != 0) fields.emplace_back("http_status", record.http_status);
  if (record.enos_code) fields.emplace_back("enos_code", *record.enos_code);
  AddText(fields, "enos_request_id", record.enos_request_id);
}

void AddTimes(std::vector<LogField>& fields, const CallOutcome& outcome, const CallRecord& record) {
  fields.emplace_back("attempts", record.attempts);
  fields.emplace_back("token_ms", LogMilliseconds(record.token));
  fields.emplace_back("upstream_ms", LogMilliseconds(record.upstream));
  fields.emplace_back("total_ms", LogMilliseconds(outcome.took));
}

}  // namespace

void LogCall(const CallOutcome& outcome, const CallRecord& record) {
  const bool perhaps_started =
      outcome.code != absl::StatusCode::kOk && ExecutionOf(outcome) == Execution::kUnknown;
  const LogLevel level = perhaps_started ? LogLevel::kWarning : LogLevel::kInfo;
  if (!LogEnabled(level)) return;
  const std::string code = absl::StatusCodeToString(outcome.code);  // fields refer to their texts
  constexpr size_t kFields = 30;                                    // at most
  std::vector<LogField> fields;
  fields.reserve(kFields);
  AddText(fields, "caller", record.caller);
  AddText(fields, "peer", record.peer);
  AddText(fields, "org_id", record.org_id);
  AddText(fields, "user_id", record.user_id);
  fields.emplace_back("method", RpcMethodName(outcome.method));
  fields.emplace_back("flow_id", record.flow_id);
  AddResult(fields, outcome, record, code);
  AddTimes(fields, outcome, record);
  fields.emplace_back("request_bytes", record.request_bytes);
  fields.emplace_back("answer_bytes", record.answer_bytes);
  fields.emplace_back("request_id", record.request_id);
  AddText(fields, "trace_id", record.trace_id);
  AddText(fields, "cause", record.cause);
  if (outcome.error != nullptr) fields.emplace_back("message", outcome.error->message);
  Log(level, EventOf(outcome, record), fields);
}

}  // namespace enos::gateway
