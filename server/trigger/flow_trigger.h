#ifndef ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_
#define ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "server/trigger/admission.h"
#include "server/trigger/trigger_call.h"

namespace enos::gateway {

// Runs the calls, each of which has a slot. Loop thread only, except for the Admission, which is
// asked at the door.
class FlowTrigger {
 public:
  using CallId = uint64_t;  // 0 is never one
  // Asks the caller's side to get ready for the send (early headers), and to tell when it is, or
  // that the caller is gone.
  using Announce = std::function<void(std::function<void(bool ready)>)>;

  FlowTrigger(TriggerEnvironment environment, Admission& admission);
  FlowTrigger(const FlowTrigger&) = delete;
  FlowTrigger& operator=(const FlowTrigger&) = delete;

  // Starts a call that has a slot (Admission::TryEnter) and whose caller is ready. `done` is called
  // once, from within or later, unless the caller is gone before. The slot is free again before
  // that, where the call ends with it.
  CallId Start(TriggerJob job, TriggerDone done);

  // The same for a call whose caller is being announced already; `announce` only takes down whom to
  // tell. Where that does not come until its answer is due, the call ends with ENOS_UNREACHABLE.
  CallId StartWhenReady(TriggerJob job, const Announce& announce, TriggerDone done);

  // The caller of a call cancelled, or its deadline passed. A call that ended is ignored. Whether
  // the call runs on, as it has been sent.
  bool CallerGone(CallId id);

  // Answers and ends every call, and from now on each that comes (GATEWAY_SHUTTING_DOWN): for the
  // end of the drain.
  void EndAll();

  // Calls `then` once no call runs; at once if that is so.
  void WhenIdle(std::function<void()> then);

 private:
  TriggerCall& NewCall(CallId id, TriggerJob job, TriggerDone done);
  void ReportIdle();

  TriggerEnvironment env_;
  Admission& admission_;
  CallId last_id_ = 0;
  absl::flat_hash_map<CallId, std::unique_ptr<TriggerCall>> calls_;
  bool ended_ = false;
  std::function<void()> when_idle_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_
