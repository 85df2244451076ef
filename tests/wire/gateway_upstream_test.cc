// What a caller is told when the route to EnOS is not safe, or a proxy on it fails: nothing was
// sent.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "tests/support/fake_enos.h"
#include "tests/wire/support/certificates.h"
#include "tests/wire/support/connect_proxy.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/old_tls_server.h"
#include "tests/wire/support/proxy_variables.h"

namespace enos::gateway::testing {
namespace {

constexpr char kUnreachable[] = "UNAVAILABLE ENOS_UNREACHABLE NOT_EXECUTED";
constexpr char kName[] = "enos.test";

sandbox::HttpServerOptions Expired() {
  sandbox::TestServerName server;
  server.valid_from = -absl::Hours(2);
  server.valid_until = -absl::Hours(1);
  return TestAuthority::Instance().ServerOptions(server);
}

Settings TrustingSettings(const std::string& url) {
  Settings settings = SettingsFor(url);
  settings.enos_ca_file = TestAuthority::Instance().ca_file();
  settings.max_attempts = 1;
  return settings;
}

TEST(GatewayUpstream, OwnAuthority_CallIsSent) {
  FakeEnos enos(TestAuthority::Instance().ServerOptions());
  const GatewayRunner gateway(TrustingSettings(enos.url()));
  EXPECT_EQ(Summary(gateway.Call()), "OK");
}

TEST(GatewayUpstream, UnknownAuthority_NothingIsSent) {
  FakeEnos enos(TestAuthority::Instance().ServerOptions());
  Settings settings = TrustingSettings(enos.url());
  settings.enos_ca_file.clear();
  const GatewayRunner gateway(std::move(settings));
  EXPECT_EQ(Summary(gateway.Call()), kUnreachable);
  EXPECT_EQ(enos.server().counters().Get().request_heads_seen, 0U);
}

TEST(GatewayUpstream, OtherNameOrExpired_NothingIsSent) {
  for (const auto& options :
       {TestAuthority::Instance().ServerOptionsFor("other.test"), Expired()}) {
    FakeEnos enos(options);
    const GatewayRunner gateway(TrustingSettings(enos.url()));
    EXPECT_EQ(Summary(gateway.Call()), kUnreachable);
    EXPECT_EQ(enos.server().counters().Get().request_heads_seen, 0U);
  }
}

TEST(GatewayUpstream, NoTlsAbove11_NothingIsSent) {
  OldTlsServer server(*TestAuthority::Instance().ServerOptions().tls, TLS1_1_VERSION);
  const GatewayRunner gateway(
      TrustingSettings("https://127.0.0.1:" + std::to_string(server.port())));
  EXPECT_EQ(Summary(gateway.Call()), kUnreachable);
  EXPECT_EQ(server.handshakes(), 0);
}

std::string UrlOf(const FakeEnos& enos, const std::string& host) {
  const std::string url = enos.url();
  return "https://" + host + url.substr(url.rfind(':'));
}

TEST(GatewayUpstream, ThroughAProxy_TokenAndCallAreSent) {
  FakeEnos enos(TestAuthority::Instance().ServerOptionsFor(kName));
  ConnectProxy proxy(enos.server().port());
  const ProxyVariables variables({{"https_proxy", "http://" + proxy.host_and_port()}});
  const GatewayRunner gateway(TrustingSettings(UrlOf(enos, kName)));
  EXPECT_EQ(Summary(gateway.Call()), "OK");
  EXPECT_FALSE(proxy.heads().empty());
  EXPECT_EQ(enos.calls(), 1U);
}

// Plaintext that is allowed because it stays on this machine must stay on it.
TEST(GatewayUpstream, PlaintextToThisMachine_NeverGoesThroughAProxy) {
  FakeEnos enos;
  ConnectProxy proxy(enos.server().port());
  const ProxyVariables variables({{"http_proxy", "http://" + proxy.host_and_port()},
                                  {"all_proxy", "http://" + proxy.host_and_port()}});
  const GatewayRunner gateway(enos.url());
  EXPECT_EQ(Summary(gateway.Call()), "OK");
  EXPECT_TRUE(proxy.heads().empty());
}

// A proxy that starts to refuse once the gateway has its token: then it is the call itself that
// fails.
TEST(GatewayUpstream, ProxyRefusesTheCall_NothingIsSent) {
  for (const char* const answer :
       {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", ""}) {
    FakeEnos enos(TestAuthority::Instance().ServerOptionsFor(kName));
    ConnectProxy proxy(enos.server().port());
    const ProxyVariables variables({{"https_proxy", "http://" + proxy.host_and_port()}});
    const GatewayRunner gateway(TrustingSettings(UrlOf(enos, kName)));
    ASSERT_EQ(Summary(gateway.Call()), "OK");
    proxy.RefuseFromNowOn(answer);
    const RpcOutcome outcome = gateway.Call();
    EXPECT_EQ(Summary(outcome), kUnreachable) << outcome.status.error_message();
    EXPECT_TRUE(outcome.error.retry_after);
    EXPECT_EQ(outcome.error.http_status, 0) << "it is not EnOS's";
    EXPECT_EQ(enos.calls(), 1U);
  }
}

}  // namespace
}  // namespace enos::gateway::testing
