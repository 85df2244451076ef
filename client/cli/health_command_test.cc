#include "health_command.h"

#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <sstream>

#include "grpc/health/v1/health.grpc.pb.h"
#include "run.h"
#include "tests/support/files.h"

namespace enos::flow::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

Outcome Health(std::vector<std::string> args) {
  args.insert(args.begin(), {"enos-flow", "health"});
  std::vector<const char*> argv;
  for (const std::string& arg : args) argv.push_back(arg.c_str());
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
  const int status = RunEnosFlow(
      static_cast<int>(argv.size()), argv.data(),
      [](const std::string&) -> std::optional<std::string> { return std::nullopt; }, console);
  return {status, out.str(), err.str()};
}

// Serves everything except one service.
class FakeHealth final : public grpc::health::v1::Health::Service {
 public:
  grpc::Status Check(grpc::ServerContext* context,
                     const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override {
    using grpc::health::v1::HealthCheckResponse;
    const auto token = context->client_metadata().find("authorization");
    if (token != context->client_metadata().end()) {
      authorization = std::string(token->second.data(), token->second.size());
    }
    if (!request->service().empty() && request->service() != "a.Service") {
      return {grpc::StatusCode::NOT_FOUND, "unknown service"};
    }
    response->set_status(request->service().empty() ? HealthCheckResponse::SERVING
                                                    : HealthCheckResponse::NOT_SERVING);
    return grpc::Status::OK;
  }

  std::string authorization;  // of the last call that had one
};

class HealthTest : public ::testing::Test {
 protected:
  HealthTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    address_ = "--address=127.0.0.1:" + std::to_string(port);
  }

  FakeHealth service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

TEST_F(HealthTest, Serving_Status0) {
  const Outcome outcome = Health({address_});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "SERVING\n");
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_EQ(Health({address_, "--output=json"}).out, "{\"ok\":true,\"state\":\"SERVING\"}\n");
}

TEST_F(HealthTest, ServiceNotServing_Status1) {
  const Outcome outcome = Health({address_, "--service=a.Service"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "NOT_SERVING\n");
}

TEST_F(HealthTest, UnknownService_Status1) {
  const Outcome outcome = Health({address_, "--service=b.Service", "--output=json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "{\"ok\":false,\"state\":\"SERVICE_UNKNOWN\"}\n");
}

TEST_F(HealthTest, TokenFile_SentAsForOtherCalls) {
  const TempFolder folder;
  const std::string token = folder.Write("token", "t-1");
  EXPECT_EQ(Health({address_, "--token_file=" + token}).status, 0);
  EXPECT_EQ(service_.authorization, "Bearer t-1");
  EXPECT_EQ(Health({address_, "--token_file=" + folder.path("none")}).status, 2);
}

TEST_F(HealthTest, Colours_OnlyWhereAskedFor) {
  EXPECT_EQ(Health({address_, "--color=always"}).out, "\x1b[32mSERVING\x1b[0m\n");
}

TEST(HealthCommandTest, NoServer_Status1AndWhy) {
  const Outcome outcome = Health({"--address=127.0.0.1:1"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("enos-flow: 127.0.0.1:1 does not answer: UNAVAILABLE: "));
  EXPECT_THAT(
      Health({"--address=127.0.0.1:1", "--output=json"}).out,
      HasSubstr("{\"ok\":false,\"code\":\"UNAVAILABLE\",\"reason\":\"GATEWAY_UNREACHABLE\""));
}

TEST(HealthCommandTest, WrongUsage_Status2) {
  EXPECT_EQ(Health({"--timeout=soon"}).status, 2);
  EXPECT_EQ(Health({"--address=nowhere"}).status, 2);
  EXPECT_EQ(Health({"--output=xml"}).status, 2);
}

}  // namespace
}  // namespace enos::flow::cli
