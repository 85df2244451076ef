// Caller identities over TLS: names in client certificates, bearer tokens, and what the policy
// decides. Refused calls never reach EnOS.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/http/test_certificates.h"
#include "server/testing/mounted_files.h"
#include "server/testing/token_maker.h"
#include "server/tls/tls_material.h"
#include "tests/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/watched_log.h"

namespace enos::gateway::testing {
namespace {

using sandbox::TestCertificate;
using sandbox::TestClientName;

constexpr char kPolicy[] = R"({"rules": [
  {"callers": ["uri:spiffe://test/batch/*", "dns:batch.test", "sub:alice"],
   "org_ids": ["*"], "user_ids": ["*"], "flow_ids": ["*"]}]})";
// Each name of the one caller has its own flow.
constexpr char kPolicyByFlow[] = R"({"rules": [
  {"callers": ["uri:spiffe://test/a"], "org_ids": ["*"], "user_ids": ["*"], "flow_ids": [1]},
  {"callers": ["dns:b.test"], "org_ids": ["*"], "user_ids": ["*"], "flow_ids": [2]}]})";
constexpr char kNotAllowed[] = "PERMISSION_DENIED CALLER_NOT_ALLOWED NOT_EXECUTED";
constexpr char kUnknown[] = "UNAUTHENTICATED CALLER_UNAUTHENTICATED NOT_EXECUTED";

class GatewayCallersTest : public ::testing::Test {
 protected:
  enum class Clients { kAny, kWithCertificate };

  void Start(Clients clients, bool tokens, int64_t per_caller = 0) {
    Settings settings = SettingsFor(enos_.url());
    settings.tls_files = {files_.path("tls.crt"), files_.path("tls.key"), ""};
    if (clients == Clients::kWithCertificate) settings.tls_files.client_ca = files_.path("ca.crt");
    settings.tls =
        MaterialOf(ReadFilesTogether(settings.tls_files.Paths(), kMaxTlsFileBytes).value());
    settings.policy_file = files_.path("policy.json");
    settings.max_in_flight_per_caller = per_caller;
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

  // On a separate connection; without a name, without a certificate.
  std::shared_ptr<grpc::Channel> ChannelAs(const std::optional<TestClientName>& name) {
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
    return grpc::CreateCustomChannel(gateway_->gateway().address(), grpc::SslCredentials(options),
                                     arguments);
  }

  // The result of a call.
  std::string CallAs(const std::optional<TestClientName>& name, const std::string& token = "",
                     const std::string& second_token = "") {
    RpcOptions call;
    for (const std::string& each : {token, second_token}) {
      if (!each.empty()) call.metadata.emplace("authorization", "Bearer " + each);
    }
    return Summary(CallRpc(ChannelAs(name), call));
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
  // A token means nothing if none is verified.
  EXPECT_EQ(CallAs(Named({"spiffe://test/other"}), TokenOf("alice")), kNotAllowed);
  EXPECT_EQ(enos_.calls(), 3U);
}

// The name that the policy has, not the certificate's first; the first if the policy has none.
TEST_F(GatewayCallersTest, LogNamesTheIdentityThatThePolicyMatched) {
  Start(Clients::kWithCertificate, false);
  EXPECT_EQ(CallAs(Named({"spiffe://test/other"}, {"x.test", "batch.test"})), "OK");
  EXPECT_TRUE(log_.WaitFor("flow started caller=dns:batch.test "));
  EXPECT_EQ(CallAs(Named({"spiffe://test/first"}, {"x.test", "y.test"})), kNotAllowed);
  EXPECT_TRUE(log_.WaitFor("caller=uri:spiffe://test/first "));
}

// However many names a rule has for it: the caller must not get another limit depending on what a
// call asks for.
TEST_F(GatewayCallersTest, CallerWithSeveralNames_HasOneLimit) {
  files_.Swap({{"tls.crt", server_.certificate_pem},
               {"tls.key", server_.private_key_pem},
               {"ca.crt", client_ca_.certificate_pem},
               {"policy.json", kPolicyByFlow}});
  Start(Clients::kWithCertificate, false, 1);
  const auto channel = ChannelAs(Named({"spiffe://test/a"}, {"b.test"}));
  enos_.Hold();
  auto first = std::async(std::launch::async, [&] { return CallRpc(channel, Flow(1)); });
  ASSERT_TRUE(enos_.WaitForHeld(1));
  EXPECT_EQ(Summary(CallRpc(channel, Flow(2))), "UNAVAILABLE GATEWAY_OVERLOADED NOT_EXECUTED");
  EXPECT_TRUE(log_.WaitFor("caller=dns:b.test "));
  EXPECT_EQ(enos_.AnswerHeld(FlowStartedAnswer()), 1U);
  EXPECT_EQ(Summary(first.get()), "OK");
}

TEST_F(GatewayCallersTest, TokensOverTls_DecideByThePolicy) {
  Start(Clients::kAny, true);
  EXPECT_EQ(CallAs({}, TokenOf("alice")), "OK");
  EXPECT_TRUE(log_.WaitFor("caller=sub:alice"));
  EXPECT_EQ(enos_.calls(), 1U);
  EXPECT_EQ(CallAs({}, TokenOf("mallory")), kNotAllowed);
  EXPECT_EQ(CallAs({}), kUnknown);
  EXPECT_EQ(CallAs({}, "nonsense"), kUnknown);
  // Nobody requested the certificate, and nobody verified it.
  EXPECT_EQ(CallAs(Named({"spiffe://test/batch/nightly"})), kUnknown);
  EXPECT_EQ(enos_.calls(), 1U);
}

// Others that read them, a proxy or a log, may take the other one.
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
