#include "tests/e2e/support/front.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <utility>

#include "enos/flow/error.h"

namespace enos::e2e {
namespace {

constexpr char kPolicy[] = R"({"rules": [{"callers": ["sub:alice", "uri:spiffe://test/batch/*"],
    "org_ids": ["o-1"], "user_ids": ["u-1"], "flow_ids": ["1-99"]}]})";

}  // namespace

void FrontTest::SetUp() {
  if (!NginxIsInstalled()) {
    std::cout << "SKIPPED: nginx is not installed (nginx-light; deploy/packages.sh test)\n";
    GTEST_SKIP();
  }
  contents_["policy.json"] = kPolicy;
  files_.Swap(contents_);
}

void FrontTest::TearDown() {
  nginx_.reset();
  gateway_.reset();
}

void FrontTest::StartGateway(std::vector<std::string> flags) {
  flags.push_back("--front_socket=" + folder_.path("gateway.sock"));
  gateway_ = std::make_unique<GatewayProcess>(Options(std::move(flags)));
}

void FrontTest::Start(std::vector<std::string> flags, const NginxProcess::Changes& changes) {
  StartGateway(std::move(flags));
  NginxProcess::Changes all = {
      {"unix:/run/enos-front/gateway.sock", "\"unix:" + folder_.path("gateway.sock") + "\""},
      {"/run/secrets/tls/", ""},
      // Says when it is up.
      {"error_log stderr error", "error_log stderr notice"}};
  all.insert(all.end(), changes.begin(), changes.end());
  nginx_ = std::make_unique<NginxProcess>("deploy/kubernetes/components/front/nginx.conf", all);
  ASSERT_FALSE(nginx_->address().empty());
  ASSERT_TRUE(WaitForHealth(Channel(), Health::kServing)) << nginx_->output();
}

std::shared_ptr<grpc::Channel> FrontTest::Channel(
    const std::optional<sandbox::TestClientName>& name) const {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = nginx_->ca_pem();
  if (name) {
    const auto client = sandbox::MakeTestClientCertificate(nginx_->authority(), *name);
    tls.pem_cert_chain = client.certificate_pem;
    tls.pem_private_key = client.private_key_pem;
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address(), grpc::SslCredentials(tls), arguments);
}

std::string FrontTest::CallWith(const std::shared_ptr<grpc::Channel>& channel,
                                const Metadata& metadata) {
  const auto stub = dataflow::v1::FlowService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGuard);
  for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
  dataflow::v1::UpdateAndTriggerFlowResponse response;
  const grpc::Status status = stub->UpdateAndTriggerFlow(&context, RequestFor(1), &response);
  if (status.ok()) return "OK";
  const std::string reason = flow::FlowErrorFromStatus(status).reason;
  return std::to_string(status.error_code()) + " " +
         (reason.empty() ? status.error_message() : reason);
}

}  // namespace enos::e2e
