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
#include <vector>

#include "absl/status/statusor.h"
#include "sandbox/faults/fault.h"

namespace enos::sandbox {

struct FlowFault {
  std::int32_t flow_id = 0;
  Fault fault;
};
// "FLOWID:FAULT", see ParseFault.
absl::StatusOr<FlowFault> ParseFlowFault(std::string_view text);

enum class TokenAction { kGet, kRefresh };
struct TokenFault {
  std::optional<TokenAction> action;  // nothing: both
  Fault fault;
};
// "FAULT", "get:FAULT" or "refresh:FAULT".
absl::StatusOr<TokenFault> ParseTokenFault(std::string_view text);

struct FaultPlanOptions {
  // Several for one flow (or for the token service) follow one another as each is used up.
  std::vector<FlowFault> flow_faults;
  std::vector<TokenFault> token_faults;
  // The share of other flow calls that meets a fault picked from `random_kinds`.
  double random_share = 0;
  std::vector<Fault> random_kinds;
  std::uint64_t seed = 1;
};

// A mixture of everything that does not hold a connection for ever.
std::vector<Fault> DefaultRandomFaults();

// Thread-safe. Deterministic for a seed and an order of calls.
class FaultPlan {
 public:
  explicit FaultPlan(FaultPlanOptions options);

  // The fault of the next call of that flow, with `executes` decided: by the fault itself
  // (RunsFlow), or for a random one that leaves it open by chance.
  std::optional<Fault> NextForFlow(std::int32_t flow_id);
  std::optional<Fault> NextForToken(TokenAction action);
  // In [0, 1).
  double NextShare();

 private:
  std::mutex mutex_;
  std::map<std::int32_t, std::vector<Fault>> by_flow_;
  std::vector<TokenFault> for_tokens_;
  const double random_share_;
  const std::vector<Fault> random_kinds_;
  std::mt19937_64 random_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_FAULTS_FAULT_PLAN_H_
