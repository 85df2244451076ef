// The decision on one call of the batch processing service: is it let in, well-formed, and may this
// user do that. Knows neither HTTP nor faults nor the runs.
#ifndef ENOS_SANDBOX_ENOS_FLOW_SERVICE_H_
#define ENOS_SANDBOX_ENOS_FLOW_SERVICE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sandbox/enos/clock.h"
#include "sandbox/enos/door.h"
#include "sandbox/enos/flow_request.h"

namespace enos::sandbox {

struct FlowServiceOptions : DoorOptions {
  std::set<std::int32_t> flows;  // those that exist; empty: every positive id
  std::set<std::int32_t> flows_without_task = {62104};
  std::set<std::int32_t> flows_of_others = {62103};
  std::set<std::int32_t> unknown_flows = {99404};
  std::set<std::string> users;  // those that exist; empty: every one that is not empty
  std::set<std::string> orgs;
  ParametersAs parameters_as = ParametersAs::kEither;
};

struct FlowDecision : Verdict {
  std::string user_id;
  std::string org_id;
  std::optional<FlowRequest> request;  // of a trigger, where the body could be read
};

struct RunDecision : Verdict {
  std::string user_id;
  std::string instance_id;  // as asked for; empty where that could not be read
};

// Immutable, thread-safe.
class FlowService {
 public:
  // `is_alive` tells whether EnOS issued the token and it lives.
  FlowService(const FlowServiceOptions& options, Clock clock,
              std::function<bool(std::string_view token)> is_alive);

  FlowDecision DecideTrigger(const ServiceCall& call) const;
  RunDecision DecideGet(const ServiceCall& call) const;
  RunDecision DecideCancel(const ServiceCall& call) const;
  // Of the time: anybody who is let in may ask.
  Verdict DecideTime(const ServiceCall& call) const;

 private:
  bool KnowsUser(const std::string& user_id, const std::string& org_id) const;
  int CheckFlow(std::int32_t flow_id) const;
  void CheckRunCall(const ServiceCall& call, std::string_view method, std::string_view action,
                    RunDecision& decision) const;

  const FlowServiceOptions options_;
  const Door door_;
};

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_ENOS_FLOW_SERVICE_H_
