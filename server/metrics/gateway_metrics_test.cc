#include "server/metrics/gateway_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "server/metrics/label_values.h"

namespace enos::gateway {
namespace {

using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;

// The value after the name on a line that begins with `name` and has exactly `labels`, in any
// order.
std::string Value(const GatewayMetrics& metrics, const std::string& name,
                  std::vector<std::string> labels = {}) {
  std::istringstream text(metrics.Text());
  for (std::string line; std::getline(text, line);) {
    const size_t space = line.rfind(' ');
    std::string series = line.substr(0, space);
    const size_t brace = std::min(series.find('{'), series.size());
    if (series.substr(0, brace) != name) continue;
    const auto found = static_cast<size_t>(std::count(series.begin(), series.end(), '='));
    const bool has_all = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return series.find(label) != std::string::npos;
    });
    if (has_all && found == labels.size()) return line.substr(space + 1);
  }
  return "";
}

constexpr auto kTrigger = RpcMethod::kUpdateAndTriggerFlow;

std::vector<std::string> Rpc(RpcMethod method = kTrigger) {
  const bool is_stream = method == RpcMethod::kWatchFlowInstance;
  return {R"(grpc_service="enos.dataflow.v1.FlowService")",
          "grpc_method=\"" + std::string(RpcMethodName(method)) + '"',
          is_stream ? R"(grpc_type="server_stream")" : R"(grpc_type="unary")"};
}

std::string Handled(const GatewayMetrics& metrics, const std::string& code,
                    RpcMethod method = kTrigger) {
  auto labels = Rpc(method);
  labels.push_back(R"(grpc_code=")" + code + '"');
  return Value(metrics, "grpc_server_handled_total", labels);
}

std::string Result(const GatewayMetrics& metrics, const std::string& reason,
                   const std::string& execution) {
  return Value(metrics, "enos_gateway_call_results_total",
               {"reason=\"" + reason + '"', "execution=\"" + execution + '"'});
}

std::string Request(const GatewayMetrics& metrics, const std::string& operation,
                    const std::string& status, const std::string& code) {
  return Value(metrics, "enos_gateway_upstream_requests_total",
               {"operation=\"" + operation + '"', "http_status=\"" + status + '"',
                "enos_code=\"" + code + '"'});
}

CallOutcome Failed(const CallError& error) {
  CallOutcome outcome;
  outcome.code = error.code;
  outcome.error = &error;
  return outcome;
}

TEST(GatewayMetrics, FromTheStart_WhatCanBeForeseenIsThereAtZero) {
  const GatewayMetrics metrics("1.2.3");
  EXPECT_EQ(Value(metrics, "grpc_server_started_total", Rpc()), "0");
  EXPECT_EQ(Handled(metrics, "OK"), "0");
  EXPECT_EQ(Handled(metrics, "Unauthenticated"), "0");
  EXPECT_EQ(Value(metrics, "grpc_server_handling_seconds_count", Rpc()), "0");
  EXPECT_EQ(Result(metrics, "OK", "EXECUTED"), "0");
  EXPECT_EQ(Result(metrics, "ENOS_TIMEOUT", "UNKNOWN"), "0");
  EXPECT_EQ(Result(metrics, "ENOS_TIMEOUT", "NOT_EXECUTED"), "0");
  EXPECT_EQ(Request(metrics, "trigger", "200", "0"), "0");
  EXPECT_EQ(Value(metrics, "enos_gateway_token_remaining_seconds"), "0");
  EXPECT_EQ(Value(metrics, "enos_gateway_build_info", {"version=\"1.2.3\""}), "1");
  EXPECT_THAT(Value(metrics, "process_resident_memory_bytes"), Not(IsEmpty()));
}

TEST(GatewayMetrics, WhatTheContractRulesOut_IsNotThere) {
  const GatewayMetrics metrics("1");
  EXPECT_EQ(Result(metrics, "WATCH_TIMEOUT", "NOT_EXECUTED"), "");
  EXPECT_EQ(Result(metrics, "FLOW_HAS_NO_TASK", ""), "");
  EXPECT_EQ(Result(metrics, "GATEWAY_UNREACHABLE", ""), "");
  EXPECT_EQ(Result(metrics, "INVALID_REQUEST", "UNKNOWN"), "");
  EXPECT_EQ(Result(metrics, "ENOS_CONNECTION_LOST", "NOT_EXECUTED"), "");
}

