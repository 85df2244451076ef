// /livez and /readyz of the whole gateway.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "enos/dataflow/v1/flow_service.grpc.pb.h"
#include "sandbox/http/http_server.h"
#include "server/gateway.h"
#include "server/testing/ops_client.h"

namespace enos::gateway {
namespace {

using sandbox::Answer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// An EnOS that answers when it is told to.
class HeldEnos {
 public:
  HeldEnos() {
    handler_.on_request = [this](sandbox::HttpRequest, const sandbox::Responder& responder) {
      const std::lock_guard lock(mutex_);
      held_ = responder;
      changed_.notify_all();
    };
    EXPECT_TRUE(server_.Start().ok());
  }

  // The next request, or the one that waits already, gets this.
  void AnswerNext(const Answer& answer) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_.has_value(); });
    std::exchange(held_, std::nullopt)->Send(answer);
  }
  void WaitForRequest() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_.has_value(); });
  }
  std::string url() const { return server_.url(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<sandbox::Responder> held_;
  sandbox::FunctionHandler handler_;
  sandbox::HttpServer server_{sandbox::HttpServerOptions(), &handler_};
};

Answer TokenAnswer() {
  return Answer::Json(200, R"({"status":0,"data":{"accessToken":"a-token","expire":7200}})");
}

Settings SettingsFor(const std::string& enos_url) {
  Settings settings;
  settings.listen = {"127.0.0.1", 0};
  settings.metrics_listen = ListenAddress{"127.0.0.1", 0};
  settings.enos_url = *ParseBaseUrl(enos_url);
  settings.access_key = Secret("access");
  settings.secret_key = Secret("secret");
  settings.max_in_flight = 10;
  return settings;
}

class GatewayOpsTest : public testing::Test {
 protected:
  GatewayOpsTest() : gateway_(SettingsFor(enos_.url()), [] { return 0.5; }) {
    const absl::Status started = gateway_.Start();
    EXPECT_TRUE(started.ok()) << started;
  }

  OpsReply Get(const std::string& path) const { return OpsGet(gateway_.metrics_address(), path); }

  void BecomeReady() {
    enos_.AnswerNext(TokenAnswer());
    while (Get("/readyz").status != 200) {
    }
  }

  // One call, which EnOS holds.
  std::future<grpc::StatusCode> CallInFlight() {
    auto call = std::async(std::launch::async, [address = gateway_.address()] {
      const auto stub = dataflow::v1::FlowService::NewStub(
          grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
      grpc::ClientContext context;
      dataflow::v1::UpdateAndTriggerFlowRequest request;
      request.set_user_id("user");
      request.set_org_id("org");
      request.set_flow_id(1);
      request.mutable_trigger_time()->set_seconds(1);
      dataflow::v1::UpdateAndTriggerFlowResponse response;
      return stub->UpdateAndTriggerFlow(&context, request, &response).error_code();
    });
    enos_.WaitForRequest();
    return call;
  }

  HeldEnos enos_;
  Gateway gateway_;
};

TEST_F(GatewayOpsTest, IsAliveWithoutEnos) {
  const OpsReply reply = Get("/livez");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "ok\n");
}

TEST_F(GatewayOpsTest, IsReadyOnlyWithAToken) {
  const OpsReply before = Get("/readyz");
  EXPECT_EQ(before.status, 503);
  EXPECT_EQ(before.body, "no access token: not fetched yet\n");
  BecomeReady();
  EXPECT_EQ(Get("/readyz").body, "ok\n");
}

TEST_F(GatewayOpsTest, SaysWhyThereIsNoToken) {
  enos_.AnswerNext(Answer::Json(200, R"({"status":1002,"msg":"appKey does not exist"})"));
  std::string body;
  do {
    body = Get("/readyz").body;
  } while (body == "no access token: not fetched yet\n");
  EXPECT_THAT(body, StartsWith("no access token: ENOS_CREDENTIALS_REFUSED: "));
  EXPECT_THAT(body, HasSubstr("1002"));
  EXPECT_EQ(Get("/livez").status, 200);
}

TEST_F(GatewayOpsTest, AfterStopServingItIsAliveAndNotReady) {
  BecomeReady();
  gateway_.StopServing();
  const OpsReply ready = Get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "shutting down\n");
  EXPECT_EQ(Get("/livez").status, 200);
}

TEST_F(GatewayOpsTest, WhileDrainingItAnswersAndIsAliveThoughNothingListens) {
  BecomeReady();
  auto call = CallInFlight();
  auto drained = std::async(std::launch::async, [this] { gateway_.Drain(); });
  while (OpsClient().Connect(gateway_.address())) {
  }
  EXPECT_EQ(Get("/livez").status, 200);
  EXPECT_EQ(Get("/readyz").body, "shutting down\n");
  enos_.AnswerNext(Answer::Json(200, R"({"status":0,"data":{"flowInstanceId":"1-1"}})"));
  EXPECT_EQ(call.get(), grpc::StatusCode::OK);
  drained.get();
  EXPECT_EQ(Get("/livez").status, 0) << "it ends with the gateway";
}

TEST_F(GatewayOpsTest, AMetricsAddressThatIsTakenStopsTheStart) {
  Settings settings = SettingsFor(enos_.url());
  settings.metrics_listen = ParseListenAddress(gateway_.metrics_address());
  Gateway second(std::move(settings), [] { return 0.5; });
  EXPECT_EQ(second.Start().message(),
            "--metrics_listen (ENOS_GATEWAY_METRICS_LISTEN): cannot listen on \"" +
                gateway_.metrics_address() +
                "\": expected an address of this machine with a port that no other process has, or "
                "nothing to turn it off");
}

TEST_F(GatewayOpsTest, AListeningAddressThatIsTakenStopsTheStart) {
  Settings settings = SettingsFor(enos_.url());
  settings.listen = *ParseListenAddress(gateway_.address());
  Gateway second(std::move(settings), [] { return 0.5; });
  EXPECT_EQ(second.Start().message(),
            "--listen (ENOS_GATEWAY_LISTEN): cannot listen on \"" + gateway_.address() +
                "\": expected an address of this machine with a port that no other process has");
}

TEST(GatewayOps, TurnedOffNothingListens) {
  HeldEnos enos;
  Settings settings = SettingsFor(enos.url());
  settings.metrics_listen.reset();
  Gateway gateway(std::move(settings), [] { return 0.5; });
  ASSERT_TRUE(gateway.Start().ok());
  EXPECT_EQ(gateway.metrics_address(), "");
}

}  // namespace
}  // namespace enos::gateway
