#include "batch_record.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "document.h"
#include "instance_text.h"
#include "json_text.h"

namespace enos::flow::cli {
namespace {

constexpr char kSending[] = "SENDING";
constexpr char kOk[] = "OK";
constexpr char kFailed[] = "FAILED";

void Begin(JsonWriter& writer, const BatchLine& line, const char* outcome) {
  writer.StartObject();
  writer.Key("line");
  writer.Int64(line.number);
  WriteTextIfAny(writer, "id", line.id);
  WriteText(writer, "outcome", outcome);
}

std::string End(JsonWriter& writer, const BatchLine& line, const rapidjson::StringBuffer& buffer) {
  WriteText(writer, "fingerprint", line.fingerprint);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

// The text of a member; empty if it is missing.
std::string Member(const Document& record, absl::string_view name) {
  const auto at = std::find(record.keys.begin(), record.keys.end(), name);
  if (at == record.keys.end()) return "";
  return record.items[static_cast<size_t>(at - record.keys.begin())].text;
}

std::optional<LineState> StateOf(const Document& record) {
  const std::string outcome = Member(record, "outcome");
  if (outcome == kOk) return LineState::kOk;
  if (outcome == kSending) return LineState::kNoAnswer;
  if (outcome != kFailed) return std::nullopt;
  const bool certain = Member(record, "execution") == ExecutionName(Execution::kNotExecuted);
  return certain ? LineState::kNotExecuted : LineState::kUnknown;
}

// The last record counts, but for the key, which is in the last one of SENDING.
void AddRecord(const Document& record, LineState state, PastLine& line) {
  if (state == LineState::kNoAnswer) {
    line.key = Member(record, "idempotency_key");
    line.trigger_time = Member(record, "trigger_time");
    line.gateway = Member(record, "gateway");
    line.request_id = Member(record, "request_id");
  }
  line.state = state;
  line.fingerprint = Member(record, "fingerprint");
  line.likely_flow_instance_id = Member(record, "likely_flow_instance_id");
  line.final_for_key = IsFinalForKey(Member(record, "key_state"), Member(record, "reason"));
}

}  // namespace

std::string SendingRecord(const BatchLine& line, const std::string& key,
                          const std::string& gateway) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  Begin(writer, line, kSending);
  WriteTextIfAny(writer, "request_id", line.request_id);
  if (!key.empty()) {
    WriteText(writer, "idempotency_key", key);
    WriteText(writer, "trigger_time", TimeText(line.request.trigger_time()));
    WriteText(writer, "gateway", gateway);
  }
  return End(writer, line, buffer);
}

std::string ResultRecord(const BatchLine& line, const FlowResult& result, int attempts) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  Begin(writer, line, result.ok() ? kOk : kFailed);
  if (result.ok()) {
    WriteFlow(writer, result.flow());
  } else {
    WriteError(writer, result.error());
  }
  writer.Key("attempts");
  writer.Int(attempts);
  return End(writer, line, buffer);
}

std::string ResolvedRecord(const BatchLine& line, bool started) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  Begin(writer, line, started ? kOk : kFailed);
  if (!started) WriteText(writer, "execution", ExecutionName(Execution::kNotExecuted));
  WriteText(writer, "resolved", started ? "started" : "not_started");
  return End(writer, line, buffer);
}

bool IsFinalForKey(absl::string_view key_state, absl::string_view reason) {
  return key_state == KeyStateName(KeyState::kDoubt) ||
         key_state == KeyStateName(KeyState::kReused) ||
         reason == ErrorReason_Name(Reason::IDEMPOTENCY_KEY_EXPIRED);
}

absl::StatusOr<std::map<int64_t, PastLine>> ReadRecords(absl::string_view text) {
  std::map<int64_t, PastLine> lines;
  int number = 0;
  for (const absl::string_view record_text : absl::StrSplit(text, '\n')) {
    ++number;
    if (record_text.empty()) continue;
    const auto record = ParseJson(record_text);
    int64_t line = 0;
    std::optional<LineState> state;
    if (record.ok() && record->kind == Document::Kind::kMap) state = StateOf(*record);
    if (!state || !absl::SimpleAtoi(Member(*record, "line"), &line) || line < 1 ||
        Member(*record, "fingerprint").empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " is not a record of enos-flow trigger --batch"));
    }
    AddRecord(*record, *state, lines[line]);
  }
  return lines;
}

}  // namespace enos::flow::cli
