// What gRPC refuses before the gateway's own code runs: without our details.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enos/flow/error.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class LimitsTest : public testing::Test {
 protected:
  FakeEnos enos_;
  GatewayProcess gateway_{GatewayOptions(enos_.url())};
  std::shared_ptr<grpc::Channel> channel_ = OwnChannel(gateway_.address());
};

// A request whose message is larger than 16 times `value` bytes, by less than 1 KiB.
FlowRequest RequestOf16Values(size_t value) {
  FlowRequest request = RequestFor(1);
  for (int i = 0; i < 16; ++i) {
    auto* parameter = request.add_parameters();
    parameter->set_key("k");
    parameter->set_value(std::string(value, 'x'));
  }
  return request;
}

TEST_F(LimitsTest, MessageOverOneMebibyte_IsRefusedByGrpcItself) {
  const FlowRequest request = RequestOf16Values(64 << 10);
  ASSERT_GT(request.ByteSizeLong(), size_t{1} << 20);
  const CallOutcome outcome = Call(channel_, request);
  EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(outcome.status.error_details(), IsEmpty());
}

TEST_F(LimitsTest, MessageOfNearlyOneMebibyte_IsServed) {
  const CallOutcome outcome = Call(channel_, RequestOf16Values((64 << 10) - 64));
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
}

TEST_F(LimitsTest, UnknownMethod_IsUnimplemented) {
  RawCall call(channel_, "/enos.dataflow.v1.FlowService/TriggerFlow", "");
  EXPECT_EQ(call.Read(), std::nullopt);
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_details(), IsEmpty());
}

TEST_F(LimitsTest, BytesThatAreNoMessage_AreRefusedAndServedOn) {
  RawCall call(channel_, "/enos.dataflow.v1.FlowService/UpdateAndTriggerFlow", "\xff\xff\xff");
  EXPECT_EQ(call.Read(), std::nullopt);
  EXPECT_FALSE(call.Finish().ok());
  EXPECT_TRUE(Call(channel_, RequestFor(1)).status.ok());
}

TEST_F(LimitsTest, RequestThatIsNotValid_HasAllViolationsAndIsNotSent) {
  enos_.Hold();  // what is sent would never be answered
  const CallOutcome outcome = Call(channel_, FlowRequest());
  const flow::FlowError error = flow::FlowErrorFromStatus(outcome.status);
  EXPECT_EQ(error.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(error.reason_kind, flow::Reason::INVALID_REQUEST);
  EXPECT_EQ(error.execution, flow::Execution::kNotExecuted);
  EXPECT_THAT(error.violations, SizeIs(4));
}

}  // namespace
}  // namespace enos::e2e
