// Calls through nginx, which terminates TLS and balances them over two gateways, with the
// configuration that deploy/nginx ships.
#include "tests/support/nginx.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "enos/flow/channel.h"
#include "enos/flow/error.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::SizeIs;

constexpr char kRetries[] = R"({"methodConfig": [{
  "name": [{"service": "enos.dataflow.v1.FlowService"}],
  "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "0.1s",
                  "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]})";

struct Answer {
  grpc::Status status;
  std::string instance_id;
  std::string own_request_id;
};

Answer CallThrough(const std::shared_ptr<grpc::Channel>& channel, const FlowRequest& request) {
  const auto stub = dataflow::v1::FlowService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGuard);
  context.AddMetadata("x-request-id", "the-caller-s-own");
  dataflow::v1::UpdateAndTriggerFlowResponse response;
  Answer answer;
  answer.status = stub->UpdateAndTriggerFlow(&context, request, &response);
  answer.instance_id = response.flow_instance_id();
  for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
    if (key == "x-request-id") answer.own_request_id = {value.data(), value.size()};
  }
  return answer;
}

// Two gateways, each with its own EnOS, which counts.
class NginxTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!NginxIsInstalled()) {
      std::cout << "SKIPPED: nginx is not installed (nginx-light; deploy/packages.sh test)\n";
      GTEST_SKIP();
    }
  }

  void Start(std::vector<std::string> flags = {}, const NginxProcess::Changes& changes = {}) {
    first_ = std::make_unique<GatewayProcess>(GatewayOptions(first_enos_.url(), flags));
    second_ = std::make_unique<GatewayProcess>(GatewayOptions(second_enos_.url(), flags));
    NginxProcess::Changes all = {{"127.0.0.1:50051", first_->address()},
                                 {"127.0.0.1:50052", second_->address()},
                                 // It uses the gateways in their order.
                                 {"worker_processes auto", "worker_processes 1"}};
    all.insert(all.end(), changes.begin(), changes.end());
    nginx_ = std::make_unique<NginxProcess>("deploy/nginx/nginx.conf", all);
    ASSERT_FALSE(nginx_->address().empty());
    flow::ChannelOptions options;
    options.address = Address();
    options.ca_file = nginx_->ca_file();
    auto channel = flow::MakeChannel(options);
    ASSERT_TRUE(channel.ok()) << channel.status();
    channel_ = *channel;
  }

  // By address: gRPC's resolver (c-ares) leaks a little for each name.
  std::string Address() const {
    const std::string& name = nginx_->address();
    return "127.0.0.1" + name.substr(name.rfind(':'));
  }

  // What docs/clients.md tells callers not to do.
  std::shared_ptr<grpc::Channel> ChannelWithRetryPolicy() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 1);
    arguments.SetServiceConfigJSON(kRetries);
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = nginx_->ca_pem();
    return grpc::CreateCustomChannel(Address(), grpc::SslCredentials(tls), arguments);
  }

  // Kills the first gateway while it waits for its EnOS to answer a call.
  std::future<Answer> CallAndKillTheFirst() {
    first_enos_.Hold();
    second_enos_.Hold();
    auto answer = std::async(std::launch::async, CallThrough, channel_, RequestFor(3377));
    EXPECT_TRUE(first_enos_.WaitForHeld(1)) << nginx_->output();
    first_->Signal(SIGKILL);
    first_->Wait();
    return answer;
  }

  static FakeEnos::OnFlow Count(std::atomic<int>& calls) {
    return [&calls](int, const std::string&) {
      ++calls;
      return std::nullopt;
    };
  }

  std::atomic<int> first_calls_{0};
  std::atomic<int> second_calls_{0};
  FakeEnos first_enos_{Count(first_calls_)};
  FakeEnos second_enos_{Count(second_calls_)};
  std::unique_ptr<GatewayProcess> first_;
  std::unique_ptr<GatewayProcess> second_;
  std::unique_ptr<NginxProcess> nginx_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(NginxTest, OneConnectionOfACaller_SpreadsItsCallsOverTheGateways) {
  Start();
  for (int i = 0; i < 6; ++i) {
    const Answer answer = CallThrough(channel_, RequestFor(3377));
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message() << nginx_->output();
    EXPECT_EQ(answer.instance_id, "3377-20300101000000");
    EXPECT_EQ(answer.own_request_id, "the-caller-s-own");
  }
  EXPECT_EQ(first_calls_, 3);
  EXPECT_EQ(second_calls_, 3);
}

