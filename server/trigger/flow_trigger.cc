#include "server/trigger/flow_trigger.h"

#include <utility>
#include <vector>

#include "server/errors/gateway_errors.h"

namespace enos::gateway {

FlowTrigger::FlowTrigger(TriggerEnvironment environment, Admission& admission)
    : env_(std::move(environment)), admission_(admission) {}

FlowTrigger::CallId FlowTrigger::Start(TriggerJob job, TriggerDone done) {
  const CallId id = ++last_id_;
  if (ended_) {
    job.caller_slot.Release();
    admission_.Leave();
    done(GatewayShuttingDown());
  } else {
    TriggerCall& call = NewCall(id, std::move(job), std::move(done));
    call.Start();
    call.Ready();
  }
  return id;
}

FlowTrigger::CallId FlowTrigger::StartWhenReady(TriggerJob job, const Announce& announce,
                                                TriggerDone done) {
  if (ended_) return Start(std::move(job), std::move(done));
  const CallId id = ++last_id_;
  NewCall(id, std::move(job), std::move(done)).Start();
  announce([this, id](bool ready) {
    const auto call = calls_.find(id);
    if (call == calls_.end()) return;  // it ended meanwhile, and its slot was given back
    TriggerCall& announced = *call->second;
    if (ready) {
      announced.Ready();
    } else {
      announced.CallerGone();
    }
  });
  return id;
}

TriggerCall& FlowTrigger::NewCall(CallId id, TriggerJob job, TriggerDone done) {
  auto on_end = [this, id] {
    calls_.erase(id);
    admission_.Leave();
    ReportIdle();
  };
  auto call =
      std::make_unique<TriggerCall>(env_, std::move(job), std::move(done), std::move(on_end));
  return *calls_.emplace(id, std::move(call)).first->second;
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

void FlowTrigger::WhenIdle(std::function<void()> then) {
  when_idle_ = std::move(then);
  ReportIdle();
}

void FlowTrigger::ReportIdle() {
  if (when_idle_ && calls_.empty()) std::exchange(when_idle_, nullptr)();
}

}  // namespace enos::gateway
