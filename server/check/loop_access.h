#ifndef ENOS_SERVER_CHECK_LOOP_ACCESS_H_
#define ENOS_SERVER_CHECK_LOOP_ACCESS_H_

#include <string>
#include <vector>

#include "server/base/random.h"
#include "server/check/enos_access.h"
#include "server/config/settings.h"
#include "server/http/curl_http_client.h"
#include "server/http/upstream_clock.h"
#include "server/loop/event_loop.h"
#include "server/token/token_provider.h"
#include "server/token/token_service_client.h"
#include "server/trigger/flow_trigger.h"
#include "server/upstream/circuit_breaker.h"
#include "server/upstream/retry_budget.h"
#include "server/upstream/signed_call.h"

namespace enos::gateway {

// The EnOS of the settings, by the same event loop, HTTP client, token and signed calls as the
// gateway's. Used from one thread, which waits.
class LoopAccess final : public EnosAccess {
 public:
  // Takes the keys out of the settings.
  LoopAccess(Settings& settings, const RandomSource& random);
  ~LoopAccess() override { loop_.Stop(); }

  WallTime WallNow() const override { return loop_.WallNow(); }
  SteadyTime Now() const override { return loop_.Now(); }
  void Wait(Duration time) override;
  absl::StatusOr<std::vector<std::string>> Resolve() override;
  HttpResult Reach() override;
  std::optional<CallError> FetchToken() override;
  Result<WallTime> CurrentTime(ApiVersion version) override;
  Result<absl::TimeZone> TimeZone(ApiVersion version) override;
  Result<InstanceAnswer> Instance(ApiVersion version, const InstanceTarget& target) override;
  Result<std::string> Trigger(ApiVersion version,
                              const dataflow::v1::UpdateAndTriggerFlowRequest& request,
                              ParametersAs parameters_as) override;

 private:
  template <typename Answer, typename Read>
  Result<Answer> Get(std::string_view path, EnosQuery query, Read read);

  const std::string host_;
  const Duration timeout_;
  EventLoop loop_;
  CurlHttpClient http_;
  UpstreamClock clock_;
  TokenServiceClient token_service_;
  TokenProvider tokens_;
  RetryBudget retry_budget_;
  CircuitBreaker breaker_;
  UpstreamEnvironment env_;
  FlowTrigger trigger_v20_;
  FlowTrigger trigger_v21_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CHECK_LOOP_ACCESS_H_
