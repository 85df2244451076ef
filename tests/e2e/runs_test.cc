// A run from its start to its end: triggered, read, watched and cancelled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "enos/flow/error.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using dataflow::v1::FlowInstance;
using dataflow::v1::FlowService;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSubsetOf;

std::string Told(const grpc::Status& status) {
  if (status.ok()) return "OK";
  return flow::StatusCodeName(status.error_code()) + " " + flow::FlowErrorFromStatus(status).reason;
}

template <typename Request>
Request About(const std::string& run) {
  Request request;
  request.set_user_id("u-1");
  request.set_org_id("o-1");
  request.set_flow_instance_id(run);
  return request;
}

class Caller {
 public:
  explicit Caller(const std::string& address)
      : channel_(OwnChannel(address)), stub_(FlowService::NewStub(channel_)) {}

  // A run that begins now.
  std::string Trigger(int flow_id) {
    FlowRequest request = RequestFor(flow_id);
    request.mutable_trigger_time()->set_seconds(kTriggered);
    auto* parameter = request.add_parameters();
    parameter->set_key("k");
    parameter->set_value("v");
    const CallOutcome outcome = Call(channel_, request);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
    return outcome.flow_instance_id;
  }
  std::string Get(const std::string& run, FlowInstance* instance) {
    grpc::ClientContext context;
    dataflow::v1::GetFlowInstanceResponse response;
    const auto request = About<dataflow::v1::GetFlowInstanceRequest>(run);
    const grpc::Status status = stub_->GetFlowInstance(Prepared(context), request, &response);
    *instance = response.flow_instance();
    return Told(status);
  }
  std::string Cancel(const std::string& run) {
    grpc::ClientContext context;
    dataflow::v1::CancelFlowInstanceResponse response;
    const auto request = About<dataflow::v1::CancelFlowInstanceRequest>(run);
    return Told(stub_->CancelFlowInstance(Prepared(context), request, &response));
  }
  // The states that a watch tells, for example "RUNNING" and "FAILED ended", and how it ends.
  // `on_state` is called with each.
  std::vector<std::string> Watch(
      const std::string& run, const std::function<void()>& on_state = [] {}) {
    grpc::ClientContext context;
    const auto request = About<dataflow::v1::WatchFlowInstanceRequest>(run);
    const auto reader = stub_->WatchFlowInstance(Prepared(context), request);
    std::vector<std::string> told;
    dataflow::v1::WatchFlowInstanceResponse response;
    while (reader->Read(&response)) {
      const FlowInstance& instance = response.flow_instance();
      constexpr std::string_view kPrefix = "FLOW_INSTANCE_STATE_";
      std::string state = FlowInstanceState_Name(instance.state()).substr(kPrefix.size());
      if (instance.ended()) state += " ended";
      if (told.empty() || told.back() != state) told.push_back(state);  // else a task changed
      on_state();
    }
    told.push_back(Told(reader->Finish()));
    return told;
  }

  static constexpr int64_t kTriggered = 1574385824;  // 2019-11-22T01:23:44Z

 private:
  static grpc::ClientContext* Prepared(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + kGuard);
    context.set_wait_for_ready(true);
    return &context;
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<FlowService::Stub> stub_;
};

ProcessOptions WatchingGateway(const std::string& enos_url, std::vector<std::string> more = {}) {
  more.emplace_back("--watch_interval=1s");
  return GatewayOptions(enos_url, std::move(more));
}

