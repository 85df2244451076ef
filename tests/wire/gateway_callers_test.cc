// Who calls, over TLS: names of client certificates and bearer tokens, and what the policy makes of
// them. What is refused never reaches EnOS.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "sandbox/http/test_certificates.h"
#include "server/files/mounted_files.h"
#include "server/identity/token_maker.h"
#include "server/tls/tls_material.h"
#include "tests/wire/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/watched_log.h"

namespace enos::gateway::testing {
namespace {

using sandbox::TestCertificate;
using sandbox::TestClientName;

constexpr char kPolicy[] = R"({"rules": [
  {"callers": ["uri:spiffe://test/batch/*", "dns:batch.test", "sub:alice"],
   "org_ids": ["*"], "user_ids": ["*"], "flow_ids": ["*"]}]})";
constexpr char kNotAllowed[] = "PERMISSION_DENIED CALLER_NOT_ALLOWED NOT_EXECUTED";
constexpr char kUnknown[] = "UNAUTHENTICATED CALLER_UNAUTHENTICATED NOT_EXECUTED";

class GatewayCallersTest : public ::testing::Test {
 protected:
  enum class Clients { kAny, kWithCertificate };

  void Start(Clients clients, bool tokens) {
    Settings settings = SettingsFor(enos_.url());
    settings.tls_files = {files_.path("tls.crt"), files_.path("tls.key"), ""};
    if (clients == Clients::kWithCertificate) settings.tls_files.client_ca = files_.path("ca.crt");
    settings.tls =
        MaterialOf(ReadFilesTogether(settings.tls_files.Paths(), kMaxTlsFileBytes).value());
    settings.policy_file = files_.path("policy.json");
    if (tokens) {
      settings.jwt_keys_file = files_.path("keys.json");
      settings.jwt_issuer = "issuer";
      settings.jwt_audience = "gateway";
    }
    gateway_.emplace(std::move(settings));
  }

  static TestClientName Named(std::vector<std::string> uris, std::vector<std::string> dns = {}) {
    TestClientName name;
    name.uris = std::move(uris);
    name.dns_names = std::move(dns);
    return name;
  }

  // What a call comes to; without a name, without a certificate.
  std::string CallAs(const std::optional<TestClientName>& name, const std::string& token = "",
                     const std::string& second_token = "") {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = server_ca_.certificate_pem;
    if (name) {
      const TestCertificate client = sandbox::MakeTestClientCertificate(client_ca_, *name);
      options.pem_private_key = client.private_key_pem;
      options.pem_cert_chain = client.certificate_pem;
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    RpcOptions call;
    for (const std::string& each : {token, second_token}) {
      if (!each.empty()) call.metadata.emplace("authorization", "Bearer " + each);
    }
    return Summary(CallRpc(grpc::CreateCustomChannel(gateway_->gateway().address(),
                                                     grpc::SslCredentials(options), arguments),
                           call));
  }

  std::string TokenOf(const std::string& subject) {
    return maker_.Sign(
        R"({"iss":"issuer","sub":")" + subject + R"(","aud":"gateway","exp":4000000000})", "k");
  }

  WatchedLog log_;
  FakeEnos enos_;
  const TokenMaker maker_ = TokenMaker::Ec();
  const TestCertificate server_ca_ = sandbox::MakeTestAuthority("server authority");
  const TestCertificate client_ca_ = sandbox::MakeTestAuthority("client authority");
  const TestCertificate server_ = sandbox::MakeTestServerCertificate(server_ca_);
  MountedFiles files_{{{"tls.crt", server_.certificate_pem},
                       {"tls.key", server_.private_key_pem},
                       {"ca.crt", client_ca_.certificate_pem},
                       {"policy.json", kPolicy},
                       {"keys.json", KeySet(maker_.Jwk("k"))}}};
  std::optional<GatewayRunner> gateway_;
};

TEST_F(GatewayCallersTest, NamesOfCertificates_DecideByThePolicy) {
  Start(Clients::kWithCertificate, false);
  EXPECT_EQ(CallAs(Named({"spiffe://test/batch/nightly"})), "OK");
  EXPECT_TRUE(log_.WaitFor("caller=uri:spiffe://test/batch/nightly"));
  EXPECT_EQ(CallAs(Named({}, {"Batch.test"})), "OK");
  EXPECT_EQ(CallAs(Named({"spiffe://test/other"}, {"x.test", "batch.test"})), "OK");
  EXPECT_EQ(enos_.calls(), 3U);
  EXPECT_EQ(CallAs(Named({"spiffe://test/batch-evil/x"})), kNotAllowed);
  EXPECT_EQ(CallAs(Named({"spiffe://test/batch"}, {"other.test"})), kNotAllowed);
  EXPECT_EQ(CallAs(Named({"sub:alice"})), kNotAllowed);
  // A token says nothing where none is verified.
  EXPECT_EQ(CallAs(Named({"spiffe://test/other"}), TokenOf("alice")), kNotAllowed);
  EXPECT_EQ(enos_.calls(), 3U);
}

TEST_F(GatewayCallersTest, TokensOverTls_DecideByThePolicy) {
  Start(Clients::kAny, true);
  EXPECT_EQ(CallAs({}, TokenOf("alice")), "OK");
  EXPECT_TRUE(log_.WaitFor("caller=sub:alice"));
  EXPECT_EQ(enos_.calls(), 1U);
  EXPECT_EQ(CallAs({}, TokenOf("mallory")), kNotAllowed);
  EXPECT_EQ(CallAs({}), kUnknown);
  EXPECT_EQ(CallAs({}, "nonsense"), kUnknown);
  // Nobody asked for the certificate, and nobody verified it.
  EXPECT_EQ(CallAs(Named({"spiffe://test/batch/nightly"})), kUnknown);
  EXPECT_EQ(enos_.calls(), 1U);
}

// Whoever else reads them, a proxy or a log, may take the other one.
TEST_F(GatewayCallersTest, TwoTokens_AreRefused) {
  Start(Clients::kAny, true);
  EXPECT_EQ(CallAs({}, TokenOf("alice"), TokenOf("mallory")), kUnknown);
  EXPECT_EQ(CallAs({}, TokenOf("mallory"), TokenOf("alice")), kUnknown);
  EXPECT_EQ(CallAs({}, TokenOf("alice"), TokenOf("alice")), kUnknown);
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayCallersTest, TokenAndCertificate_TheTokenCounts) {
  Start(Clients::kWithCertificate, true);
  const TestClientName batch = Named({"spiffe://test/batch/nightly"});
  EXPECT_EQ(CallAs(batch), "OK");
  EXPECT_EQ(CallAs(Named({"spiffe://test/other"}), TokenOf("alice")), "OK");
  EXPECT_EQ(enos_.calls(), 2U);
  EXPECT_EQ(CallAs(batch, TokenOf("mallory")), kNotAllowed);
  EXPECT_EQ(CallAs(batch, "nonsense"), kUnknown);
  EXPECT_EQ(enos_.calls(), 2U);
}

}  // namespace
}  // namespace enos::gateway::testing