TEST(GatewayMetrics, CallThatSucceeds_IsCountedAndTimed) {
  GatewayMetrics metrics("1");
  metrics.CallStarted(kTrigger);
  CallOutcome outcome;
  outcome.took = std::chrono::milliseconds(2);
  metrics.CallEnded(outcome);
  EXPECT_EQ(Value(metrics, "grpc_server_started_total", Rpc()), "1");
  EXPECT_EQ(Handled(metrics, "OK"), "1");
  EXPECT_EQ(Value(metrics, "grpc_server_handling_seconds_count", Rpc()), "1");
  EXPECT_EQ(Value(metrics, "grpc_server_handling_seconds_sum", Rpc()), "0.002");
  EXPECT_EQ(Result(metrics, "OK", "EXECUTED"), "1");
}

TEST(GatewayMetrics, CallThatFails_IsCountedByCodeReasonAndExecution) {
  GatewayMetrics metrics("1");
  CallError error;
  error.code = absl::StatusCode::kDeadlineExceeded;
  error.reason = Reason::ENOS_TIMEOUT;
  error.execution = Execution::kUnknown;
  metrics.CallEnded(Failed(error));
  EXPECT_EQ(Handled(metrics, "DeadlineExceeded"), "1");
  EXPECT_EQ(Handled(metrics, "OK"), "0");
  EXPECT_EQ(Result(metrics, "ENOS_TIMEOUT", "UNKNOWN"), "1");
  EXPECT_EQ(Value(metrics, "enos_gateway_refused_total", {"reason=\"ENOS_TIMEOUT\""}), "0");
}

TEST(GatewayMetrics, ErrorThatTheContractRulesOut_IsCountedAllTheSame) {
  GatewayMetrics metrics("1");
  CallError error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.reason = Reason::INVALID_REQUEST;
  error.execution = Execution::kUnknown;
  metrics.CallEnded(Failed(error));
  EXPECT_EQ(Result(metrics, "INVALID_REQUEST", "UNKNOWN"), "1");
}

class MetricsOfMethods : public testing::TestWithParam<RpcMethod> {};

TEST_P(MetricsOfMethods, AreApart) {
  GatewayMetrics metrics("1");
  CallOutcome outcome;
  outcome.method = GetParam();
  metrics.CallStarted(GetParam());
  metrics.CallEnded(outcome);
  for (size_t i = 0; i < kRpcMethods; ++i) {
    const auto method = static_cast<RpcMethod>(i);
    const std::string count = method == GetParam() ? "1" : "0";
    EXPECT_EQ(Value(metrics, "grpc_server_started_total", Rpc(method)), count);
    EXPECT_EQ(Handled(metrics, "OK", method), count);
    EXPECT_EQ(Handled(metrics, "Unavailable", method), "0");
    EXPECT_EQ(Value(metrics, "grpc_server_handling_seconds_count", Rpc(method)), count);
  }
  EXPECT_EQ(Result(metrics, "OK", "EXECUTED"), StartsFlow(GetParam()) ? "1" : "0");
  EXPECT_EQ(Result(metrics, "OK", ""), StartsFlow(GetParam()) ? "0" : "1");
}

INSTANTIATE_TEST_SUITE_P(All, MetricsOfMethods,
                         testing::Values(RpcMethod::kUpdateAndTriggerFlow,
                                         RpcMethod::kGetFlowInstance, RpcMethod::kWatchFlowInstance,
                                         RpcMethod::kCancelFlowInstance),
                         [](const auto& tested) {
                           return std::string(RpcMethodName(tested.param));
                         });

TEST(GatewayMetrics, ErrorsOfReads_HaveNoExecution) {
  GatewayMetrics metrics("1");
  EXPECT_EQ(Result(metrics, "WATCH_TIMEOUT", ""), "0") << "there from the start";
  EXPECT_EQ(Result(metrics, "ENOS_NOT_FOUND", ""), "0");
  CallError error;
  error.code = absl::StatusCode::kNotFound;
  error.reason = Reason::ENOS_NOT_FOUND;
  error.execution = Execution::kNone;
  CallOutcome outcome = Failed(error);
  outcome.method = RpcMethod::kGetFlowInstance;
  metrics.CallEnded(outcome);
  EXPECT_EQ(Result(metrics, "ENOS_NOT_FOUND", ""), "1");
  EXPECT_EQ(Result(metrics, "ENOS_NOT_FOUND", "NOT_EXECUTED"), "0");
  EXPECT_EQ(Handled(metrics, "NotFound", RpcMethod::kGetFlowInstance), "1");
}

