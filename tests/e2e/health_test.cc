// The standard services beside ours: health and reflection, as used by clients without our proto.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/e2e/support/calls.h"
#include "tests/support/fake_enos.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr char kReflection[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kListServices[] = "\x3a\x01*";  // ServerReflectionRequest{list_services: "*"}
constexpr char kService[] = "enos.dataflow.v1.FlowService";

TEST(GatewayHealth, BeforeTheFirstToken_IsNotServingAndBecomesServingByItself) {
  std::atomic<bool> up{false};
  FakeEnos enos(nullptr, [&](const auto&, const std::string& token) {
    return up ? TokenAnswer(token) : FakeEnos::Answer::Text(500, "not yet");
  });
  GatewayProcess gateway(GatewayOptions(enos.url()));
  const auto channel = OwnChannel(gateway.address());
  ASSERT_TRUE(gateway.WaitForLine("no access token"));
  EXPECT_EQ(CheckHealth(channel, ""), Health::kNotServing);
  EXPECT_EQ(CheckHealth(channel, kService), Health::kNotServing);
  up = true;
  EXPECT_TRUE(WaitForHealth(channel, Health::kServing));
  EXPECT_EQ(CheckHealth(channel, kService), Health::kServing);
}

TEST(GatewayHealth, ServiceThatDoesNotExist_IsNotFound) {
  FakeEnos enos;
  GatewayProcess gateway(GatewayOptions(enos.url()));
  RawCall call(OwnChannel(gateway.address()), "/grpc.health.v1.Health/Check", "\x0a\x04none");
  EXPECT_EQ(call.Read(), std::nullopt);
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(GatewayReflection, ByDefault_ListsTheService) {
  FakeEnos enos;
  GatewayProcess gateway(GatewayOptions(enos.url()));
  RawCall call(OwnChannel(gateway.address()), kReflection, kListServices);
  const std::string services = call.Read().value_or("");
  EXPECT_THAT(services, HasSubstr(kService));
  EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
  EXPECT_THAT(services, HasSubstr("grpc.reflection.v1.ServerReflection"));
  EXPECT_THAT(services, HasSubstr("grpc.reflection.v1alpha.ServerReflection"));
}

// buf asks version 1; it is there where the checks of the proto have fetched it.
TEST(GatewayReflection, Buf_CallsWithoutTheProto) {
  const std::string buf =
      ENOS_SOURCE_DIR "/build/tools/buf/node_modules/@bufbuild/buf-linux-x64/bin/buf";
  if (access(buf.c_str(), X_OK) != 0) GTEST_SKIP() << "no buf: see tests/checks/buf.sh";
  FakeEnos enos;
  GatewayProcess gateway(GatewayOptions(enos.url()));
  ASSERT_TRUE(gateway.WaitForLine("access token obtained"));
  const TempFolder home;
  Process call(
      {buf,
       {"curl", "--reflect-protocol=grpc-v1", "--protocol=grpc", "--http2-prior-knowledge",
        "--data",
        R"({"user_id":"u","org_id":"o","flow_id":3377,"trigger_time":"2026-11-18T10:00:00Z"})",
        "http://" + gateway.address() + "/enos.dataflow.v1.FlowService/UpdateAndTriggerFlow"},
       {{"HOME", home.path("")}, {"PATH", "/usr/bin:/bin"}}});
  EXPECT_EQ(call.Wait().status, 0) << call.err();
  EXPECT_THAT(call.out(), HasSubstr("flowInstanceId"));
}

TEST(GatewayReflection, TurnedOff_IsUnimplemented) {
  FakeEnos enos;
  GatewayProcess gateway(GatewayOptions(enos.url(), {"--reflection=false"}));
  RawCall call(OwnChannel(gateway.address()), kReflection, kListServices);
  EXPECT_EQ(call.Read(), std::nullopt);
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

// The threads that gRPC creates for callback and synchronous services would take turns with ours on
// the sockets, and pass each event on.
TEST(GatewayThreads, AllServicesCalled_AreOnlyOursAndGrpcsOwnFew) {
  FakeEnos enos;
  GatewayProcess gateway(GatewayOptions(enos.url()));
  const auto channel = OwnChannel(gateway.address());
  ASSERT_TRUE(WaitForHealth(channel, Health::kServing));
  EXPECT_TRUE(Call(channel, RequestFor(1)).status.ok());
  RawCall reflection(channel, kReflection, kListServices);
  EXPECT_NE(reflection.Read(), std::nullopt);
  const std::vector<std::string> names = gateway.thread_names();
  EXPECT_THAT(names, IsSupersetOf({"enos-grpc", "enos-upstream", "enos-accept", "enos-log"}));
  EXPECT_THAT(names, Not(Contains("nexting_thread")));
  EXPECT_THAT(names, Not(Contains("grpcpp_sync_ser")));
}

}  // namespace
}  // namespace enos::e2e
