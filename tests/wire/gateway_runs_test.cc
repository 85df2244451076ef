// The calls that read and end a run, through the whole gateway: what EnOS is asked, and what the
// caller is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "google/protobuf/util/message_differencer.h"
#include "tests/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/run_rpc.h"

namespace enos::gateway::testing {
namespace {

using dataflow::v1::CancelFlowInstanceRequest;
using dataflow::v1::FlowInstance;
using dataflow::v1::GetFlowInstanceRequest;
using sandbox::Answer;
using sandbox::Ending;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

constexpr char kPushback[] = "grpc-retry-pushback-ms";

class GatewayRunsTest : public ::testing::Test {
 protected:
  RunOutcome Get(FlowInstance* instance = nullptr) const {
    return GetRun(gateway_.channel(), About<GetFlowInstanceRequest>(kRun), instance);
  }
  RunOutcome Cancel() const {
    return CancelRun(gateway_.channel(), About<CancelFlowInstanceRequest>(kRun));
  }

  FakeEnos enos_;
  const GatewayRunner gateway_{enos_.url()};
};

TEST_F(GatewayRunsTest, Get_TellsAllThatEnosTells) {
  enos_.AnswerWith(Answer::Json(200, R"({"code":0,"msg":"OK","requestId":"req-9","data":{
      "instanceId":"3377-20300101000000","flowId":3377,"flowName":"Nightly","status":-1,
      "statusDesc":"FAIL","owner":"u-1","triggerTime":"2030-01-01 08:00:00",
      "startTime":"2030-01-01 08:00:01","endTime":"2030-01-01 08:00:09",
      "parameters":"[{\"key\":\"k\",\"value\":\"v\"},{\"key\":\"n\",\"value\":7}]",
      "graph":{"tasks":[{"taskInstId":"t-1","taskId":11,"taskName":"extract","status":-1},
                        {"taskInstId":"t-2","taskId":12,"taskName":"report","status":2}]}}})"));
  FlowInstance instance;
  const RunOutcome outcome = Get(&instance);
  EXPECT_EQ(outcome.told, "OK");
  EXPECT_THAT(outcome.trailing, Contains(Pair("enos-request-id", "req-9")));
  FlowInstance expected;
  expected.set_flow_instance_id(kRun);
  expected.set_flow_id(3377);
  expected.set_flow_name("Nightly");
  expected.set_state(dataflow::v1::FLOW_INSTANCE_STATE_FAILED);
  expected.set_enos_status(-1);
  expected.set_enos_status_text("FAIL");
  expected.set_ended(false);  // a task of it runs
  expected.mutable_trigger_time()->set_seconds(1893456000);
  expected.mutable_start_time()->set_seconds(1893456001);
  expected.mutable_end_time()->set_seconds(1893456009);
  expected.set_owner("u-1");
  for (const auto& [key, value] : {std::pair{"k", "v"}, std::pair{"n", "7"}}) {
    auto* parameter = expected.add_parameters();
    parameter->set_key(key);
    parameter->set_value(value);
  }
  const auto add_task = [&](const char* id, int task, const char* name, auto state, int status) {
    auto* added = expected.add_tasks();
    added->set_task_instance_id(id);
    added->set_task_id(task);
    added->set_task_name(name);
    added->set_state(state);
    added->set_enos_status(status);
  };
  add_task("t-1", 11, "extract", dataflow::v1::FLOW_INSTANCE_STATE_FAILED, -1);
  add_task("t-2", 12, "report", dataflow::v1::FLOW_INSTANCE_STATE_RUNNING, 2);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(instance, expected))
      << instance.DebugString();

  const sandbox::HttpRequest asked = enos_.last_call();
  EXPECT_EQ(asked.method, "GET");
  EXPECT_EQ(asked.target,
            "/dataflow-batch-service/v2.0/flowInstances?action=get&"
            "flowInstId=3377-20300101000000&orgId=o-1&userId=u-1");
  EXPECT_EQ(asked.body, "");
}