struct RefusalCase {
  Reason reason;
  Execution execution;
  bool is_refusal;
};
class Refusals : public testing::TestWithParam<RefusalCase> {};

TEST_P(Refusals, AreWhatTheGatewayDecidedItself) {
  GatewayMetrics metrics("1");
  CallError error;
  error.reason = GetParam().reason;
  error.execution = GetParam().execution;
  metrics.CallEnded(Failed(error));
  const std::string label = "reason=\"" + ErrorReason_Name(error.reason) + '"';
  const std::string value = Value(metrics, "enos_gateway_refused_total", {label});
  EXPECT_EQ(value == "1", GetParam().is_refusal) << value;
}

INSTANTIATE_TEST_SUITE_P(
    All, Refusals,
    testing::Values(RefusalCase{Reason::INVALID_REQUEST, Execution::kNotExecuted, true},
                    RefusalCase{Reason::GATEWAY_OVERLOADED, Execution::kNotExecuted, true},
                    RefusalCase{Reason::GATEWAY_SHUTTING_DOWN, Execution::kNotExecuted, true},
                    RefusalCase{Reason::ENOS_TIMEOUT, Execution::kNotExecuted, true},
                    RefusalCase{Reason::ENOS_TIMEOUT, Execution::kUnknown, false},
                    RefusalCase{Reason::INVALID_REQUEST, Execution::kNone, true},
                    RefusalCase{Reason::CALLER_UNAUTHENTICATED, Execution::kNone, true},
                    RefusalCase{Reason::CALLER_NOT_ALLOWED, Execution::kNone, true},
                    RefusalCase{Reason::ENOS_TIMEOUT, Execution::kNone, false},
                    RefusalCase{Reason::WATCH_TIMEOUT, Execution::kNone, false},
                    RefusalCase{Reason::ENOS_UNREACHABLE, Execution::kNotExecuted, false}));

TEST(GatewayMetrics, CallsWhoseCallersWent_AreCountedByExecution) {
  GatewayMetrics metrics("1");
  CallOutcome outcome;
  outcome.code = absl::StatusCode::kCancelled;
  metrics.CallEnded(outcome);
  outcome.execution = Execution::kUnknown;
  metrics.CallEnded(outcome);
  metrics.CallEnded(outcome);
  EXPECT_EQ(Handled(metrics, "Canceled"), "3");
  outcome.method = RpcMethod::kWatchFlowInstance;
  outcome.execution = Execution::kNone;
  metrics.CallEnded(outcome);
  EXPECT_EQ(Handled(metrics, "Canceled", RpcMethod::kWatchFlowInstance), "1");
  EXPECT_EQ(Result(metrics, "CANCELLED", ""), "1");
  EXPECT_EQ(Result(metrics, "CANCELLED", "NOT_EXECUTED"), "1");
  EXPECT_EQ(Result(metrics, "CANCELLED", "UNKNOWN"), "2");
}

TEST(GatewayMetrics, RequestsToEnos_AreCountedByAnswer) {
  GatewayMetrics metrics("1");
  const UpstreamRequest usual = {UpstreamOperation::kTrigger, TransferEnd::kAnswered, 200, 0,
                                 std::chrono::milliseconds(4)};
  metrics.UpstreamRequestEnded(usual);
  metrics.UpstreamRequestEnded(usual);
  UpstreamRequest other = usual;
  other.http_status = 299;
  other.enos_code = 123456789;
  metrics.UpstreamRequestEnded(other);
  UpstreamRequest token = usual;
  token.operation = UpstreamOperation::kToken;
  metrics.UpstreamRequestEnded(token);
  EXPECT_EQ(Request(metrics, "trigger", "200", "0"), "2");
  EXPECT_EQ(Request(metrics, "trigger", "other", "other"), "1");
  EXPECT_EQ(Request(metrics, "token", "200", "0"), "1");
  EXPECT_EQ(
      Value(metrics, "enos_gateway_upstream_request_seconds_count", {"operation=\"trigger\""}),
      "3");
}

class MetricsOfOperations : public testing::TestWithParam<int> {};

