#include "output.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
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
  if (facts.empty() && error.enos_message.empty()) return "";
  std::string line =
      absl::StrCat("EnOS answered", facts.empty() ? "" : " with ", absl::StrJoin(facts, ", "));
  if (!error.enos_message.empty()) absl::StrAppend(&line, ": ", ForTerminal(error.enos_message));
  return line + "\n";
}

}  // namespace

std::string FormatSuccessText(const TriggeredFlow& flow) {
  return ForTerminal(flow.flow_instance_id) + "\n";
}

std::string FormatErrorText(const FlowError& error, const std::string& address,
                            const Style& style) {
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
  absl::StrAppend(
      &text,
      error.SafeToRepeat()
          ? style.Good("The flow was certainly not started: it is safe to call again.")
          : style.Doubtful("The flow MAY have been started: check in EnOS before calling again."));
  if (error.retry_after) {
    absl::StrAppend(&text, " Wait ", absl::FormatDuration(absl::FromChrono(*error.retry_after)),
                    " first.");
  }
  return text + "\n";
}

std::string FormatJson(const FlowResult& result) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  writer.Key("ok");
  writer.Bool(result.ok());
  if (result.ok()) {
    WriteFlow(writer, result.flow());
  } else {
    WriteError(writer, result.error());
  }
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

}  // namespace enos::flow::cli