TEST_F(GatewayRunsTest, Cancel_AsksEnosToEndTheRunAndMayBeRepeated) {
  for (std::uint64_t calls = 1; calls <= 2; ++calls) {
    enos_.AnswerWith(Answer::Json(200, R"({"code":0,"msg":"OK","requestId":"req-10"})"));
    const RunOutcome outcome = Cancel();
    EXPECT_EQ(outcome.told, "OK");
    EXPECT_THAT(outcome.trailing, Contains(Pair("enos-request-id", "req-10")));
    EXPECT_EQ(enos_.calls(), calls);
  }
  const sandbox::HttpRequest asked = enos_.last_call();
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.target,
            "/dataflow-batch-service/v2.0/flowInstances?action=cancel&orgId=o-1&userId=u-1");
  EXPECT_EQ(asked.body, R"({"flowInstId":"3377-20300101000000"})");
}

constexpr char kTriggered[] = R"(,"triggerTime":"2030-01-01 08:00:00")";

TEST_F(GatewayRunsTest, TimeZone_IsAskedForOnceAndOnlyWhereThereAreTimes) {
  enos_.AnswerWith(RunAnswer(kRun, 2));
  EXPECT_EQ(Get().told, "OK");
  EXPECT_EQ(enos_.zone_requests(), 0);
  enos_.AnswerWith(RunAnswer(kRun, 2, kTriggered));
  for (int i = 0; i < 3; ++i) {
    FlowInstance instance;
    EXPECT_EQ(Get(&instance).told, "OK");
    EXPECT_EQ(instance.trigger_time().seconds(), 1893456000);
  }
  EXPECT_EQ(enos_.zone_requests(), 1);
}

TEST_F(GatewayRunsTest, NoTimeZone_TheRunIsToldWithoutItsTimes) {
  enos_.AnswerZoneWith(Answer::Text(500, "no"));
  enos_.AnswerWith(RunAnswer(kRun, 2, kTriggered));
  FlowInstance instance;
  EXPECT_EQ(Get(&instance).told, "OK");
  EXPECT_FALSE(instance.has_trigger_time());
  EXPECT_EQ(instance.state(), dataflow::v1::FLOW_INSTANCE_STATE_RUNNING);
}

TEST_F(GatewayRunsTest, InvalidRequest_NamesEveryFieldAndIsNeverSent) {
  std::vector<std::string> fields;
  const auto collect = [&fields](const RunOutcome& outcome) {
    EXPECT_EQ(outcome.told, "INVALID_ARGUMENT INVALID_REQUEST");
    EXPECT_THAT(outcome.error_metadata, Not(Contains(Key("execution"))));
    fields.clear();
    for (const auto& violation : outcome.error.violations) fields.push_back(violation.field);
  };
  const auto all = ElementsAre("user_id", "org_id", "flow_instance_id");
  collect(GetRun(gateway_.channel(), {}));
  EXPECT_THAT(fields, all);
  collect(CancelRun(gateway_.channel(), {}));
  EXPECT_THAT(fields, all);
  for (const char* id : {"", "3377", "3377-", "-1", "0-1", "2147483648-1", "x-1", "3377-a b"}) {
    RunCallOptions options;
    options.run = id;
    collect(RunWatch(gateway_.channel(), options).End());
    EXPECT_THAT(fields, ElementsAre("flow_instance_id")) << id;
  }
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayRunsTest, DeadlinePassesWhileEnosIsAsked_TimesOut) {
  enos_.Hold();
  RunCallOptions options;
  options.timeout = std::chrono::seconds(2);
  std::string told;  // a machine that stalls lets the caller's library be the faster one
  for (int tries = 0; tries < 3 && told != "DEADLINE_EXCEEDED ENOS_TIMEOUT"; ++tries) {
    told = GetRun(gateway_.channel(), About<GetFlowInstanceRequest>(kRun), nullptr, options).told;
  }
  EXPECT_EQ(told, "DEADLINE_EXCEEDED ENOS_TIMEOUT");
}