TEST_P(MetricsOfOperations, AreApartAndThereFromTheStart) {
  GatewayMetrics metrics("1");
  const auto operation = static_cast<UpstreamOperation>(GetParam());
  const std::string label = "operation=\"" + OperationLabel(operation) + '"';
  const auto failures = [&] {
    return Value(metrics, "enos_gateway_upstream_failures_total",
                 {label, "failure=\"connection_lost\""});
  };
  EXPECT_EQ(Value(metrics, "enos_gateway_upstream_request_seconds_count", {label}), "0");
  EXPECT_EQ(failures(), "0");
  metrics.UpstreamRequestEnded({operation, TransferEnd::kAnswered, 200, 0, {}});
  metrics.UpstreamRequestEnded({operation, TransferEnd::kConnectionLost, 0, {}, {}});
  EXPECT_EQ(Request(metrics, OperationLabel(operation), "200", "0"), "1");
  EXPECT_EQ(Value(metrics, "enos_gateway_upstream_request_seconds_count", {label}), "2");
  EXPECT_EQ(failures(), "1");
}

INSTANTIATE_TEST_SUITE_P(All, MetricsOfOperations,
                         testing::Range(0, static_cast<int>(kUpstreamOperations)));

TEST(GatewayMetrics, RequestsWithoutAnAnswer_AreCountedByCause) {
  GatewayMetrics metrics("1");
  metrics.UpstreamRequestEnded({UpstreamOperation::kTrigger, TransferEnd::kTlsFailed, 0, {}, {}});
  metrics.UpstreamRequestEnded({UpstreamOperation::kToken, std::nullopt, 0, {}, {}});
  EXPECT_EQ(Request(metrics, "trigger", "none", "none"), "1");
  EXPECT_EQ(Value(metrics, "enos_gateway_upstream_failures_total",
                  {"operation=\"trigger\"", "failure=\"tls_failed\""}),
            "1");
  EXPECT_EQ(Value(metrics, "enos_gateway_upstream_failures_total",
                  {"operation=\"token\"", "failure=\"no_answer\""}),
            "1");
}

TEST(GatewayMetrics, RetriesAndConnections_AreCounted) {
  GatewayMetrics metrics("1");
  metrics.Retried(Reason::ENOS_RATE_LIMITED);
  metrics.ConnectionOpened();
  metrics.ConnectionReused();
  metrics.ConnectionReused();
  EXPECT_EQ(Value(metrics, "enos_gateway_retries_total", {"reason=\"ENOS_RATE_LIMITED\""}), "1");
  EXPECT_EQ(Value(metrics, "enos_gateway_upstream_connections_total", {"use=\"opened\""}), "1");
  EXPECT_EQ(Value(metrics, "enos_gateway_upstream_connections_total", {"use=\"reused\""}), "2");
}

TEST(GatewayMetrics, Polls_AreCountedByResultFromTheStart) {
  GatewayMetrics metrics("1");
  const auto polls = [&](const std::string& result) {
    return Value(metrics, "enos_gateway_polls_total", {"result=\"" + result + '"'});
  };
  EXPECT_EQ(polls("answered") + polls("failed"), "00");
  metrics.Polled(/*answered=*/true);
  metrics.Polled(/*answered=*/true);
  metrics.Polled(/*answered=*/false);
  EXPECT_EQ(polls("answered") + polls("failed"), "21");
}

TEST(GatewayMetrics, UnreadableParts_AreCountedByPartFromTheStart) {
  GatewayMetrics metrics("1");
  const auto parts = [&](const std::string& part) {
    return Value(metrics, "enos_gateway_unreadable_parts_total", {"part=\"" + part + '"'});
  };
  EXPECT_EQ(parts("time") + parts("parameters") + parts("tasks"), "000");
  metrics.PartsUnreadable({0, 0, 0});
  metrics.PartsUnreadable({1, 0, 5});
  metrics.PartsUnreadable({1, 3, 0});
  EXPECT_EQ(parts("time") + parts("parameters") + parts("tasks"), "235");
}

TEST(GatewayMetrics, Token_CountsFetchesAndTellsWhatIsLeftOfItsLife) {
  GatewayMetrics metrics("1");
  metrics.TokenFailed();
  metrics.TokenObtained(std::chrono::steady_clock::now() + std::chrono::hours(2));
  EXPECT_EQ(Value(metrics, "enos_gateway_token_fetches_total", {"result=\"failed\""}), "1");
  EXPECT_EQ(Value(metrics, "enos_gateway_token_fetches_total", {"result=\"obtained\""}), "1");
  const double left = std::stod(Value(metrics, "enos_gateway_token_remaining_seconds"));
  EXPECT_THAT(left, Gt(3600));
  EXPECT_THAT(left, Le(7200));
  metrics.TokenObtained(std::chrono::steady_clock::now() - std::chrono::seconds(1));
  EXPECT_EQ(Value(metrics, "enos_gateway_token_remaining_seconds"), "0") << "dead by now";
}

