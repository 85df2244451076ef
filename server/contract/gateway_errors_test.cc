#include "server/contract/gateway_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace enos::gateway {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

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
     false, "who calls. Send one."},
    {"CallerNotAllowed", CallerNotAllowed, absl::StatusCode::kPermissionDenied,
     Reason::CALLER_NOT_ALLOWED, Execution::kNotExecuted, false, "does not let this caller"},
    {"CallerOverloaded", CallerOverloaded, absl::StatusCode::kUnavailable,
     Reason::GATEWAY_OVERLOADED, Execution::kNotExecuted, true, "one caller may have"},
    {"GatewayOverloaded", GatewayOverloaded, absl::StatusCode::kUnavailable,
     Reason::GATEWAY_OVERLOADED, Execution::kNotExecuted, true, "calls in flight"},
    {"WatchesOverloaded", WatchesOverloaded, absl::StatusCode::kUnavailable,
     Reason::GATEWAY_OVERLOADED, Execution::kNotExecuted, true, "watches as many runs"},
    {"WatchTimeout", WatchTimeout, absl::StatusCode::kDeadlineExceeded, Reason::WATCH_TIMEOUT,
     Execution::kNone, false, "Watch again."},
    {"GatewayShuttingDown", GatewayShuttingDown, absl::StatusCode::kUnavailable,
     Reason::GATEWAY_SHUTTING_DOWN, Execution::kNotExecuted, true, "shutting down"},
    {"KeysNotOffered", KeysNotOffered, absl::StatusCode::kFailedPrecondition,
     Reason::IDEMPOTENCY_NOT_OFFERED, Execution::kNotExecuted, false, "no store"},
    {"KeyReused", KeyReused, absl::StatusCode::kInvalidArgument, Reason::IDEMPOTENCY_KEY_REUSED,
     Execution::kNotExecuted, false, "other fields"},
    {"KeyExpired", [] { return KeyExpired("too old"); }, absl::StatusCode::kInvalidArgument,
     Reason::IDEMPOTENCY_KEY_EXPIRED, Execution::kNotExecuted, false, "too old"},
    {"KeyStoreUnavailable", [] { return KeyStoreUnavailable("it is gone"); },
     absl::StatusCode::kUnavailable, Reason::IDEMPOTENCY_STORE_UNAVAILABLE, Execution::kNotExecuted,
     true, "it is gone"},
    {"KeyInProgress", KeyInProgress, absl::StatusCode::kAborted, Reason::IDEMPOTENCY_IN_PROGRESS,
     Execution::kUnknown, true, "under way"},
    {"KeyInDoubt", KeyInDoubt, absl::StatusCode::kUnknown, Reason::IDEMPOTENCY_IN_DOUBT,
     Execution::kUnknown, false, "did not live"},
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

// Whether the flow was started is for ToGrpcStatus to say: errors of reads have it from here, too.
TEST_P(GatewayErrors, Message_SaysWhatHappened) {
  const CallError error = GetParam().make();
  EXPECT_THAT(error.message,
              AllOf(HasSubstr(GetParam().says), EndsWith("."), Not(HasSubstr("started"))));
}

INSTANTIATE_TEST_SUITE_P(All, GatewayErrors, ::testing::ValuesIn(kRows),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace enos::gateway
