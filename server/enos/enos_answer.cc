#include "server/enos/enos_answer.h"

#include <string>
#include <utility>

#include "server/contract/upstream_text.h"

namespace enos::gateway {
namespace {

// What a message says about a reason: what happened, and what to do.
struct Wording {
  Reason reason;
  std::string_view what;
  std::string_view advice;
};

constexpr std::string_view kWait = "Wait a little, then call again.";

constexpr Wording kWordings[] = {
    {Reason::ENOS_INVALID_ARGUMENT, "EnOS refused the call: an argument is not valid",
     "Check that user_id belongs to org_id, check flow_id and the parameters, then call again."},
    {Reason::ENOS_PERMISSION_DENIED, "EnOS refused the call: there is no permission for it",
     "Give the user access to the flow, or the gateway's application access to the API, then call "
     "again."},
    {Reason::FLOW_HAS_NO_TASK, "EnOS refused the call: the flow has no task",
     "Add a task to the flow, then call again."},
    {Reason::ENOS_LOCKED, "EnOS refused the call: the account is locked",
     "Have it unlocked in EnOS, then call again."},
    {Reason::ENOS_NOT_FOUND, "EnOS refused the call: the flow, the run or the API was not found",
     "Check the ids, and the gateway's EnOS address and API version."},
    {Reason::ENOS_UNIMPLEMENTED, "EnOS refused the call: it does not offer this operation",
     "Check the gateway's EnOS address and API version."},
    {Reason::ENOS_ALREADY_EXISTS, "EnOS refused the call: what it should create already exists",
     "Look at the flow's instances in EnOS before you call again."},
    {Reason::ENOS_OUT_OF_RANGE, "EnOS refused the call: a parameter is out of range",
     "Correct the value, then call again."},
    {Reason::ENOS_CREDENTIALS_REFUSED, "EnOS refused the gateway's credentials",
     "Ask the operator of the gateway to check its access key, secret key and clock."},
    {Reason::ENOS_RATE_LIMITED, "EnOS refused the call: there are too many calls", kWait},
    {Reason::ENOS_UNAVAILABLE, "EnOS, or a proxy on the way, says that it is not available", kWait},
    {Reason::ENOS_INTERNAL, "EnOS reported an internal error", ""},
    {Reason::ENOS_TIMEOUT, "EnOS, or a proxy on the way, gave up waiting", ""},
    {Reason::ENOS_CONNECTION_LOST, "a proxy on the way lost its connection to EnOS", ""},
    {Reason::ENOS_ERROR, "EnOS answered with an error that the gateway does not know", ""},
};

// "Invalid parameter, or cannot be created."
constexpr int64_t kCannotBeCreated = 62102;
constexpr std::string_view kSameMinute =
    " EnOS documents this code also for a flow that was triggered in the same minute.";

Wording WordingFor(Reason reason) {
  for (const Wording& wording : kWordings) {
    if (wording.reason == reason) return wording;
  }
  return {reason, "EnOS refused the call", ""};
}

// "(EnOS code 62104: This workflow has no task, you cannot trigger it!)"; the HTTP status is named
// where it decided.
std::string Evidence(const CallError& error) {
  std::string text = error.enos_code.has_value() ? "EnOS code " + std::to_string(*error.enos_code)
                                                 : "HTTP " + std::to_string(error.http_status);
  if (!error.enos_message.empty()) text.append(": ").append(error.enos_message);
  return " (" + text + ")";
}

std::string_view TrimSpaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// EnOS's own words: "msg", or "msg: submsg" where there are both.
std::string EnosMessage(const AnswerMembers& members, const SecretMask& secrets) {
  const std::string_view msg = TrimSpaces(StringOf(members.msg));
  const std::string_view submsg = TrimSpaces(StringOf(members.submsg));
  if (submsg.empty()) return CleanUpstreamText(msg, secrets);
  if (msg.empty()) return CleanUpstreamText(submsg, secrets);
  return CleanUpstreamText(std::string(msg).append(": ").append(submsg), secrets);
}

bool IsSuccess(int http_status) { return http_status >= 200 && http_status < 300; }

std::string_view WhyMalformed(int http_status, bool is_object) {
  if (http_status >= 300 && http_status < 400) {
    return "is a redirect, which the gateway does not follow";
  }
  return is_object ? "holds no result code" : "is not a JSON object";
}

}  // namespace

EnosAnswer ReadEnosAnswer(int http_status, std::string_view body, const SecretMask& secrets) {
  EnosAnswer answer;
  answer.said.http_status = http_status;
  answer.members = ReadAnswerMembers(body);
  if (answer.members) {
    const AnswerMembers& members = *answer.members;
    answer.said.enos_code = ResultCodeOf(members.code, members.status);
    answer.said.enos_message = EnosMessage(members, secrets);
    answer.said.enos_request_id = CleanRequestId(StringOf(members.request_id), secrets);
  }
  return answer;
}

std::optional<Refusal> RefusalIn(const EnosAnswer& answer, FindRow find_row) {
  const CallError& said = answer.said;
  if (said.enos_code == 0) {
    if (IsSuccess(said.http_status)) return std::nullopt;
    return MalformedAnswer("reports success under HTTP " + std::to_string(said.http_status),
                           answer);
  }
  if (said.enos_code || said.http_status >= 400)
    return RefusalOfRow(find_row(said.enos_code, said.http_status), answer);
  return MalformedAnswer(WhyMalformed(said.http_status, answer.members.has_value()), answer);
}

Refusal MalformedAnswer(std::string_view what_is_wrong, const EnosAnswer& answer) {
  Refusal refusal{answer.said, Remedy::kNone};
  refusal.error.code = absl::StatusCode::kInternal;
  refusal.error.reason = Reason::ENOS_MALFORMED_RESPONSE;
  refusal.error.execution = Execution::kUnknown;
  refusal.error.message = std::string("EnOS's answer makes no sense: it ")
                              .append(what_is_wrong)
                              .append(Evidence(answer.said))
                              .append(".");
  return refusal;
}

Refusal RefusalOfRow(const ErrorRow& row, const EnosAnswer& answer) {
  Refusal refusal{answer.said, row.remedy};
  CallError& error = refusal.error;
  error.code = row.code;
  error.reason = row.reason;
  error.execution = row.execution;
  const Wording wording = WordingFor(row.reason);
  error.message = std::string(wording.what).append(Evidence(error)).append(".");
  if (!wording.advice.empty() && error.execution != Execution::kUnknown)
    error.message.append(" ").append(wording.advice);
  if (error.enos_code == kCannotBeCreated && row.reason == Reason::ENOS_INVALID_ARGUMENT)
    error.message.append(kSameMinute);
  return refusal;
}

}  // namespace enos::gateway
