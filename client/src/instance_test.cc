// Get and Cancel, against a fake gateway.
#include "enos/flow/instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>

#include "enos/flow/client.h"
#include "fake_flow_service.h"
#include "rich_status.h"

namespace enos::flow {
namespace {

using std::chrono::milliseconds;
using testing::AboutRun;
using testing::AnswerId;
using testing::FakeFlowService;
using testing::MakeInstance;

constexpr auto kRunning = FlowInstanceState::FLOW_INSTANCE_STATE_RUNNING;

FlowClient ClientOf(const std::string& address) {
  ChannelOptions options;
  options.address = address;
  return FlowClient(MakeChannel(options).value());
}

const InstanceRequest kRequest{"u", "o", "3377-20261122225300"};

class InstanceTest : public ::testing::Test {
 protected:
  InstanceTest() : gateway_(AnswerId("i")) {}

  FlowClient Client() const { return ClientOf(gateway_.address()); }

  FakeFlowService gateway_;
};

TEST_F(InstanceTest, Get_TheRunThatWasAskedFor) {
  std::string asked;
  gateway_.OnGet([&](auto&, const auto& request, auto& instance) {
    asked = request.ShortDebugString();
    instance = MakeInstance(request.flow_instance_id(), kRunning, false, {{"load", kRunning}});
    return grpc::Status::OK;
  });
  const InstanceResult result = Client().GetFlowInstance(kRequest);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.instance().flow_instance_id(), "3377-20261122225300");
  EXPECT_EQ(result.instance().tasks(0).task_name(), "load");
  EXPECT_EQ(asked, "user_id: \"u\" org_id: \"o\" flow_instance_id: \"3377-20261122225300\"");
  std::promise<InstanceResult> done;
  Client().GetFlowInstanceAsync(kRequest, {},
                                [&](InstanceResult later) { done.set_value(std::move(later)); });
  EXPECT_TRUE(done.get_future().get().ok());
}

TEST_F(InstanceTest, GetRefused_TypedErrorWithoutExecution) {
  gateway_.OnGet([](auto& context, const auto&, auto&) {
    context.AddTrailingMetadata("enos-request-id", "r-9");
    return AboutRun(grpc::StatusCode::NOT_FOUND, "ENOS_NOT_FOUND");
  });
  const InstanceResult result = Client().GetFlowInstance(kRequest);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(result.error().reason_kind, Reason::ENOS_NOT_FOUND);
  EXPECT_EQ(result.error().enos_request_id, "r-9");
  EXPECT_EQ(result.error().execution, Execution::kStartsNothing);
}

// Also where nothing was sent, or nothing of ours came back, it is no error of a start.
TEST_F(InstanceTest, ErrorsFromElsewhere_WithoutExecution) {
  EXPECT_EQ(Client().GetFlowInstance(kRequest).error().code, grpc::StatusCode::UNIMPLEMENTED);
  const FlowClient nobody = ClientOf("127.0.0.1:1");
  CallOptions no_time;
  no_time.timeout = milliseconds(0);
  for (const auto& error :
       {Client().GetFlowInstance(kRequest).error(), nobody.GetFlowInstance(kRequest).error(),
        Client().GetFlowInstance(kRequest, no_time).error(), *nobody.CancelFlowInstance(kRequest),
        *Client().CancelFlowInstance(kRequest, no_time)}) {
    EXPECT_EQ(error.execution, Execution::kStartsNothing) << error.message;
  }
}

TEST_F(InstanceTest, Cancel_NothingWhereEnosTookIt) {
  std::string asked;
  gateway_.OnCancel([&](auto&, const auto& request) {
    asked = request.flow_instance_id();
    return grpc::Status::OK;
  });
  EXPECT_FALSE(Client().CancelFlowInstance(kRequest).has_value());
  EXPECT_EQ(asked, "3377-20261122225300");
}

TEST_F(InstanceTest, CancelRefused_TypedErrorWithoutExecution) {
  gateway_.OnCancel([](auto&, const auto&) {
    return AboutRun(grpc::StatusCode::PERMISSION_DENIED, "ENOS_PERMISSION_DENIED");
  });
  std::promise<std::optional<FlowError>> done;
  Client().CancelFlowInstanceAsync(kRequest, {},
                                   [&](auto error) { done.set_value(std::move(error)); });
  const auto error = done.get_future().get();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->reason_kind, Reason::ENOS_PERMISSION_DENIED);
  EXPECT_EQ(error->execution, Execution::kStartsNothing);
}

}  // namespace
}  // namespace enos::flow
