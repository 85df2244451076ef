#ifndef ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_
#define ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>

#include "absl/container/flat_hash_map.h"
#include "server/trigger/admission.h"
#include "server/trigger/trigger_call.h"

namespace enos::gateway {

// Runs the calls: those that have a slot, and those that wait in the queue for one. Loop thread
// only, except for the Admission, which is asked at the door.
class FlowTrigger {
 public:
  using CallId = uint64_t;  // 0 is never one
  // Asks the caller's side to get ready for the send (early headers), and to tell when it is, or
  // that the caller is gone.
  using Announce = std::function<void(std::function<void(bool ready)>)>;

  FlowTrigger(TriggerEnvironment environment, Admission& admission, Duration max_queue_wait);
  ~FlowTrigger();
  FlowTrigger(const FlowTrigger&) = delete;
  FlowTrigger& operator=(const FlowTrigger&) = delete;

  // Starts a call that has a slot (Admission::TryEnter) and whose caller is ready. `done` is called
  // once, from within or later, unless the caller is gone before. The slot is free again before
  // that, where the call ends with it.
  CallId Start(TriggerJob job, TriggerDone done);

  // The same for a call whose caller is being announced already; `announce` only takes down whom to
  // tell. Where that does not come until its answer is due, the call ends with ENOS_UNREACHABLE.
  CallId StartWhenReady(TriggerJob job, const Announce& announce, TriggerDone done);

  // Queues a call that found no slot, but a place (Admission::TryQueue). When a slot is free it is
  // announced, then started. After max_queue_wait, or when its answer is due, it is answered with
  // GATEWAY_OVERLOADED; one whose announcement is not answered by then, with ENOS_UNREACHABLE.
  CallId Enqueue(TriggerJob job, Announce announce, TriggerDone done);

  // The caller of a call cancelled, or its deadline passed. A call that ended is ignored. Whether
  // the call runs on, as it has been sent.
  bool CallerGone(CallId id);

  // Answers and ends every call, the queued ones included, and from now on each that comes
  // (GATEWAY_SHUTTING_DOWN): for the end of the drain.
  void EndAll();

  // Calls `then` once no call runs and none is queued; at once if that is so.
  void WhenIdle(std::function<void()> then);

 private:
  struct Queued {
    TriggerJob job;
    Announce announce;
    TriggerDone done;
    SteadyTime since;
    TimerId give_up = 0;
    std::list<CallId>::iterator place;  // in queue_
  };

  TriggerCall& NewCall(CallId id, TriggerJob job, TriggerDone done);
  void Run(CallId id, TriggerJob job, const Announce& announce, TriggerDone done);
  void Admit(CallId id);
  std::optional<Queued> TakeQueued(CallId id);
  void Refuse(CallId id, CallError error);
  void SlotIsFree();
  void ReportIdle();

  TriggerEnvironment env_;
  Admission& admission_;
  const Duration max_queue_wait_;
  CallId last_id_ = 0;
  absl::flat_hash_map<CallId, std::unique_ptr<TriggerCall>> calls_;  // those that have a slot
  std::list<CallId> queue_;                                          // oldest first
  std::unordered_map<CallId, Queued> queued_;
  int64_t free_slots_ = 0;  // not yet handed over or given back
  bool handing_over_ = false;
  bool ended_ = false;
  std::function<void()> when_idle_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_
