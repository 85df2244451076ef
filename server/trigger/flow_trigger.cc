#include "server/trigger/flow_trigger.h"

#include <utility>
#include <vector>

#include "server/contract/gateway_errors.h"

namespace enos::gateway {

FlowTrigger::FlowTrigger(UpstreamEnvironment environment, TriggerOptions options)
    : env_(std::move(environment)), options_(options) {}

FlowTrigger::CallId FlowTrigger::Start(TriggerJob job, TriggerDone done) {
  const CallId id = ++last_id_;
  if (ended_) {
    const TriggerResult refused = GatewayShuttingDown();
    if (job.on_settled) job.on_settled(&refused);
    job = {};  // its slots first
    done(refused);
    return id;
  }
  auto on_end = [this, id] {
    calls_.erase(id);
    ReportIdle();
  };
  auto call = std::make_unique<TriggerCall>(env_, options_, std::move(job), std::move(done),
                                            std::move(on_end));
  calls_.emplace(id, std::move(call)).first->second->Start();
  return id;
}

bool FlowTrigger::CallerGone(CallId id) {
  const auto call = calls_.find(id);
  if (call == calls_.end()) return false;
  call->second->CallerGone();
  return calls_.contains(id);
}

void FlowTrigger::EndAll() {
  ended_ = true;
  // Listed first: what ends may change the list.
  std::vector<CallId> running;
  running.reserve(calls_.size());
  for (const auto& [id, call] : calls_) running.push_back(id);
  for (const CallId id : running) {
    const auto found = calls_.find(id);
    if (found != calls_.end()) found->second->EndNow();
  }
}

void FlowTrigger::WhenIdle(Task then) {
  when_idle_ = std::move(then);
  ReportIdle();
}

void FlowTrigger::ReportIdle() {
  if (when_idle_ && calls_.empty()) std::exchange(when_idle_, nullptr)();
}

}  // namespace enos::gateway
