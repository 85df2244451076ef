#include "server/trigger/flow_trigger.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/errors/gateway_errors.h"

namespace enos::gateway {

FlowTrigger::FlowTrigger(TriggerEnvironment environment, Admission& admission,
                         Duration max_queue_wait)
    : env_(std::move(environment)), admission_(admission), max_queue_wait_(max_queue_wait) {}

FlowTrigger::~FlowTrigger() {
  for (auto& [id, queued] : queued_) env_.scheduler.Cancel(queued.give_up);
}

FlowTrigger::CallId FlowTrigger::Start(TriggerJob job, TriggerDone done) {
  const CallId id = ++last_id_;
  if (ended_) {
    job.caller_slot.Release();
    SlotIsFree();
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
  Run(id, std::move(job), announce, std::move(done));
  return id;
}

TriggerCall& FlowTrigger::NewCall(CallId id, TriggerJob job, TriggerDone done) {
  auto on_end = [this, id] {
    calls_.erase(id);
    SlotIsFree();
  };
  auto call =
      std::make_unique<TriggerCall>(env_, std::move(job), std::move(done), std::move(on_end));
  return *calls_.emplace(id, std::move(call)).first->second;
}

void FlowTrigger::Run(CallId id, TriggerJob job, const Announce& announce, TriggerDone done) {
  NewCall(id, std::move(job), std::move(done)).Start();
  announce([this, id](bool ready) {
    const auto call = calls_.find(id);
    if (call == calls_.end()) return;  // it ended meanwhile, and its slot was given on
    TriggerCall& announced = *call->second;
    if (ready) {
      announced.Ready();
    } else {
      announced.CallerGone();
    }
  });
}

FlowTrigger::CallId FlowTrigger::Enqueue(TriggerJob job, Announce announce, TriggerDone done) {
  const CallId id = ++last_id_;
  if (ended_) {
    job.caller_slot.Release();
    admission_.LeaveQueue();
    done(GatewayShuttingDown());
    return id;
  }
  Queued& queued = queued_[id];
  queued.job = std::move(job);
  queued.announce = std::move(announce);
  queued.done = std::move(done);
  queued.since = env_.scheduler.Now();
  const SteadyTime give_up_at = std::min(queued.since + max_queue_wait_, queued.job.answer_by);
  queued.place = queue_.insert(queue_.end(), id);
  if (admission_.TryEnter()) {  // a slot came free since the door was tried
    Admit(id);
  } else {
    queued.give_up =
        env_.scheduler.RunAt(give_up_at, [this, id] { Refuse(id, GatewayOverloaded()); });
  }
  return id;
}

// The call has a slot now.
void FlowTrigger::Admit(CallId id) {
  Queued admitted = *TakeQueued(id);
  Run(id, std::move(admitted.job), admitted.announce, std::move(admitted.done));
}

std::optional<FlowTrigger::Queued> FlowTrigger::TakeQueued(CallId id) {
  const auto found = queued_.find(id);
  if (found == queued_.end()) return std::nullopt;
  Queued taken = std::move(found->second);
  queued_.erase(found);
  queue_.erase(taken.place);
  env_.scheduler.Cancel(taken.give_up);
  admission_.LeaveQueue();
  taken.job.record->queued = env_.scheduler.Now() - taken.since;
  return taken;
}

void FlowTrigger::Refuse(CallId id, CallError error) {
  std::optional<Queued> refused = TakeQueued(id);
  if (!refused) return;
  refused->job.caller_slot.Release();
  refused->done(std::move(error));
  ReportIdle();
}

bool FlowTrigger::CallerGone(CallId id) {
  if (const auto call = calls_.find(id); call != calls_.end()) {
    call->second->CallerGone();
    return calls_.contains(id);
  }
  if (TakeQueued(id)) ReportIdle();
  return false;
}

// The oldest call in the queue gets it, before any that comes to the door.
void FlowTrigger::SlotIsFree() {
  ++free_slots_;
  // A call that ends as soon as it starts frees its slot from within Admit: a loop, because the
  // stack would not hold a long queue of such calls. Where nobody waits, the slot is free at once.
  if (handing_over_ && !queue_.empty()) return;
  const bool is_outermost = !std::exchange(handing_over_, true);
  while (free_slots_ > 0) {
    --free_slots_;
    if (queue_.empty() || ended_) {
      admission_.Leave();
    } else {
      Admit(queue_.front());
    }
  }
  if (is_outermost) handing_over_ = false;
  ReportIdle();
}

void FlowTrigger::EndAll() {
  ended_ = true;
  // Listed first: what ends may change the lists.
  const std::vector<CallId> waiting(queue_.begin(), queue_.end());
  std::vector<CallId> running;
  running.reserve(calls_.size());
  for (const auto& [id, call] : calls_) running.push_back(id);

  for (const CallId id : waiting) Refuse(id, GatewayShuttingDown());
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
  if (!when_idle_ || !calls_.empty() || !queued_.empty()) return;
  std::exchange(when_idle_, nullptr)();
}

}  // namespace enos::gateway