// Its failed task is seen before its end: a poll comes after 1.25 s at most.
TEST(Runs, AreWatchedToTheirEnds) {
  SandboxProcess sandbox({"--run_time=8s", "--run_fault=600:fail"});
  GatewayProcess gateway(WatchingGateway(sandbox.url()));
  Caller caller(gateway.address());
  const std::string good = caller.Trigger(599);
  const std::string bad = caller.Trigger(600);
  auto bad_told = std::async(std::launch::async, [&] { return caller.Watch(bad); });
  const std::vector<std::string> told = caller.Watch(good);
  EXPECT_THAT(told, IsSubsetOf({"INITIALIZING", "RUNNING", "SUCCEEDED ended", "OK"}));
  EXPECT_THAT(told, AllOf(Contains("RUNNING"), Contains("SUCCEEDED ended")));
  EXPECT_EQ(told.back(), "OK");
  const std::vector<std::string> failed = Await(bad_told);
  ASSERT_GE(failed.size(), 4U);
  EXPECT_THAT(std::vector<std::string>(failed.end() - 4, failed.end()),
              ElementsAre("RUNNING", "FAILED", "FAILED ended", "OK"));

  FlowInstance run;
  EXPECT_EQ(caller.Get(good, &run), "OK");
  EXPECT_EQ(run.flow_instance_id(), good);
  EXPECT_EQ(run.flow_id(), 599);
  EXPECT_TRUE(run.ended());
  EXPECT_EQ(run.trigger_time().seconds(), Caller::kTriggered);
  EXPECT_TRUE(run.has_start_time());
  EXPECT_GT(run.end_time().seconds(), run.start_time().seconds());
  ASSERT_EQ(run.parameters_size(), 1);
  EXPECT_EQ(run.parameters(0).value(), "v");
  EXPECT_EQ(run.tasks_size(), 3);
}

TEST(Runs, ThatIsCancelled_EndsForItsWatchers) {
  SandboxProcess sandbox({"--run_fault=601:never-ends"});
  GatewayProcess gateway(WatchingGateway(sandbox.url()));
  Caller caller(gateway.address());
  const std::string run = caller.Trigger(601);
  std::string cancelled;
  const auto told = caller.Watch(run, [&] {
    if (cancelled.empty()) cancelled = caller.Cancel(run);
  });
  EXPECT_EQ(cancelled, "OK");
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(told.end()[-2], "CANCELLED ended");
  EXPECT_EQ(told.back(), "OK");
  EXPECT_EQ(caller.Cancel(run), "OK") << "may be repeated";
}

class UnknownRun : public testing::TestWithParam<const char*> {};

TEST_P(UnknownRun, IsNotFound) {
  SandboxProcess sandbox({"--unknown_run=" + std::string(GetParam())});
  GatewayProcess gateway(WatchingGateway(sandbox.url(), {"--watch_failures=1"}));
  Caller caller(gateway.address());
  FlowInstance run;
  EXPECT_EQ(caller.Get("1-20300101000000", &run), "NOT_FOUND ENOS_NOT_FOUND");
  EXPECT_EQ(caller.Cancel("1-20300101000000"), "NOT_FOUND ENOS_NOT_FOUND");
  EXPECT_THAT(caller.Watch("1-20300101000000"), ElementsAre("NOT_FOUND ENOS_NOT_FOUND"));
}

INSTANTIATE_TEST_SUITE_P(All, UnknownRun, testing::Values("99404", "62102", "empty"),
                         [](const auto& test) { return "As" + std::string(test.param); });

// The connection's age and its grace are over before the run: its watcher watches again.
TEST(Runs, WatchThatOutlivesItsConnection_BeginsAgain) {
  SandboxProcess sandbox({"--run_fault=601:never-ends"});
  GatewayProcess gateway(WatchingGateway(
      sandbox.url(),
      {"--max_connection_age=500ms", "--upstream_timeout=500ms", "--drain_timeout=5501ms"}));
  Caller caller(gateway.address());
  const std::string run = caller.Trigger(601);
  EXPECT_EQ(caller.Watch(run).back(), "UNAVAILABLE ");
  EXPECT_EQ(caller.Cancel(run), "OK");
  EXPECT_THAT(caller.Watch(run), ElementsAre("CANCELLED ended", "OK"));
}

}  // namespace
}  // namespace enos::e2e
