#include "sandbox/flow_api.h"

#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sandbox/enos/result_code.h"
#include "sandbox/faults/spoil.h"
#include "sandbox/random_id.h"
#include "sandbox/runs/run_json.h"

namespace enos::sandbox {
namespace {

struct Generation {
  absl::string_view path;
  const char* api_version = nullptr;
};
constexpr std::array kGenerations = {Generation{"/dataflow-batch-service/v2.0/", "v2.0"},
                                     Generation{"/batch-processing-service/v2.1/", "v2.1"}};

FlowServiceOptions ServiceOptions(const SandboxOptions& options) {
  FlowServiceOptions service = options.flows;
  service.secret_key = options.secret_key;
  service.next_secret_key = options.next_secret_key;
  return service;
}

ServiceCall CallOf(const HttpRequest& request, const Target& target) {
  return {request.method,
          target.query,
          FindHeader(request.headers, "apim-accesstoken"),
          FindHeader(request.headers, "apim-timestamp"),
          FindHeader(request.headers, "apim-signature"),
          request.body};
}

CallRecord MakeRecord(const FlowDecision& decision) {
  CallRecord record;
  record.user_id = decision.user_id;
  record.org_id = decision.org_id;
  record.request = decision.request;
  record.token_valid = decision.token_valid;
  record.signature_valid = decision.signature_valid;
  record.signed_with_next_key = decision.signed_with_next_key;
  record.http_status = decision.http_status;
  return record;
}

std::string FaultName(const std::optional<Fault>& fault) {
  return fault ? " fault=" + fault->name : "";
}

std::string Outcome(const RunDecision& decision, const std::optional<Fault>& fault) {
  return absl::StrCat("run=", absl::CEscape(decision.instance_id),
                      " user=", absl::CEscape(decision.user_id), " http=", decision.http_status,
                      " code=", decision.code, FaultName(fault));
}

}  // namespace

struct FlowApi::Call {
  const HttpRequest& request;
  ServiceCall call;
  std::string api_version;
};

FlowApi::FlowApi(const SandboxOptions& options, std::function<bool(std::string_view)> is_alive,
                 FaultPlan* faults, CallLedger* ledger)
    : clock_(options.clock),
      latency_(options.latency),
      time_zone_(options.time_zone),
      generation_(options.generation),
      unknown_run_(options.unknown_run),
      service_(ServiceOptions(options), options.clock, std::move(is_alive)),
      runs_(options.runs),
      faults_(*faults),
      ledger_(*ledger) {}

std::optional<LoggedAnswer> FlowApi::OnRequest(const HttpRequest& request, const Target& target) {
  for (const auto& [path, api_version] : kGenerations) {
    absl::string_view resource = target.path;
    if (!absl::ConsumePrefix(&resource, path)) continue;
    if (!generation_.empty() && generation_ != api_version) continue;
    const Call call{request, CallOf(request, target), api_version};
    if (resource == "flows") return Flows(call);
    if (resource == "flowInstances") return FlowInstances(call);
    if (resource == "time") return Time(call);
  }
  return std::nullopt;
}

LoggedAnswer FlowApi::Flows(const Call& call) {
  FlowDecision decision = service_.DecideTrigger(call.call);
  std::optional<Fault> fault;
  if (!decision.refused_at_the_door && decision.request.has_value()) {
    fault = faults_.NextForFlow(decision.request->flow_id);
  }
  CallRecord record = MakeRecord(decision);
  record.time = clock_();
  record.connection = call.request.connection;
  record.api_version = call.api_version;
  if (fault.has_value()) record.fault = fault->name;
  if (decision.code == kSuccess) Start(decision, fault, record);
  record.code = decision.code;
  const std::string data = StartedJson(record.instance_id);
  // What only a spoilt answer tells is no fact, and not for the ledger.
  if (!record.executed && fault && !*fault->executes) record.instance_id.clear();
  const std::string outcome = absl::StrCat(
      "flow=", decision.request ? absl::StrCat(decision.request->flow_id) : "?",
      " user=", absl::CEscape(decision.user_id), " org=", absl::CEscape(decision.org_id),
      " http=", decision.http_status, " code=", decision.code,
      record.executed ? " executed " : " not executed ", record.instance_id, FaultName(fault));
  const std::uint64_t number = ledger_.Add(std::move(record));
  return {Finish(call, decision, data, fault), absl::StrCat("call=", number, " ", outcome)};
}

void FlowApi::Start(FlowDecision& decision, const std::optional<Fault>& fault, CallRecord& record) {
  if (fault.has_value() && !*fault->executes) {
    record.instance_id = InstanceIdOfMinute(*decision.request) + "00";
    return;
  }
  StartedRun started = runs_.Start(*decision.request, decision.user_id, record.time);
  if (started.code != kSuccess) {
    decision.Refuse(started.code, "This flow was triggered within the same minute.");
    return;
  }
  record.executed = started.is_new;
  record.instance_id = std::move(started.instance_id);
}

LoggedAnswer FlowApi::FlowInstances(const Call& call) {
  return FindParameter(call.call.query, "action") == "cancel" ? Cancel(call) : Get(call);
}

std::optional<Fault> FlowApi::FaultOf(const RunDecision& decision, RunAction action) {
  if (decision.refused_at_the_door || decision.instance_id.empty()) return std::nullopt;
  return faults_.NextForFlow(FlowIdOf(decision.instance_id), action);
}

LoggedAnswer FlowApi::Get(const Call& call) {
  RunDecision decision = service_.DecideGet(call.call);
  const std::optional<Fault> fault = FaultOf(decision, RunAction::kGet);
  const std::string data = decision.code == kSuccess ? FindRun(decision) : "";
  Count(&ReadStats::gets, fault);
  return {Finish(call, decision, data, fault), Outcome(decision, fault)};
}

std::string FlowApi::FindRun(RunDecision& decision) const {
  const std::optional<RunView> run = runs_.Find(decision.instance_id, clock_());
  if (run.has_value()) return RunJson(*run, time_zone_.zone);
  switch (unknown_run_) {
    case UnknownRun::kEmpty:
      return TextJson("");
    case UnknownRun::k62102:
      decision.Refuse(kInvalidParameter);
      break;
    case UnknownRun::k99404:
      decision.Refuse(kNotFound);
      break;
  }
  return "";
}

LoggedAnswer FlowApi::Cancel(const Call& call) {
  RunDecision decision = service_.DecideCancel(call.call);
  const std::optional<Fault> fault = FaultOf(decision, RunAction::kCancel);
  if (decision.code == kSuccess && (!fault || *fault->executes)) CancelRun(decision);
  Count(&ReadStats::cancels, fault);
  return {Finish(call, decision, TextJson(""), fault), Outcome(decision, fault)};
}

void FlowApi::CancelRun(RunDecision& decision) {
  const int code = runs_.Cancel(decision.instance_id, decision.user_id, clock_());
  if (code == kSuccess) return;
  decision.Refuse(code == kNotFound && unknown_run_ == UnknownRun::k62102 ? kInvalidParameter
                                                                          : code);
}

LoggedAnswer FlowApi::Time(const Call& call) {
  const Verdict verdict = service_.DecideTime(call.call);
  const bool zone = FindParameter(call.call.query, "action") == "getTimeZone";
  std::optional<Fault> fault;
  if (!verdict.refused_at_the_door) {
    fault = faults_.NextForTime(zone ? TimeAction::kTimeZone : TimeAction::kCurrentTime);
  }
  Count(&ReadStats::times, fault);
  const std::string data =
      zone ? TextJson(time_zone_.name) : absl::StrCat(absl::ToUnixMillis(clock_()));
  return {Finish(call, verdict, data, fault),
          absl::StrCat("http=", verdict.http_status, " code=", verdict.code, FaultName(fault))};
}

Answer FlowApi::Finish(const Call& call, const Verdict& verdict, const std::string& data,
                       const std::optional<Fault>& fault) {
  Answer answer =
      DatedJson(verdict.http_status, ServiceAnswerJson(verdict, call.api_version, RandomId(), data),
                clock_());
  if (fault.has_value()) {
    answer = Spoil(std::move(answer), *fault,
                   {call.api_version == "v2.0" ? "status" : "code", call.request.target});
  }
  const Latency latency = fault && fault->latency ? *fault->latency : latency_;
  answer.delay = latency.At(latency.low == latency.high ? 0 : faults_.NextShare());
  return answer;
}

void FlowApi::Count(std::uint64_t ReadStats::* member, const std::optional<Fault>& fault) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++(read_stats_.*member);
  if (fault.has_value()) ++read_stats_.faults;
}

ReadStats FlowApi::read_stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return read_stats_;
}

Answer DatedJson(int status, std::string body, absl::Time now) {
  Answer answer = Answer::Json(status, std::move(body));
  answer.headers.emplace_back(
      "Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone()));
  return answer;
}

}  // namespace enos::sandbox
