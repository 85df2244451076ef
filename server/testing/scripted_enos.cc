#include "server/testing/scripted_enos.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/check/checks.h"

namespace enos::gateway {
namespace {

// "3377-20261122225300".
std::string IdOf(const dataflow::v1::UpdateAndTriggerFlowRequest& request, int seconds) {
  const absl::Time time = absl::FromUnixSeconds(request.trigger_time().seconds());
  return absl::StrFormat("%d-%s%02d", request.flow_id(),
                         absl::FormatTime("%Y%m%d%H%M", time, absl::UTCTimeZone()), seconds);
}

}  // namespace

HttpResult ScriptedEnos::Answered() { return Ended(TransferEnd::kAnswered, ""); }

HttpResult ScriptedEnos::Ended(TransferEnd end, const std::string& detail) {
  HttpResult result;
  result.end = end;
  result.detail = detail;
  return result;
}

CallError ScriptedEnos::Error(Reason reason, int64_t code, const std::string& message) {
  CallError error;
  error.reason = reason;
  error.execution = Execution::kNotExecuted;
  error.enos_code = code;
  error.message = message;
  return error;
}

std::optional<CallError> ScriptedEnos::NoSuchPath(ApiVersion version) const {
  if (generations.count(std::string(ApiVersionName(version))) > 0) return std::nullopt;
  return Error(Reason::ENOS_NOT_FOUND, 99404, "No such path.");
}

EnosAccess::Result<WallTime> ScriptedEnos::CurrentTime(ApiVersion version) {
  if (auto error = NoSuchPath(version)) return *std::move(error);
  return WallNow() + std::chrono::milliseconds(clock_ahead_ms);
}

EnosAccess::Result<absl::TimeZone> ScriptedEnos::TimeZone(ApiVersion version) {
  if (auto error = NoSuchPath(version)) return *std::move(error);
  if (time_zone_error) return *time_zone_error;
  return absl::FixedTimeZone(8 * 3600);
}

EnosAccess::Result<std::string> ScriptedEnos::Trigger(
    ApiVersion version, const dataflow::v1::UpdateAndTriggerFlowRequest& request,
    ParametersAs parameters_as) {
  if (auto error = NoSuchPath(version)) return *std::move(error);
  const bool is_array = parameters_as == ParametersAs::kArray;
  if (is_array ? !takes_array : !takes_string)
    return Error(Reason::ENOS_INVALID_ARGUMENT, 99400, "Not this form.");
  CallError refused = Error(Reason::ENOS_INVALID_ARGUMENT, 62102, "Refused.");
  if (refuses_wall_minute && last_start_ && Now() - *last_start_ < std::chrono::minutes(1))
    return refused;
  std::string id = IdOf(request, 0);
  int& in_minute = minutes_[id];
  if (in_minute > 0 && same_minute == SameMinute::kRefuse) return refused;
  if (in_minute > 0 && same_minute == SameMinute::kNoAnswer) {
    CallError unknown = Error(Reason::ENOS_TIMEOUT, 0, "No answer in time.");
    unknown.execution = Execution::kUnknown;
    return unknown;
  }
  if (same_minute == SameMinute::kAnother) id = IdOf(request, in_minute);
  ++in_minute;
  ++starts;
  last_start_ = Now();
  InstanceAnswer answer;
  if (is_array ? shows_array : shows_string)
    *answer.instance.mutable_parameters() = request.parameters();
  runs_[id] = {std::move(answer), Now()};
  return id;
}

EnosAccess::Result<InstanceAnswer> ScriptedEnos::Instance(ApiVersion version,
                                                          const InstanceTarget& target) {
  if (auto error = NoSuchPath(version)) return *std::move(error);
  const auto run = runs_.find(target.flow_instance_id);
  if (run == runs_.end() || Now() - run->second.started_at < readable_after)
    return Error(Reason::ENOS_NOT_FOUND, 99404, "No such instance.");
  return run->second.answer;
}

std::string Lines::Of(const std::string& check) const {
  constexpr const char* kNames[] = {"ok", "info", "FAILED"};
  std::string text;
  for (const CheckLine& line : lines_) {
    if (line.check != check) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\n", kNames[static_cast<int>(line.result)], ": ",
                    line.text, line.advice.empty() ? "" : " What to do: ", line.advice);
  }
  return text;
}

}  // namespace enos::gateway
