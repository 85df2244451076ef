#ifndef ENOS_SERVER_TESTING_UPSTREAM_RIG_H_
#define ENOS_SERVER_TESTING_UPSTREAM_RIG_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/testing/fake_http_client.h"
#include "server/testing/fake_scheduler.h"
#include "server/testing/fake_tracer.h"
#include "server/testing/token_test_support.h"
#include "server/upstream/signed_call.h"

namespace enos::gateway {

// What EnOS answers when it refuses with this code.
std::string FlowErrorJson(int64_t code);

// A name for a row of a table.
std::string NameOf(TransferEnd end);

// For tests: what signed calls share, with real tokens over a clock and a network that stand still
// until the test moves them.
class UpstreamRig {
 public:
  struct Options {
    UpstreamOptions upstream;
    CircuitBreakerOptions breaker;
    bool with_token = true;  // begins with the token T1, which lives for two hours
  };

  explicit UpstreamRig(const Options& options);
  UpstreamRig(const UpstreamRig&) = delete;
  UpstreamRig& operator=(const UpstreamRig&) = delete;

  UpstreamEnvironment Environment();

  // What the token service says.
  void GiveToken(std::string_view token, int64_t seconds = 7200);
  void BreakToken();

  // What was reported for metrics.
  std::vector<UpstreamRequest> requests;
  std::vector<Reason> retries;

  FakeTracer tracer;
  const RequestTracer request_tracer{tracer, {/*tls=*/true, "enos.test", 443}};
  FakeScheduler scheduler;
  FakeHttpClient http;
  const SharedCredentials credentials = ShareCredentials(Secret("access"), Secret("secret-key"));
  std::function<double()> random = [] { return 0.5; };
  UpstreamClock clock{scheduler};
  TokenServiceClient token_service;
  TokenProvider tokens;
  RetryBudget retry_budget;
  // The breaker's changes, and how many transfers had been started by then.
  struct BreakerChange {
    CircuitBreaker::State state = CircuitBreaker::State::kClosed;
    SteadyTime at;
    size_t started = 0;
  };
  std::vector<BreakerChange> breaker_changes;
  CircuitBreaker breaker;

 private:
  const UpstreamOptions options_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_UPSTREAM_RIG_H_
