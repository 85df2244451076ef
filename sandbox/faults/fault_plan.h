// Which fault meets which request.
#ifndef ENOS_SANDBOX_FAULTS_FAULT_PLAN_H_
#define ENOS_SANDBOX_FAULTS_FAULT_PLAN_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sandbox/faults/fault.h"

namespace enos::sandbox {

enum class RunAction { kTrigger, kGet, kCancel };
struct FlowFault {
  std::int32_t flow_id = 0;
  Fault fault;
  RunAction action = RunAction::kTrigger;
};
// "FLOWID:FAULT", "FLOWID:get:FAULT" or "FLOWID:cancel:FAULT", see ParseFault.
absl::StatusOr<FlowFault> ParseFlowFault(std::string_view text);

enum class TokenAction { kGet, kRefresh };
struct TokenFault {
  std::optional<TokenAction> action;  // nothing: both
  Fault fault;
};
// "FAULT", "get:FAULT" or "refresh:FAULT".
absl::StatusOr<TokenFault> ParseTokenFault(std::string_view text);

enum class TimeAction { kCurrentTime, kTimeZone };
struct TimeFault {
  std::optional<TimeAction> action;  // nothing: both
  Fault fault;
};
// "FAULT", "current:FAULT" or "zone:FAULT".
absl::StatusOr<TimeFault> ParseTimeFault(std::string_view text);

struct FaultPlanOptions {
  // Several for one flow and action (or for the token service, or the time) follow one another as
  // each is used up.
  std::vector<FlowFault> flow_faults;
  std::vector<TokenFault> token_faults;
  std::vector<TimeFault> time_faults;
  // The share of other triggers, and of other gets, cancels and reads of the time, that meets a
  // fault picked from `random_kinds`.
  double random_share = 0;
  double random_read_share = 0;
  std::vector<Fault> random_kinds;
  std::uint64_t seed = 1;
};

// A mixture of everything that does not hold a connection for ever.
std::vector<Fault> DefaultRandomFaults();

// Thread-safe. Deterministic for a seed and an order of calls.
class FaultPlan {
 public:
  explicit FaultPlan(FaultPlanOptions options);

  // The fault of the next such call of that flow, with `executes` decided: by the fault itself
  // (RunsFlow), or for a random one that leaves it open by chance.
  std::optional<Fault> NextForFlow(std::int32_t flow_id, RunAction action = RunAction::kTrigger);
  std::optional<Fault> NextForTime(TimeAction action);
  std::optional<Fault> NextForToken(TokenAction action);
  // In [0, 1).
  double NextShare();

 private:
  std::optional<Fault> Random(double share);

  std::mutex mutex_;
  std::map<std::pair<std::int32_t, RunAction>, std::vector<Fault>> by_flow_;
  std::vector<TokenFault> for_tokens_;
  std::vector<TimeFault> for_time_;
  const double random_share_;
  const double random_read_share_;
  const std::vector<Fault> random_kinds_;
  std::mt19937_64 random_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_FAULTS_FAULT_PLAN_H_
