// Shutdown with endless streams: health watches, reflection.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/support/fake_enos.h"
#include "tests/support/wait.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::reflection::v1alpha::ServerReflection;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

class Watch {
 public:
  explicit Watch(const std::shared_ptr<grpc::Channel>& channel) : stub_(Health::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kGuard);
    reader_ = stub_->Watch(&context_, HealthCheckRequest());
  }
  // UNKNOWN if there is no other status.
  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }
  bool WaitForServing() {
    auto status = Next();
    while (status == HealthCheckResponse::NOT_SERVING) status = Next();
    return status == HealthCheckResponse::SERVING;
  }
  // After the last one.
  grpc::Status End() { return reader_->Finish(); }

 private:
  std::unique_ptr<Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

class Reflection {
 public:
  explicit Reflection(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(ServerReflection::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kGuard);
    stream_ = stub_->ServerReflectionInfo(&context_);
  }
  std::vector<std::string> Services() {
    ServerReflectionRequest request;
    request.set_list_services("*");
    stream_->Write(request);
    ServerReflectionResponse response;
    stream_->Read(&response);
    std::vector<std::string> names;
    for (const auto& service : response.list_services_response().service()) {
      names.push_back(service.name());
    }
    return names;
  }
  grpc::Status End() {
    ServerReflectionResponse response;
    EXPECT_FALSE(stream_->Read(&response));
    return stream_->Finish();
  }

 private:
  std::unique_ptr<ServerReflection::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>>
      stream_;
};

TEST(GatewayDrain, StreamsWithoutAnEndAreToldAndEndedAfterTheCalls) {
  FakeEnos enos;
  GatewayRunner gateway(enos.url());
  Watch watch(gateway.channel());
  ASSERT_TRUE(watch.WaitForServing());
  Reflection reflection(gateway.channel());
  EXPECT_THAT(reflection.Services(),
              ::testing::ElementsAre("enos.dataflow.v1.FlowService", "grpc.health.v1.Health",
                                     "grpc.reflection.v1.ServerReflection",
                                     "grpc.reflection.v1alpha.ServerReflection"));
  enos.Hold();
  Rpc call(gateway.channel(), {});
  ASSERT_TRUE(enos.WaitForHeld(1));

  auto drained = std::async(std::launch::async, [&] { gateway.gateway().Drain(); });
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_THAT(reflection.Services(), ::testing::Not(::testing::IsEmpty())) << "a call is open";
  enos.AnswerHeld(FlowStartedAnswer());
  EXPECT_EQ(Summary(call.Wait()), "OK");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(watch.End().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(reflection.End().error_code(), grpc::StatusCode::UNAVAILABLE);
  Await(drained);
}

TEST(GatewayDrain, StreamsThatComeAndGoMeanwhileHarmNothing) {
  for (int round = 0; round < 10; ++round) {
    FakeEnos enos;
    GatewayRunner gateway(enos.url());
    std::atomic<bool> over{false};
    std::vector<std::thread> clients;
    for (int i = 0; i < 3; ++i) {
      clients.emplace_back([&] {
        while (!over) {
          const auto channel = NewChannel(gateway.gateway().address());
          Watch watch(channel);
          watch.Next();
          Reflection reflection(channel);
          reflection.Services();
        }
      });
    }
    Watch watch(gateway.channel());
    EXPECT_TRUE(watch.WaitForServing());
    gateway.gateway().Drain();
    over = true;
    for (std::thread& client : clients) client.join();
  }
}

}  // namespace
}  // namespace enos::gateway::testing
