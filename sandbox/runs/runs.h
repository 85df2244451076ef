// The runs that were started: their ids, and the newest of them to look at and to cancel.
#ifndef ENOS_SANDBOX_RUNS_RUNS_H_
#define ENOS_SANDBOX_RUNS_RUNS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/time/time.h"
#include "sandbox/runs/run_fault.h"
#include "sandbox/runs/run_state.h"

namespace enos::sandbox {

// What another trigger of the same flow and minute gets: not documented.
enum class SameMinute { kAnother, kRefuse, kSame };

struct RunsOptions {
  SameMinute same_minute = SameMinute::kAnother;
  absl::Duration run_time = absl::Seconds(10);
  std::size_t keep = 100'000;  // at least 1
  RunFaults faults;
};

struct StartedRun {
  int code = 0;             // 62102 where the minute is taken and that is refused
  std::string instance_id;  // with code 0
  bool is_new = false;      // false: the id of an earlier run, nothing was started
};

// A run, as it was at the time of the question.
struct RunView {
  FlowRun run;
  RunFault fault;
  RunState state;
};

// Thread-safe.
class Runs {
 public:
  explicit Runs(RunsOptions options);

  // The id of the first run of a flow and minute ends with the seconds 00; where others may follow,
  // they count on: 01 to 59, then 59-60, 59-61 and so on. A minute all runs of which are forgotten
  // begins anew.
  StartedRun Start(const FlowRequest& request, const std::string& owner, absl::Time now);
  std::optional<RunView> Find(const std::string& instance_id, absl::Time now) const;
  // 0 also where the run had ended already: nothing changes then.
  int Cancel(const std::string& instance_id, const std::string& user_id, absl::Time now);
  void Clear();

 private:
  struct Minute {
    std::uint64_t started = 0;
    std::size_t kept = 0;
  };

  RunFault FaultOf(std::int32_t flow_id) const;
  void ForgetOldest();

  const RunsOptions options_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, FlowRun> runs_;
  std::unordered_map<std::string, Minute> minutes_;  // those with runs kept
  std::deque<std::string> in_order_;                 // ids of runs, the oldest first
};

// The number before the hyphen of an instance id; 0 where there is none.
std::int32_t FlowIdOf(const std::string& instance_id);

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_RUNS_RUNS_H_
