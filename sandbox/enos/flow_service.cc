#include "sandbox/enos/flow_service.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sandbox/enos/result_code.h"
#include "sandbox/enos/signature.h"

namespace enos::sandbox {
namespace {

void Refuse(FlowDecision& decision, int code, std::string message = "") {
  decision.code = code;
  decision.message = message.empty() ? MessageOf(code) : std::move(message);
}

bool Allows(const std::set<std::string>& known, const std::string& name) {
  return !name.empty() && (known.empty() || known.count(name) > 0);
}

}  // namespace

FlowService::FlowService(FlowServiceOptions options, Clock clock,
                         std::function<bool(std::string_view)> is_alive)
    : options_(std::move(options)), clock_(std::move(clock)), is_alive_(std::move(is_alive)) {}

FlowDecision FlowService::Decide(const FlowCall& call) const {
  FlowDecision decision;
  decision.user_id = FindParameter(call.query, "userId").value_or("");
  decision.org_id = FindParameter(call.query, "orgId").value_or("");
  absl::StatusOr<FlowRequest> request = ParseFlowRequest(call.body);
  if (request.ok()) decision.request = *request;
  if (!CheckToken(call, decision) || !CheckSignature(call, decision)) {
    decision.refused_at_the_door = true;
    return decision;
  }
  if (call.method != "POST") {
    Refuse(decision, 405);
  } else if (FindParameter(call.query, "action") != "updateAndTrigger") {
    Refuse(decision, kInvalidArgument, "Invalid Argument: action must be updateAndTrigger");
  } else if (!request.ok()) {
    Refuse(decision, kInvalidArgument,
           absl::StrCat("Invalid Argument: ", request.status().message()));
  } else if (!Allows(options_.users, decision.user_id) || !Allows(options_.orgs, decision.org_id)) {
    Refuse(decision, kUnknownUser);
  } else if (const int code = CheckFlow(request->flow_id); code != kSuccess) {
    Refuse(decision, code);
  } else {
    decision.instance_id = InstanceId(*request);
  }
  return decision;
}

bool FlowService::CheckToken(const FlowCall& call, FlowDecision& decision) const {
  decision.token_valid = call.access_token.has_value() && is_alive_(*call.access_token);
  if (decision.token_valid) return true;
  switch (options_.token_refusal) {
    case TokenRefusal::kHttp401:
      decision.http_status = 401;
      [[fallthrough]];
    case TokenRefusal::kCode401:
      Refuse(decision, kUnauthenticated);
      break;
    case TokenRefusal::kCode497:
      Refuse(decision, kSignatureRefused);
      break;
    case TokenRefusal::kCode1203:
      Refuse(decision, kTokenExpired);
      break;
  }
  return false;
}

bool FlowService::CheckSignature(const FlowCall& call, FlowDecision& decision) const {
  std::int64_t sent_ms = 0;
  const std::string timestamp(call.timestamp.value_or(""));
  const bool in_time =
      absl::SimpleAtoi(timestamp, &sent_ms) &&
      absl::AbsDuration(clock_() - absl::FromUnixMillis(sent_ms)) <= options_.clock_skew;
  if (!in_time) {
    Refuse(decision, kSignatureRefused, "App Timestamp Checked Fail");
    return false;
  }
  const SignedParts parts{*call.access_token, call.query, call.body, timestamp};
  decision.signed_with_next_key =
      !options_.next_secret_key.empty() &&
      call.signature == ExpectedSignature(parts, options_.next_secret_key);
  decision.signature_valid = decision.signed_with_next_key ||
                             call.signature == ExpectedSignature(parts, options_.secret_key);
  if (!decision.signature_valid) Refuse(decision, kSignatureRefused);
  return decision.signature_valid;
}

int FlowService::CheckFlow(std::int32_t flow_id) const {
  if (options_.flows_without_task.count(flow_id) > 0) return kNoTask;
  if (options_.flows_of_others.count(flow_id) > 0) return kNoPrivilege;
  if (flow_id <= 0 || options_.unknown_flows.count(flow_id) > 0) return kNotFound;
  if (!options_.flows.empty() && options_.flows.count(flow_id) == 0) return kNotFound;
  return kSuccess;
}

}  // namespace enos::sandbox
