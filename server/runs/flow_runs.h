#ifndef ENOS_SERVER_RUNS_FLOW_RUNS_H_
#define ENOS_SERVER_RUNS_FLOW_RUNS_H_

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "server/runs/instance_read.h"
#include "server/runs/instance_watches.h"
#include "server/trigger/admission.h"
#include "server/trigger/caller_slots.h"

namespace enos::gateway {

// What one RPC that reads or ends a run wants done.
struct RunJob {
  RunRequest request;
  // The gateway's slot, and the caller's own.
  Slot slot;
  CallerSlot caller_slot;
};

// EnOS took the request to end a run.
struct CancelAccepted {
  std::string enos_request_id;  // as in CallError
};
using CancelResult = std::variant<CancelAccepted, CallError>;

struct RunsOptions {
  ApiVersion api_version = ApiVersion::kV20;
  WatchOptions watch;
};

// For metrics; may be empty.
struct RunsEvents {
  std::function<void(const InstanceAnswer&)> on_read;
  std::function<void(const InstanceResult&)> on_polled;
};

// The calls that read and end runs, and the watches. None of them starts a run: no path leads from
// here to flows?action=updateAndTrigger. Loop thread only.
class FlowRuns {
 public:
  using CallId = uint64_t;  // 0 is never one

  FlowRuns(UpstreamEnvironment environment, const RunsOptions& options, RunsEvents events);
  FlowRuns(const FlowRuns&) = delete;
  FlowRuns& operator=(const FlowRuns&) = delete;

  // Start a call. `done` is called once, from within or later, unless the caller is gone before.
  // The job's slots are free again before that.
  CallId Get(RunJob job, absl::AnyInvocable<void(InstanceResult)> done);
  CallId Cancel(RunJob job, absl::AnyInvocable<void(CancelResult)> done);

  // The caller of a call cancelled, or its deadline passed: the call ends. One that ended is
  // ignored.
  void CallerGone(CallId id) { calls_.erase(id); }

  // Answers and ends every call and watch, and from now on each that comes
  // (GATEWAY_SHUTTING_DOWN): for the end of the drain.
  void EndAll();

  InstanceWatches& watches() { return watches_; }

 private:
  // One of the two runs.
  struct Call {
    Slot slot;
    CallerSlot caller_slot;
    std::unique_ptr<InstanceRead> get;
    std::unique_ptr<ReadCall> cancel;
  };
  using Calls = absl::flat_hash_map<CallId, std::unique_ptr<Call>>;

  std::unique_ptr<Call> Take(CallId id);

  UpstreamEnvironment env_;
  const RunsOptions options_;
  const RunsEvents events_;
  ZoneSource zones_;
  InstanceWatches watches_;
  CallId last_id_ = 0;
  Calls calls_;
  bool ended_ = false;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_RUNS_FLOW_RUNS_H_
