// What the pure core costs for one call: validate, encode, sign, read the answer, make the status.
// The argument of a benchmark is the number of the request's parameters.

#include <benchmark/benchmark.h>

#include <string>
#include <variant>

#include "bench/micro/allocations.h"
#include "bench/micro/samples.h"
#include "server/contract/rich_status.h"
#include "server/contract/validation.h"
#include "server/enos/flow_answer.h"
#include "server/enos/flow_call.h"
#include "server/enos/signature.h"

namespace {

using namespace enos::bench;  // NOLINT(google-build-using-namespace): this file is the program
using enos::gateway::CallError;
using enos::gateway::EncodeFlowCall;
using enos::gateway::FlowCall;
using enos::gateway::ParametersAs;
using enos::gateway::ReadFlowAnswer;
using enos::gateway::Refusal;
using enos::gateway::SecretMask;
using enos::gateway::SignCall;
using enos::gateway::ToGrpcStatus;
using enos::gateway::ValidateRequest;

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(0)->Arg(1)->Arg(50)->Arg(1000);
}

void Validate(benchmark::State& state) {
  const auto request = SampleRequest(state.range(0));
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(ValidateRequest(request));
}
BENCHMARK(Validate)->Apply(Sizes);

void Encode(benchmark::State& state) {
  const auto request = SampleRequest(state.range(0));
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(EncodeFlowCall(request, ParametersAs::kArray));
}
BENCHMARK(Encode)->Apply(Sizes);

void Sign(benchmark::State& state) {
  const FlowCall call = EncodeFlowCall(SampleRequest(state.range(0)), ParametersAs::kArray);
  {
    const CountAllocations count(state);
    for (auto _ : state) {
      benchmark::DoNotOptimize(
          SignCall(kToken, call.signed_query, call.body, kTimestampMs, kSecretKey));
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(call.body.size()));
}
BENCHMARK(Sign)->Apply(Sizes);

void ReadAnswer(benchmark::State& state, int http_status, std::string_view body) {
  const SecretMask secrets = {kToken, kSecretKey, kAccessKey};
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(ReadFlowAnswer(http_status, body, {}, secrets));
}
BENCHMARK_CAPTURE(ReadAnswer, started, 200, kStarted);
BENCHMARK_CAPTURE(ReadAnswer, refused, 200, kRefused);
BENCHMARK_CAPTURE(ReadAnswer, html, 502, kHtml);

void MapStatus(benchmark::State& state, const CallError& error) {
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(ToGrpcStatus(error));
}

void StatusOfRefusal(benchmark::State& state) {
  const auto answer = ReadFlowAnswer(200, kRefused, {}, {});
  MapStatus(state, std::get<Refusal>(answer).error);
}
BENCHMARK(StatusOfRefusal);

void StatusOfInvalidRequest(benchmark::State& state) {
  MapStatus(state, *ValidateRequest(enos::dataflow::v1::UpdateAndTriggerFlowRequest()));
}
BENCHMARK(StatusOfInvalidRequest);

// All of a call that succeeds.
void Call(benchmark::State& state) {
  const auto request = SampleRequest(state.range(0));
  const SecretMask secrets = {kToken, kSecretKey, kAccessKey};
  const CountAllocations count(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(ValidateRequest(request));
    const FlowCall call = EncodeFlowCall(request, ParametersAs::kArray);
    benchmark::DoNotOptimize(
        SignCall(kToken, call.signed_query, call.body, kTimestampMs, kSecretKey));
    benchmark::DoNotOptimize(ReadFlowAnswer(200, kStarted, {}, secrets));
  }
}
BENCHMARK(Call)->Apply(Sizes);

}  // namespace

BENCHMARK_MAIN();
