// What a run looks like at a given time.
#ifndef ENOS_SANDBOX_RUNS_RUN_STATE_H_
#define ENOS_SANDBOX_RUNS_RUN_STATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sandbox/enos/flow_request.h"
#include "sandbox/runs/run_fault.h"

namespace enos::sandbox {

// EnOS's numbers, of runs and of tasks.
inline constexpr int kStatusFail = -1;
inline constexpr int kStatusInit = 0;
inline constexpr int kStatusSuccess = 1;
inline constexpr int kStatusRunning = 2;
inline constexpr int kStatusCancel = 8;

// "RUNNING" for 2; "UNKNOWN" for a number without a documented name.
std::string StatusName(int status);

struct FlowRun {
  std::string instance_id;
  std::string owner;  // the user who started it
  FlowRequest request;
  absl::Time received;
  std::optional<absl::Time> cancelled;  // by a call
};

struct TaskState {
  int id = 0;  // from 1
  std::string name;
  int status = kStatusInit;
};

struct RunState {
  int status = kStatusInit;
  std::optional<absl::Time> start;
  std::optional<absl::Time> end;  // with it, nothing changes any more
  std::vector<TaskState> tasks;
};

// A run begins when it was received or at its trigger time, whichever is later. It is INIT for a
// tenth of `run_time`; in the rest its tasks run one after another.
RunState StateAt(const FlowRun& run, const RunFault& fault, absl::Duration run_time,
                 absl::Time now);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_RUNS_RUN_STATE_H_
