#include "server/rpc/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "server/testing/log_capture.h"

namespace enos::gateway {
namespace {

using std::chrono::microseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

CallRecord Record() {
  CallRecord record;
  record.caller = "sub:system:serviceaccount:batch:nightly";
  record.peer = "ipv4:127.0.0.1:5000";
  record.org_id = "o 15";
  record.flow_id = 3377;
  record.request_bytes = 66;
  record.request_id = "caller-7";
  record.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  record.token = microseconds(200);
  record.upstream = microseconds(3000);
  record.attempts = 2;
  record.http_status = 200;
  record.enos_code = 0;
  record.enos_request_id = "enos-1";
  return record;
}

TEST(AccessLog, FlowThatWasStarted_HasItsLineAtInfo) {
  LogCapture log;
  CallRecord record = Record();
  record.flow_instance_id = "3377-1";
  record.answer_bytes = 8;
  CallOutcome outcome;
  outcome.took = microseconds(3456);
  LogCall(outcome, record);
  EXPECT_THAT(
      log.Lines(),
      ElementsAre(
          "info  flow started caller=sub:system:serviceaccount:batch:nightly "
          "peer=ipv4:127.0.0.1:5000 org_id=\"o 15\" method=UpdateAndTriggerFlow flow_id=3377 "
          "flow_instance_id=3377-1 code=OK http_status=200 enos_code=0 "
          "enos_request_id=enos-1 attempts=2 token_ms=0.200 "
          "upstream_ms=3.000 total_ms=3.456 request_bytes=66 answer_bytes=8 "
          "request_id=caller-7 trace_id=4bf92f3577b34da6a3ce929d0e0e4736"));
}

TEST(AccessLog, TheUserId_IsThereIfTheRecordHasIt) {
  LogCapture log;
  CallRecord record = Record();
  record.user_id = "alice\n";
  LogCall({}, record);
  EXPECT_THAT(log.Lines(), ElementsAre(HasSubstr(R"( org_id="o 15" user_id="alice\n" method=)")));
}

TEST(AccessLog, FlowThatWasStartedByAnEarlierCall_SaysSoWithItsKey) {
  LogCapture log;
  CallRecord record = Record();
  record.key = "0123456789ab";
  record.replayed = true;
  record.flow_instance_id = "3377-1";
  LogCall({}, record);
  EXPECT_THAT(log.Lines(), ElementsAre(AllOf(StartsWith("info  flow was started before "),
                                             HasSubstr(" key=0123456789ab flow_instance_id=3377-1 "
                                                       "replayed=true code=OK "))));
}

TEST(AccessLog, CallRefusedAtTheDoor_HasOnlyWhatApplies) {
  LogCapture log;
  CallRecord record;
  record.request_id = "caller-7";
  CallError error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.reason = Reason::INVALID_REQUEST;
  error.execution = Execution::kNotExecuted;
  error.message = "no";
  CallOutcome outcome;
  outcome.code = error.code;
  outcome.error = &error;
  LogCall(outcome, record);
  EXPECT_THAT(
      log.Lines(),
      ElementsAre("info  call failed method=UpdateAndTriggerFlow flow_id=0 code=INVALID_ARGUMENT "
                  "reason=INVALID_REQUEST execution=NOT_EXECUTED attempts=0 "
                  "token_ms=0.000 upstream_ms=0.000 total_ms=0.000 "
                  "request_bytes=0 answer_bytes=0 request_id=caller-7 message=no"));
}

class AccessLogOfReads : public testing::TestWithParam<RpcMethod> {};

TEST_P(AccessLogOfReads, NamesTheMethodAndNoExecution) {
  LogCapture log;
  CallRecord record;
  record.method = GetParam();
  record.flow_id = 7;
  record.flow_instance_id = "7-1";
  record.request_id = "caller-7";
  CallOutcome outcome;
  outcome.method = GetParam();
  LogCall(outcome, record);
  CallError error;
  error.code = absl::StatusCode::kDeadlineExceeded;
  error.reason = Reason::ENOS_TIMEOUT;
  error.execution = Execution::kNone;
  error.message = "late";
  outcome.code = error.code;
  outcome.error = &error;
  LogCall(outcome, record);
  CallOutcome cancelled;
  cancelled.method = GetParam();
  cancelled.code = absl::StatusCode::kCancelled;
  cancelled.execution = Execution::kNone;
  LogCall(cancelled, record);
  const std::string begins =
      "method=" + std::string(RpcMethodName(GetParam())) + " flow_id=7 flow_instance_id=7-1 ";
  const std::string ends =
      "attempts=0 token_ms=0.000 upstream_ms=0.000 total_ms=0.000 request_bytes=0 answer_bytes=0 "
      "request_id=caller-7";
  EXPECT_THAT(
      log.Lines(),
      ElementsAre("info  call answered " + begins + "code=OK " + ends,
                  "info  call failed " + begins + "code=DEADLINE_EXCEEDED reason=ENOS_TIMEOUT " +
                      ends + " message=late",
                  "info  call cancelled " + begins + "code=CANCELLED " + ends));
}

INSTANTIATE_TEST_SUITE_P(All, AccessLogOfReads,
                         testing::Values(RpcMethod::kGetFlowInstance, RpcMethod::kWatchFlowInstance,
                                         RpcMethod::kCancelFlowInstance),
                         [](const auto& tested) {
                           return std::string(RpcMethodName(tested.param));
                         });

struct LevelCase {
  const char* name;
  absl::StatusCode code;
  bool has_error;
  Execution execution;
  const char* begins;
};
class AccessLogLevels : public testing::TestWithParam<LevelCase> {};

TEST_P(AccessLogLevels, WarnOfWhatMayHaveBeenStarted) {
  LogCapture log;
  CallError error;
  error.execution = GetParam().execution;
  CallOutcome outcome;
  outcome.code = GetParam().code;
  outcome.execution = GetParam().execution;
  if (GetParam().has_error) outcome.error = &error;
  LogCall(outcome, Record());
  EXPECT_THAT(log.Lines(), ElementsAre(StartsWith(GetParam().begins)));
}

INSTANTIATE_TEST_SUITE_P(
    All, AccessLogLevels,
    testing::Values(LevelCase{"Failed", absl::StatusCode::kUnavailable, true,
                              Execution::kNotExecuted, "info  call failed "},
                    LevelCase{"PerhapsStarted", absl::StatusCode::kInternal, true,
                              Execution::kUnknown, "warning call failed "},
                    LevelCase{"Cancelled", absl::StatusCode::kCancelled, false,
                              Execution::kNotExecuted, "info  call cancelled "},
                    LevelCase{"CancelledAfterTheSend", absl::StatusCode::kCancelled, false,
                              Execution::kUnknown, "warning call cancelled "}),
    [](const auto& tested) { return tested.param.name; });

TEST(AccessLog, BelowTheLevel_IsNotWritten) {
  LogCapture log(LogLevel::kWarning);
  LogCall({}, Record());
  EXPECT_THAT(log.Lines(), IsEmpty());
}

TEST(AccessLog, HostileTexts_StayInTheirFields) {
  LogCapture log;
  CallRecord record = Record();
  record.org_id = "x code=OK\nerror forged";
  LogCall({}, record);
  EXPECT_THAT(log.Lines(), ElementsAre(HasSubstr(R"( org_id="x code=OK\nerror forged" )")));
}

}  // namespace
}  // namespace enos::gateway
