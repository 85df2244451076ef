#include "server/rpc/call_span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/fake_tracer.h"

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(CallSpan, IsAChildOfTheCallersAndSaysHowTheCallEnded) {
  FakeTracer tracer;
  TraceContext caller;
  caller.parent_id = "00f067aa0ba902b7";
  const auto span = StartCallSpan(tracer, RpcMethod::kUpdateAndTriggerFlow, &caller);
  CallRecord record;
  record.flow_id = 3377;
  record.org_id = "o-1";
  CallError error;
  error.reason = Reason::ENOS_TIMEOUT;
  error.execution = Execution::kUnknown;
  error.message = "of the user u-1";
  CallOutcome outcome;
  outcome.code = absl::StatusCode::kDeadlineExceeded;
  outcome.error = &error;
  EndCallSpan(span.get(), outcome, record);
  const auto& recorded = tracer.spans.at(0);
  EXPECT_EQ(recorded.name, "enos.dataflow.v1.FlowService/UpdateAndTriggerFlow");
  EXPECT_EQ(recorded.parent, "00f067aa0ba902b7");
  EXPECT_THAT(
      recorded.attributes,
      ElementsAre(Pair("enos.execution", "UNKNOWN"), Pair("enos.flow_id", "3377"),
                  Pair("error.type", "ENOS_TIMEOUT"), Pair("rpc.grpc.status_code", "4"),
                  Pair("rpc.method", "UpdateAndTriggerFlow"),
                  Pair("rpc.service", "enos.dataflow.v1.FlowService"), Pair("rpc.system", "grpc")));
  EXPECT_TRUE(recorded.failed);
  EXPECT_TRUE(recorded.ended);
}

TEST(CallSpan, FailsOnlyWhereTheServerDid) {
  for (const auto& [code, failed] :
       {std::pair(absl::StatusCode::kOk, false), std::pair(absl::StatusCode::kCancelled, false),
        std::pair(absl::StatusCode::kInvalidArgument, false),
        std::pair(absl::StatusCode::kResourceExhausted, false),
        std::pair(absl::StatusCode::kUnknown, true), std::pair(absl::StatusCode::kInternal, true),
        std::pair(absl::StatusCode::kUnavailable, true)}) {
    FakeTracer tracer;
    const auto span = StartCallSpan(tracer, RpcMethod::kGetFlowInstance, nullptr);
    CallOutcome outcome;
    outcome.code = code;
    EndCallSpan(span.get(), outcome, CallRecord());
    EXPECT_EQ(tracer.spans.at(0).failed, failed) << code;
    EXPECT_EQ(tracer.spans.at(0).parent, "");
  }
}

}  // namespace
}  // namespace enos::gateway
