#include "sandbox/runs/runs.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sandbox/enos/result_code.h"

namespace enos::sandbox {
namespace {

constexpr std::uint64_t kSeconds = 60;

std::string InstanceId(const std::string& minute, std::uint64_t number) {
  if (number < kSeconds) return absl::StrFormat("%s%02d", minute, number);
  return absl::StrCat(minute, kSeconds - 1, "-", number);
}

}  // namespace

Runs::Runs(RunsOptions options) : options_(std::move(options)) {}

StartedRun Runs::Start(const FlowRequest& request, const std::string& owner, absl::Time now) {
  const std::string minute = InstanceIdOfMinute(request);
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto taken = minutes_.find(minute);
  if (taken != minutes_.end() && options_.same_minute == SameMinute::kRefuse) {
    return {kInvalidParameter, "", false};
  }
  if (taken != minutes_.end() && options_.same_minute == SameMinute::kSame) {
    return {kSuccess, InstanceId(minute, 0), false};
  }
  Minute& counts = minutes_[minute];
  FlowRun run{InstanceId(minute, counts.started++), owner, request, now, {}};
  ++counts.kept;
  std::string id = run.instance_id;
  in_order_.push_back(id);
  runs_.emplace(id, std::move(run));
  if (in_order_.size() > options_.keep) ForgetOldest();
  return {kSuccess, std::move(id), true};
}

void Runs::ForgetOldest() {
  const auto oldest = runs_.find(in_order_.front());
  const auto minute = minutes_.find(InstanceIdOfMinute(oldest->second.request));
  if (--minute->second.kept == 0) minutes_.erase(minute);
  runs_.erase(oldest);
  in_order_.pop_front();
}

std::optional<RunView> Runs::Find(const std::string& instance_id, absl::Time now) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = runs_.find(instance_id);
  if (found == runs_.end()) return std::nullopt;
  const RunFault fault = FaultOf(found->second.request.flow_id);
  return RunView{found->second, fault, StateAt(found->second, fault, options_.run_time, now)};
}

int Runs::Cancel(const std::string& instance_id, const std::string& user_id, absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = runs_.find(instance_id);
  if (found == runs_.end()) return kNotFound;
  FlowRun& run = found->second;
  if (run.owner != user_id) return kNoPrivilege;
  const RunState state = StateAt(run, FaultOf(run.request.flow_id), options_.run_time, now);
  if (!state.end.has_value()) run.cancelled = now;
  return kSuccess;
}

void Runs::Clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  runs_.clear();
  minutes_.clear();
  in_order_.clear();
}

RunFault Runs::FaultOf(std::int32_t flow_id) const {
  const auto fault = options_.faults.find(flow_id);
  return fault == options_.faults.end() ? RunFault() : fault->second;
}

std::int32_t FlowIdOf(const std::string& instance_id) {
  std::int32_t flow_id = 0;
  return absl::SimpleAtoi(instance_id.substr(0, instance_id.find('-')), &flow_id) ? flow_id : 0;
}

}  // namespace enos::sandbox