// The largest possible details: 20 violations, and trailers.
TEST_F(NginxTest, Error_ComesThroughWithAllItsDetails) {
  Start();
  FlowRequest request = RequestFor(0);
  for (int i = 0; i < 30; ++i) request.add_parameters()->set_value("no key");
  const Answer answer = CallThrough(channel_, request);
  const flow::FlowError error = flow::FlowErrorFromStatus(answer.status);
  EXPECT_EQ(error.code, grpc::StatusCode::INVALID_ARGUMENT) << error.message << nginx_->output();
  EXPECT_EQ(error.reason, "INVALID_REQUEST");
  EXPECT_EQ(error.execution, flow::Execution::kNotExecuted);
  EXPECT_THAT(error.violations, SizeIs(20));
  EXPECT_EQ(answer.own_request_id, "the-caller-s-own");
}

TEST_F(NginxTest, DyingGateway_CallIsNotSentToTheOther) {
  Start();
  const Answer answer = CallAndKillTheFirst().get();
  EXPECT_FALSE(answer.status.ok());
  const flow::FlowError error = flow::FlowErrorFromStatus(answer.status);
  EXPECT_EQ(error.reason, "");
  EXPECT_EQ(error.execution, flow::Execution::kUnknown);
  second_enos_.Release();
  EXPECT_TRUE(CallThrough(channel_, RequestFor(1)).status.ok());
  EXPECT_EQ(first_calls_, 1);
  EXPECT_EQ(second_calls_, 1) << "only the later call";
}

// Without early headers only nginx's configuration keeps it from sending again.
TEST_F(NginxTest, DyingGatewayWithoutEarlyHeaders_CallIsNotSentToTheOther) {
  Start({"--early_headers=false"});
  const Answer answer = CallAndKillTheFirst().get();
  EXPECT_FALSE(answer.status.ok());
  second_enos_.Release();
  EXPECT_TRUE(CallThrough(channel_, RequestFor(1)).status.ok());
  EXPECT_EQ(first_calls_, 1);
  EXPECT_EQ(second_calls_, 1) << "only the later call";
}

// Shows that the tests above can fail, and that nginx does not protect against the caller's own
// library, which takes its 502 for UNAVAILABLE.
TEST_F(NginxTest, DyingGatewayWithoutEarlyHeadersAndARetryPolicy_CallIsSentTwice) {
  Start({"--early_headers=false"});
  channel_ = ChannelWithRetryPolicy();
  auto answer = CallAndKillTheFirst();
  EXPECT_TRUE(second_enos_.WaitForHeld(1));
  second_enos_.Release();
  EXPECT_TRUE(answer.get().status.ok());
  EXPECT_EQ(first_calls_, 1);
  EXPECT_EQ(second_calls_, 1);
}

// Early headers do, even through nginx.
TEST_F(NginxTest, DyingGatewayWithEarlyHeadersAndARetryPolicy_CallIsSentOnce) {
  Start();
  channel_ = ChannelWithRetryPolicy();
  EXPECT_FALSE(CallAndKillTheFirst().get().status.ok());
  second_enos_.Release();
  EXPECT_TRUE(CallThrough(channel_, RequestFor(1)).status.ok());
  EXPECT_EQ(first_calls_, 1);
  EXPECT_EQ(second_calls_, 1) << "only the later call";
}

// The time-out for calls, here of a second, is over when a later call runs into it.
TEST_F(NginxTest, WatchThatIsSilentForLong_IsNotCut) {
  Start({"--drain_delay=30s"}, {{"grpc_read_timeout 60s", "grpc_read_timeout 1s"}});
  RawCall watch(channel_, "/grpc.health.v1.Health/Watch", "");
  ASSERT_TRUE(watch.Read()) << nginx_->output();
  first_enos_.Hold();
  second_enos_.Hold();
  RawCall call(channel_, "/enos.dataflow.v1.FlowService/UpdateAndTriggerFlow",
               RequestFor(1).SerializeAsString());
  ASSERT_TRUE(nginx_->WaitForLine("upstream timed out")) << nginx_->output();
  for (GatewayProcess* gateway : {first_.get(), second_.get()}) gateway->Signal(SIGTERM);
  EXPECT_TRUE(watch.Read()) << watch.Finish().error_message() << nginx_->output();
  for (GatewayProcess* gateway : {first_.get(), second_.get()}) {
    gateway->Signal(SIGKILL);  // the drain need not end
    gateway->Wait();
  }
}

TEST_F(NginxTest, NoGateway_IsAnErrorWithoutDetails) {
  Start();
  for (GatewayProcess* gateway : {first_.get(), second_.get()}) {
    gateway->Signal(SIGKILL);
    gateway->Wait();
  }
  const Answer answer = CallThrough(channel_, RequestFor(3377));
  const flow::FlowError error = flow::FlowErrorFromStatus(answer.status);
  EXPECT_FALSE(answer.status.ok());
  EXPECT_EQ(error.reason, "");
  EXPECT_EQ(error.execution, flow::Execution::kUnknown);
}

TEST_F(NginxTest, OtherPath_IsNotPassedOn) {
  Start();
  RawCall call(channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "");
  EXPECT_FALSE(call.Read());
  EXPECT_FALSE(call.Finish().ok());
}

}  // namespace
}  // namespace enos::e2e