// -- Errors

struct ReadFault {
  const char* name;
  Answer answer;
  std::string told;
  std::uint64_t calls = 1;
};

Answer Code(const std::string& code) {
  return Answer::Json(200, R"({"code":)" + code + R"(,"msg":"m","data":{}})");
}

std::vector<ReadFault> FaultsOfBoth() {
  constexpr char kNotFound[] = "NOT_FOUND ENOS_NOT_FOUND";
  constexpr char kLost[] = "UNAVAILABLE ENOS_CONNECTION_LOST";
  return {
      {"Code99404", Code("99404"), kNotFound},
      {"Code62102", Code("62102"), kNotFound},
      {"Code62103", Code("62103"), "PERMISSION_DENIED ENOS_PERMISSION_DENIED"},
      {"Code62104", Code("62104"), "UNKNOWN ENOS_ERROR"},
      {"Code62109", Code("62109"), "INTERNAL ENOS_INTERNAL"},
      {"Code502", Code("502"), kLost, 3},
      {"Http502", Answer::Text(502, ""), kLost, 3},
      {"Reset", Answer::Nothing(Ending::kReset), kLost, 3},
      {"Closed", Answer::Nothing(Ending::kClose), kLost, 3},
      {"Http503", Answer::Text(503, ""), "UNAVAILABLE ENOS_UNAVAILABLE", 3},
      {"Http504", Answer::Text(504, ""), "DEADLINE_EXCEEDED ENOS_TIMEOUT"},
      {"Http429", Answer::Text(429, ""), "RESOURCE_EXHAUSTED ENOS_RATE_LIMITED", 3},
      {"Http401", Answer::Text(401, ""), "UNAUTHENTICATED ENOS_CREDENTIALS_REFUSED", 2},
      {"NotJson", Answer::Text(200, "hello"), "INTERNAL ENOS_MALFORMED_RESPONSE"},
  };
}

class GatewayRunErrors : public GatewayRunsTest, public ::testing::WithParamInterface<ReadFault> {
 protected:
  // The caller is told the wait twice, for people and for libraries; never whether a run was
  // started.
  void ExpectTold(const RunOutcome& outcome) const {
    EXPECT_EQ(outcome.told, GetParam().told);
    EXPECT_EQ(enos_.calls(), GetParam().calls);
    EXPECT_THAT(outcome.error_metadata, Not(Contains(Key("execution"))));
    EXPECT_THAT(outcome.error_metadata, Not(Contains(Key("likely_flow_instance_id"))));
    EXPECT_THAT(outcome.error.message, Not(HasSubstr("started")));
    const auto pushback = outcome.trailing.find(kPushback);
    ASSERT_EQ(pushback != outcome.trailing.end(), outcome.error.retry_after.has_value());
    if (!outcome.error.retry_after) return;
    EXPECT_EQ(pushback->second, std::to_string(outcome.error.retry_after->count()));
  }
};

TEST_P(GatewayRunErrors, OfGet) {
  enos_.AnswerWith(GetParam().answer);
  ExpectTold(Get());
}

TEST_P(GatewayRunErrors, OfCancel) {
  enos_.AnswerWith(GetParam().answer);
  ExpectTold(Cancel());
}

INSTANTIATE_TEST_SUITE_P(All, GatewayRunErrors, ::testing::ValuesIn(FaultsOfBoth()),
                         [](const auto& test) { return test.param.name; });

TEST_F(GatewayRunsTest, Get_OfNoDataOrAnotherRun) {
  for (const char* data : {"null", "\"\"", "{}"}) {
    enos_.AnswerWith(Answer::Json(200, std::string(R"({"code":0,"data":)") + data + "}"));
    EXPECT_EQ(Get().told, "NOT_FOUND ENOS_NOT_FOUND") << data;
  }
  enos_.AnswerWith(Answer::Json(200, R"({"code":0,"msg":"OK"})"));
  EXPECT_EQ(Get().told, "NOT_FOUND ENOS_NOT_FOUND");
  enos_.AnswerWith(RunAnswer("3377-other", 1));
  EXPECT_EQ(Get().told, "INTERNAL ENOS_MALFORMED_RESPONSE");
}

