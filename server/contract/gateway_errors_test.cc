#include "server/contract/gateway_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace enos::gateway {
namespace {

using ::testing::HasSubstr;

struct Row {
  const char* name;
  std::function<CallError()> make;
  absl::StatusCode code;
  Reason reason;
  Execution execution;
  bool has_retry_info;
  const char* says;
};

const Row kRows[] = {
    {"DeadlinePastOnArrival", DeadlinePastOnArrival, absl::StatusCode::kDeadlineExceeded,
     Reason::ENOS_TIMEOUT, Execution::kNotExecuted, false, "longer deadline"},
    {"NoAnswerInTime", NoAnswerInTime, absl::StatusCode::kDeadlineExceeded, Reason::ENOS_TIMEOUT,
     Execution::kUnknown, false, "did not answer in time"},
    {"NotSentInTime", [] { return NotSentInTime("a moment"); }, absl::StatusCode::kUnavailable,
     Reason::ENOS_UNREACHABLE, Execution::kNotExecuted, true, "waited for a moment"},
    {"CallerUnauthenticated", [] { return CallerUnauthenticated("Send one."); },
     absl::StatusCode::kUnauthenticated, Reason::CALLER_UNAUTHENTICATED, Execution::kNotExecuted,
     false, "who calls; the flow was not started. Send one."},
    {"CallerNotAllowed", CallerNotAllowed, absl::StatusCode::kPermissionDenied,
     Reason::CALLER_NOT_ALLOWED, Execution::kNotExecuted, false, "does not let this caller"},
    {"CallerOverloaded", CallerOverloaded, absl::StatusCode::kUnavailable,
     Reason::GATEWAY_OVERLOADED, Execution::kNotExecuted, true, "one caller may have"},
    {"GatewayOverloaded", GatewayOverloaded, absl::StatusCode::kUnavailable,
     Reason::GATEWAY_OVERLOADED, Execution::kNotExecuted, true, "calls in flight"},
    {"GatewayShuttingDown", GatewayShuttingDown, absl::StatusCode::kUnavailable,
     Reason::GATEWAY_SHUTTING_DOWN, Execution::kNotExecuted, true, "shutting down"},
    {"EnosIsDown", [] { return EnosIsDown(kSuggestedWait); }, absl::StatusCode::kUnavailable,
     Reason::ENOS_UNREACHABLE, Execution::kNotExecuted, true, "EnOS was down"},
};

class GatewayErrors : public ::testing::TestWithParam<Row> {};

TEST_P(GatewayErrors, Error_IsItsRow) {
  const CallError error = GetParam().make();
  EXPECT_EQ(error.code, GetParam().code);
  EXPECT_EQ(error.reason, GetParam().reason);
  EXPECT_EQ(error.execution, GetParam().execution);
  EXPECT_EQ(error.retry_after,
            GetParam().has_retry_info ? std::optional(kSuggestedWait) : std::nullopt);
  EXPECT_EQ(error.http_status, 0);
  EXPECT_EQ(error.enos_code, std::nullopt);
}

TEST_P(GatewayErrors, Message_SaysWhatHappenedAndWhetherTheFlowWasStarted) {
  const CallError error = GetParam().make();
  EXPECT_THAT(error.message, HasSubstr(GetParam().says));
  EXPECT_THAT(error.message,
              HasSubstr(error.execution == Execution::kUnknown ? "the flow may have been started"
                                                               : "the flow was not started"));
}

INSTANTIATE_TEST_SUITE_P(All, GatewayErrors, ::testing::ValuesIn(kRows),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace enos::gateway
