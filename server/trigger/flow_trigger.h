#ifndef ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_
#define ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "server/trigger/trigger_call.h"

namespace enos::gateway {

// Runs the calls. Loop thread only.
class FlowTrigger {
 public:
  using CallId = uint64_t;  // 0 is never one

  FlowTrigger(UpstreamEnvironment environment, TriggerOptions options);
  FlowTrigger(const FlowTrigger&) = delete;
  FlowTrigger& operator=(const FlowTrigger&) = delete;

  // Thread-safe: they do not change.
  const TriggerOptions& options() const { return options_; }

  // Starts a call. `done` is called once, from within or later, unless the caller is gone before.
  // The job's slots are free again before that, where the call ends with it.
  CallId Start(TriggerJob job, TriggerDone done);

  // The caller of a call cancelled, or its deadline passed. A call that ended is ignored. Whether
  // the call runs on, as it has been sent.
  bool CallerGone(CallId id);

  // Answers and ends every call, and from now on each that comes (GATEWAY_SHUTTING_DOWN): for the
  // end of the drain.
  void EndAll();

  // Calls `then` once no call runs; at once if that is so.
  void WhenIdle(Task then);

 private:
  void ReportIdle();

  UpstreamEnvironment env_;
  const TriggerOptions options_;
  CallId last_id_ = 0;
  absl::flat_hash_map<CallId, std::unique_ptr<TriggerCall>> calls_;
  bool ended_ = false;
  Task when_idle_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TRIGGER_FLOW_TRIGGER_H_