TEST(GatewayMetrics, Breaker_IsInOneState) {
  GatewayMetrics metrics("1");
  const auto state = [&](const char* name) {
    return Value(metrics, "enos_gateway_breaker_state", {"state=\"" + std::string(name) + '"'});
  };
  EXPECT_EQ(state("closed") + state("half_open") + state("open"), "100");
  metrics.SetBreaker(BreakerState::kHalfOpen);
  EXPECT_EQ(state("closed") + state("half_open") + state("open"), "010");
  metrics.SetBreaker(BreakerState::kOpen);
  EXPECT_EQ(state("closed") + state("half_open") + state("open"), "001");
}

TEST(GatewayMetrics, SampledValues_AreInTheTextWithHelpAndType) {
  GatewayMetrics metrics("1");
  metrics.sampled().AddGauge("something", "What it is.", [] { return 7.0; });
  EXPECT_THAT(metrics.Text(),
              HasSubstr("# HELP something What it is.\n# TYPE something gauge\nsomething 7\n"));
}

TEST(GatewayMetrics, CutConnections_AreCountedByReasonFromTheStart) {
  GatewayMetrics metrics("1.2.3");
  const std::string name = "enos_gateway_connections_cut_total";
  EXPECT_EQ(Value(metrics, name, {R"(reason="unfinished")"}), "0");
  metrics.ConnectionCut(/*for_memory=*/true);
  EXPECT_EQ(Value(metrics, name, {R"(reason="memory")"}), "1");
  EXPECT_EQ(Value(metrics, name, {R"(reason="unfinished")"}), "0");
}

TEST(GatewayMetrics, Spans_AreThereOnlyWhereTheyAreExported) {
  GatewayMetrics metrics("1.2.3");
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("spans")));
  metrics.AddTraces();
  metrics.SpansExported(3, true);
  metrics.SpansExported(2, false);
  metrics.SpanDropped();
  const std::string exported = "enos_gateway_spans_exported_total";
  EXPECT_EQ(Value(metrics, exported, {R"(result="ok")"}), "3");
  EXPECT_EQ(Value(metrics, exported, {R"(result="failed")"}), "2");
  EXPECT_THAT(metrics.Text(), HasSubstr("\nenos_gateway_spans_dropped_total 1\n"));
}

TEST(GatewayMetrics, KeyStore_IsThereOnlyWithOne) {
  GatewayMetrics metrics("1.2.3");
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("idempotency")));
  metrics.AddKeyStore();
  EXPECT_THAT(metrics.Text(), HasSubstr("\nenos_gateway_idempotency_store_up 0\n"));
  metrics.SetStoreUp(true);
  EXPECT_THAT(metrics.Text(), HasSubstr("\nenos_gateway_idempotency_store_up 1\n"));

  const std::string total = "enos_gateway_idempotency_store_operations_total";
  const std::string reserve = R"(operation="reserve")";
  EXPECT_EQ(Value(metrics, total, {R"(operation="remove")", R"(result="failed")"}), "0");
  metrics.StoreOperationEnded(StoreOperation::kReserve, true, std::chrono::milliseconds(2));
  metrics.StoreOperationEnded(StoreOperation::kReserve, false, std::chrono::milliseconds(2));
  EXPECT_EQ(Value(metrics, total, {reserve, R"(result="ok")"}), "1");
  EXPECT_EQ(Value(metrics, total, {reserve, R"(result="failed")"}), "1");
  EXPECT_EQ(Value(metrics, "enos_gateway_idempotency_store_operation_seconds_bucket",
                  {reserve, R"(le="0.0025")"}),
            "2");
  const std::string calls = "enos_gateway_idempotency_calls_total";
  metrics.KeyedCallEnded(KeyResult::kInDoubt);
  EXPECT_EQ(Value(metrics, calls, {R"(result="in_doubt")"}), "1");
  EXPECT_EQ(Value(metrics, calls, {R"(result="executed")"}), "0");
}

}  // namespace
}  // namespace enos::gateway
