#include "sandbox/enos/flow_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "sandbox/enos/json_value.h"
#include "sandbox/enos/result_code.h"

namespace enos::sandbox {
namespace {

bool Allows(const std::set<std::string>& known, const std::string& name) {
  return !name.empty() && (known.empty() || known.count(name) > 0);
}

std::string Parameter(const ServiceCall& call, std::string_view name) {
  return FindParameter(call.query, name).value_or("");
}

// The member flowInstId of a cancel's body.
std::string InstanceIdOf(std::string_view body) {
  const std::optional<JsonValue> json = ParseJson(body);
  const JsonValue* id = json ? json->Find("flowInstId") : nullptr;
  return id != nullptr && id->Is(JsonValue::Kind::kString) ? id->text : "";
}

}  // namespace

FlowService::FlowService(const FlowServiceOptions& options, Clock clock,
                         std::function<bool(std::string_view)> is_alive)
    : options_(options), door_(options, std::move(clock), std::move(is_alive)) {}

FlowDecision FlowService::DecideTrigger(const ServiceCall& call) const {
  FlowDecision decision;
  decision.user_id = Parameter(call, "userId");
  decision.org_id = Parameter(call, "orgId");
  absl::StatusOr<FlowRequest> request = ParseFlowRequest(call.body, options_.parameters_as);
  if (request.ok()) decision.request = *request;
  if (!door_.Check(call, decision)) return decision;
  if (call.method != "POST") {
    decision.Refuse(405);
  } else if (Parameter(call, "action") != "updateAndTrigger") {
    decision.Refuse(kInvalidArgument, "Invalid Argument: action must be updateAndTrigger");
  } else if (!request.ok()) {
    decision.Refuse(kInvalidArgument,
                    absl::StrCat("Invalid Argument: ", request.status().message()));
  } else if (!KnowsUser(decision.user_id, decision.org_id)) {
    decision.Refuse(kUnknownUser);
  } else if (const int code = CheckFlow(request->flow_id); code != kSuccess) {
    decision.Refuse(code);
  }
  return decision;
}

RunDecision FlowService::DecideGet(const ServiceCall& call) const {
  RunDecision decision;
  decision.instance_id = Parameter(call, "flowInstId");
  CheckRunCall(call, "GET", "get", decision);
  return decision;
}

RunDecision FlowService::DecideCancel(const ServiceCall& call) const {
  RunDecision decision;
  decision.instance_id = InstanceIdOf(call.body);
  CheckRunCall(call, "POST", "cancel", decision);
  return decision;
}

void FlowService::CheckRunCall(const ServiceCall& call, std::string_view method,
                               std::string_view action, RunDecision& decision) const {
  decision.user_id = Parameter(call, "userId");
  if (!door_.Check(call, decision)) return;
  if (call.method != method) {
    decision.Refuse(405);
  } else if (Parameter(call, "action") != action) {
    decision.Refuse(kInvalidArgument, "Invalid Argument: action must be get or cancel");
  } else if (decision.instance_id.empty()) {
    decision.Refuse(kInvalidArgument, "Invalid Argument: flowInstId is missing or no text");
  } else if (!KnowsUser(decision.user_id, Parameter(call, "orgId"))) {
    decision.Refuse(kUnknownUser);
  }
}

Verdict FlowService::DecideTime(const ServiceCall& call) const {
  Verdict verdict;
  if (!door_.Check(call, verdict)) return verdict;
  const std::string action = Parameter(call, "action");
  if (call.method != "GET") {
    verdict.Refuse(405);
  } else if (action != "getCurrentTime" && action != "getTimeZone") {
    verdict.Refuse(kInvalidArgument,
                   "Invalid Argument: action must be getCurrentTime or getTimeZone");
  }
  return verdict;
}

bool FlowService::KnowsUser(const std::string& user_id, const std::string& org_id) const {
  return Allows(options_.users, user_id) && Allows(options_.orgs, org_id);
}

int FlowService::CheckFlow(std::int32_t flow_id) const {
  if (options_.flows_without_task.count(flow_id) > 0) return kNoTask;
  if (options_.flows_of_others.count(flow_id) > 0) return kNoPrivilege;
  if (flow_id <= 0 || options_.unknown_flows.count(flow_id) > 0) return kNotFound;
  if (!options_.flows.empty() && options_.flows.count(flow_id) == 0) return kNotFound;
  return kSuccess;
}

}  // namespace enos::sandbox