TEST_F(GatewayRunsTest, EnosThatComesBack_IsAskedAgain) {
  enos_.AnswerInTurn({Answer::Nothing(Ending::kReset), Answer::Text(503, ""), RunAnswer(kRun, 2)});
  EXPECT_EQ(Get().told, "OK");
  EXPECT_EQ(enos_.calls(), 3U);
}

// -- What a caller's library is told of a call that starts a flow.

class TriggerPushback : public ::testing::Test {
 protected:
  // The outcome of a call that EnOS answers so.
  RunOutcome Trigger(const Answer& answer) {
    enos_.AnswerWith(answer);
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    dataflow::v1::UpdateAndTriggerFlowRequest request;
    request.set_user_id("u-1");
    request.set_org_id("o-1");
    request.set_flow_id(3377);
    request.mutable_trigger_time()->set_seconds(1574385824);  // 2019-11-22T01:23:44Z
    dataflow::v1::UpdateAndTriggerFlowResponse response;
    const auto stub = dataflow::v1::FlowService::NewStub(gateway_.channel());
    return OutcomeOf(stub->UpdateAndTriggerFlow(&context, request, &response), context);
  }

  FakeEnos enos_;
  const GatewayRunner gateway_{enos_.url()};
};

TEST_F(TriggerPushback, UnknownExecution_NeverAgainAndALikelyRun) {
  const RunOutcome outcome = Trigger(Answer::Text(500, ""));
  EXPECT_EQ(outcome.told, "INTERNAL ENOS_INTERNAL");
  EXPECT_THAT(outcome.trailing, Contains(Pair(kPushback, "-1")));
  EXPECT_THAT(outcome.error_metadata, Contains(Pair("execution", "UNKNOWN")));
  EXPECT_THAT(outcome.error_metadata,
              Contains(Pair("likely_flow_instance_id", "3377-20191122012300")));
  EXPECT_THAT(outcome.error.message, HasSubstr("3377-20191122012300, a guess"));
}

TEST_F(TriggerPushback, UnknownExecutionWithAWait_NeverAgain) {
  Answer busy = Answer::Text(503, "");
  busy.headers.emplace_back("Retry-After", "7");
  const RunOutcome outcome = Trigger(busy);
  EXPECT_EQ(outcome.told, "UNKNOWN ENOS_UNAVAILABLE");
  EXPECT_EQ(outcome.error.retry_after, std::chrono::seconds(7));
  EXPECT_THAT(outcome.trailing, Contains(Pair(kPushback, "-1")));
}

TEST_F(TriggerPushback, NotExecuted_TheWaitOfRetryInfo) {
  const RunOutcome outcome = Trigger(Answer::Text(429, ""));
  EXPECT_EQ(outcome.told, "RESOURCE_EXHAUSTED ENOS_RATE_LIMITED");
  ASSERT_TRUE(outcome.error.retry_after);
  EXPECT_THAT(outcome.trailing,
              Contains(Pair(kPushback, std::to_string(outcome.error.retry_after->count()))));
  EXPECT_THAT(outcome.error_metadata, Not(Contains(Key("likely_flow_instance_id"))));
}

TEST_F(TriggerPushback, NotExecutedAndNothingToWaitFor_None) {
  const RunOutcome outcome = Trigger(Code("62104"));
  EXPECT_EQ(outcome.told, "FAILED_PRECONDITION FLOW_HAS_NO_TASK");
  EXPECT_THAT(outcome.trailing, Not(Contains(Key(kPushback))));
  EXPECT_THAT(Trigger(FlowStartedAnswer()).trailing, Not(Contains(Key(kPushback))));
}

}  // namespace
}  // namespace enos::gateway::testing
