// What stands around a call: metrics, the line of the access log, trace context, request id, and
// who may call. Each as it runs for one call that succeeds; CPU time of the whole process, the
// log's thread included.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bench/micro/allocations.h"
#include "server/access/access_control.h"
#include "server/base/id_source.h"
#include "server/identity/jwt_keys.h"
#include "server/identity/token_verifier.h"
#include "server/log/log.h"
#include "server/metrics/gateway_metrics.h"
#include "server/policy/parse_policy.h"
#include "server/rpc/access_log.h"
#include "server/rpc/request_id.h"
#include "server/rpc/trace_context.h"
#include "server/testing/token_maker.h"

namespace {

using namespace enos::gateway;  // NOLINT(google-build-using-namespace): this file is the program
using enos::bench::CountAllocations;
using std::chrono::microseconds;

constexpr std::string_view kTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr int64_t kNow = 1800000000;  // seconds since 1970

CallOutcome Started() {
  CallOutcome outcome;
  outcome.took = microseconds(1700);
  return outcome;
}

CallRecord RecordOfCall() {
  CallRecord record;
  record.caller = "sub:system:serviceaccount:batch:nightly";
  record.peer = "ipv4:10.1.2.3:41234";
  record.org_id = "o15444172373271";
  record.flow_id = 3377;
  record.request_bytes = 180;
  record.request_id = "4f1c0d6a7be84d1e9a51f3c2b0a7d9e6";
  record.trace_id = std::string(kTraceparent.substr(3, 32));
  record.upstream = microseconds(1500);
  record.attempts = 1;
  record.http_status = 200;
  record.enos_code = 0;
  record.flow_instance_id = "3377-20191122012344";
  record.answer_bytes = 21;
  return record;
}

void Metrics(benchmark::State& state) {
  GatewayMetrics metrics("0.0.0");
  const CallOutcome outcome = Started();
  UpstreamRequest request;
  request.end = TransferEnd::kAnswered;
  request.http_status = 200;
  request.enos_code = 0;
  request.took = microseconds(1500);
  const CountAllocations count(state);
  for (auto _ : state) {
    metrics.CallStarted(RpcMethod::kUpdateAndTriggerFlow);
    metrics.ConnectionReused();
    metrics.UpstreamRequestEnded(request);
    metrics.CallEnded(outcome);
  }
}
BENCHMARK(Metrics)->MeasureProcessCPUTime();

// With its thread, which writes to /dev/null. No more lines at once than its queue holds: none is
// lost.
void AccessLogLine(benchmark::State& state) {
  constexpr benchmark::IterationCount kLines = 4000;
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const CallOutcome outcome = Started();
  const CallRecord record = RecordOfCall();
  while (state.KeepRunningBatch(kLines)) {
    LogOptions options;
    options.writer = [null](std::string_view lines) {
      benchmark::DoNotOptimize(::write(null, lines.data(), lines.size()));
    };
    StartLog(std::move(options));
    for (benchmark::IterationCount i = 0; i < kLines; ++i) LogCall(outcome, record);
    if (LostLogLines() != 0) state.SkipWithError("lines were lost");
    if (!StopLog(std::chrono::seconds(10))) state.SkipWithError("the log did not end");
  }
  ::close(null);
}
BENCHMARK(AccessLogLine)->MeasureProcessCPUTime();

void Trace(benchmark::State& state, std::string_view traceparent) {
  IdSource ids([] { return 0.5; });
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(ContinueTrace(traceparent, "", ids));
}
BENCHMARK_CAPTURE(Trace, none, std::string_view());
BENCHMARK_CAPTURE(Trace, continued, kTraceparent);

void RequestId(benchmark::State& state) {
  IdSource ids([] { return 0.5; });
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(RequestIdFor("", ids));
}
BENCHMARK(RequestId);

// A rule for each of so many callers, and one of them.
std::string PolicyText(int64_t rules) {
  std::string text = R"({"rules": [)";
  for (int64_t i = 0; i < rules; ++i) {
    if (i > 0) text += ',';
    const std::string caller = i == 0 ? "nightly" : "job-" + std::to_string(i);
    text += R"({"callers":["sub:system:serviceaccount:batch:)" + caller +
            R"("],"org_ids":["o15444172373271"],"user_ids":["*"],"flow_ids":["3000-3999"]})";
  }
  return text + "]}";
}

std::shared_ptr<const Policy> PolicyOf(int64_t rules) {
  return std::make_shared<const Policy>(*ParsePolicy(PolicyText(rules)));
}

void DecideByPolicy(benchmark::State& state) {
  const auto policy = PolicyOf(state.range(0));
  const std::vector<std::string> caller = {"sub:system:serviceaccount:batch:nightly"};
  const CountAllocations count(state);
  for (auto _ : state)
    benchmark::DoNotOptimize(policy->Decide(caller, {"o15444172373271", "u-1", 3377}));
}
BENCHMARK(DecideByPolicy)->Arg(1)->Arg(100)->Arg(10000);

std::shared_ptr<TokenVerifier> VerifierOf(const TokenMaker& maker) {
  auto keys = *ParseJwtKeys(KeySet(maker.Jwk("k")));
  return std::make_shared<TokenVerifier>(std::move(keys), TokenRules{"issuer", "gateway"});
}

std::string TokenOf(const TokenMaker& maker) {
  return maker.Sign(
      R"({"iss":"issuer","sub":"system:serviceaccount:batch:nightly","aud":"gateway","exp":4000000000})",
      "k");
}

// What a token costs that comes for the first time: nearly all of it is its signature.
void VerifyNewToken(benchmark::State& state, const TokenMaker& maker) {
  const std::string token = TokenOf(maker);
  const auto keys = *ParseJwtKeys(KeySet(maker.Jwk("k")));
  const JwtKey* const key = keys.Find("k");
  for (auto _ : state) {
    if (!HasSignatureOf(*key, token)) state.SkipWithError("the token is not good");
  }
}
BENCHMARK_CAPTURE(VerifyNewToken, rs256, TokenMaker::Rsa());
BENCHMARK_CAPTURE(VerifyNewToken, es256, TokenMaker::Ec());

// Who calls, and may they: a bearer token that came before, and a policy of 100 rules.
void Access(benchmark::State& state) {
  const TokenMaker maker = TokenMaker::Rsa();
  const std::string authorization = "Bearer " + TokenOf(maker);
  AccessControl control([] { return kNow; });
  control.SetPolicy(PolicyOf(100));
  control.SetTokens(VerifierOf(maker));
  const CountAllocations count(state);
  for (auto _ : state) {
    PresentedIdentity presented;
    presented.authorizations = {authorization};
    std::vector<std::string> identities;
    if (control.Identify(presented, &identities) ||
        control.Authorize(identities, {"o15444172373271", "u-1", 3377})) {
      state.SkipWithError("refused");
    }
  }
}
BENCHMARK(Access);

}  // namespace

BENCHMARK_MAIN();
