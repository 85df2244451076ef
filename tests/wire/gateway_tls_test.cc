// The listener's TLS over real sockets: who is admitted, and what changes when the files do.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "server/log/grpc_log.h"
#include "server/testing/mounted_files.h"
#include "server/testing/ops_client.h"
#include "tests/support/fake_enos.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/tls_probe.h"
#include "tests/wire/support/watched_log.h"

namespace enos::gateway::testing {
namespace {

using sandbox::MakeTestAuthority;
using sandbox::MakeTestClientCertificate;
using sandbox::MakeTestServerCertificate;
using sandbox::TestCertificate;
using ::testing::HasSubstr;
using ::testing::StartsWith;

MountedFiles::Contents Mounted(const TestCertificate& pair, const TestCertificate& client_ca) {
  return {{"tls.crt", pair.certificate_pem},
          {"tls.key", pair.private_key_pem},
          {"ca.crt", client_ca.certificate_pem}};
}

// A channel with its own connection that trusts `ca`; `client` may be empty.
std::shared_ptr<grpc::Channel> TlsChannel(const std::string& address, const TestCertificate& ca,
                                          const TestCertificate& client) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ca.certificate_pem;
  options.pem_private_key = client.private_key_pem;
  options.pem_cert_chain = client.certificate_pem;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
}

// A call that does not wait for a connection.
RpcOutcome CallOnce(const std::shared_ptr<grpc::Channel>& channel) {
  RpcOptions options;
  options.wait_for_ready = false;
  options.timeout = kGuard;
  return CallRpc(channel, options);
}

class GatewayTlsTest : public ::testing::Test {
 protected:
  enum class Clients { kAny, kWithCertificate };

  // The gateway is on 127.0.0.1, as are its certificate and its files.
  void Start(Clients clients) {
    Settings settings = SettingsFor(enos_.url());
    settings.metrics_listen = ListenAddress{"127.0.0.1", 0};
    settings.reload_interval = std::chrono::milliseconds(5);
    settings.tls_files = {files_.path("tls.crt"), files_.path("tls.key"), ""};
    if (clients == Clients::kWithCertificate) settings.tls_files.client_ca = files_.path("ca.crt");
    // gRPC 1.51 refuses a handshake without an alert: only its log says why.
    InstallGrpcLog();
    settings.tls =
        MaterialOf(ReadFilesTogether(settings.tls_files.Paths(), kMaxTlsFileBytes).value());
    gateway_.emplace(std::move(settings));
  }

  std::string address() { return gateway_->gateway().address(); }
  OpsReply Ops(const std::string& path) {
    return OpsGet(gateway_->gateway().metrics_address(), path);
  }
  RpcOutcome CallWith(const TestCertificate& client) {
    return CallOnce(TlsChannel(address(), server_ca_, client));
  }

  WatchedLog log_;
  FakeEnos enos_;
  const TestCertificate server_ca_ = MakeTestAuthority("server authority");
  const TestCertificate client_ca_ = MakeTestAuthority("client authority");
  const TestCertificate server_ = MakeTestServerCertificate(server_ca_);
  const TestCertificate client_ = MakeTestClientCertificate(client_ca_);
  MountedFiles files_{Mounted(server_, client_ca_)};
  std::optional<GatewayRunner> gateway_;
};

// -- Who is let in

TEST_F(GatewayTlsTest, ClientWithoutCertificate_IsServedWhereNoneIsAskedFor) {
  Start(Clients::kAny);
  EXPECT_EQ(Summary(CallWith({})), "OK");
  const TlsProbeResult result = ProbeTls(address());
  EXPECT_TRUE(result.served) << result.error;
  EXPECT_EQ(result.version, "TLSv1.3");
}

TEST_F(GatewayTlsTest, ClientWithCertificate_IsServed) {
  Start(Clients::kWithCertificate);
  EXPECT_EQ(Summary(CallWith(client_)), "OK");
}

TEST_F(GatewayTlsTest, ClientWithoutCertificate_IsRefusedWhereOneIsAskedFor) {
  Start(Clients::kWithCertificate);
  EXPECT_EQ(CallWith({}).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(ProbeTls(address()).served);
  EXPECT_TRUE(log_.WaitFor("peer did not return a certificate"));
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayTlsTest, ClientWithCertificateOfAnotherAuthority_IsRefused) {
  Start(Clients::kWithCertificate);
  const auto other = MakeTestClientCertificate(server_ca_);
  EXPECT_EQ(CallWith(other).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  TlsProbeOptions options;
  options.client = other;
  EXPECT_FALSE(ProbeTls(address(), options).served);
  EXPECT_TRUE(log_.WaitFor("certificate verify failed"));
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayTlsTest, ClientWithExpiredCertificate_IsRefused) {
  Start(Clients::kWithCertificate);
  sandbox::TestClientName name;
  name.valid_until = -absl::Minutes(1);
  const auto expired = MakeTestClientCertificate(client_ca_, name);
  EXPECT_EQ(CallWith(expired).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  TlsProbeOptions options;
  options.client = expired;
  EXPECT_FALSE(ProbeTls(address(), options).served);
  EXPECT_TRUE(log_.WaitFor("certificate verify failed"));
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayTlsTest, ClientWithServersCertificate_IsRefused) {
  Start(Clients::kWithCertificate);
  TlsProbeOptions options;
  options.client = MakeTestServerCertificate(client_ca_);  // of the right authority, for servers
  EXPECT_FALSE(ProbeTls(address(), options).served);
  EXPECT_TRUE(log_.WaitFor("certificate verify failed"));
}

TEST_F(GatewayTlsTest, ServerCertificateForAnotherName_IsRefusedByTheClient) {
  sandbox::TestServerName name;
  name.dns_names = {"elsewhere.example"};
  name.ip_addresses = {"127.0.0.2"};
  files_.Swap(Mounted(MakeTestServerCertificate(server_ca_, name), client_ca_));
  Start(Clients::kAny);
  EXPECT_EQ(CallWith({}).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(ProbeTls(address()).served) << "not the client's doing";
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayTlsTest, ClientThatDoesNotKnowTheServersAuthority_Refuses) {
  Start(Clients::kAny);
  const auto channel = TlsChannel(address(), client_ca_, {});
  EXPECT_EQ(CallOnce(channel).status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(GatewayTlsTest, PlaintextClient_IsRefused) {
  Start(Clients::kAny);
  EXPECT_EQ(CallOnce(NewChannel(address())).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(log_.WaitFor("wrong version number"));
  EXPECT_EQ(enos_.calls(), 0U);
}

// -- Versions and ciphers

TEST_F(GatewayTlsTest, Tls11_IsRefused) {
  Start(Clients::kAny);
  TlsProbeOptions options;
  options.max_version = TLS1_1_VERSION;
  EXPECT_EQ(ProbeTls(address(), options).version, "");
  EXPECT_TRUE(log_.WaitFor("unsupported protocol"));
}

TEST_F(GatewayTlsTest, Tls12_IsServedWithForwardSecrecyAndAuthenticatedEncryption) {
  Start(Clients::kWithCertificate);
  TlsProbeOptions options;
  options.max_version = TLS1_2_VERSION;
  options.client = client_;
  const TlsProbeResult result = ProbeTls(address(), options);
  EXPECT_TRUE(result.served) << result.error;
  EXPECT_EQ(result.version, "TLSv1.2");
  EXPECT_THAT(result.cipher, StartsWith("ECDHE-ECDSA-"));
  EXPECT_THAT(result.cipher, HasSubstr("-GCM-"));
}

TEST_F(GatewayTlsTest, OldCiphers_AreRefused) {
  Start(Clients::kAny);
  TlsProbeOptions options;
  options.max_version = TLS1_2_VERSION;
  for (const char* const cipher : {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
                                   "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256"}) {
    options.ciphers = cipher;
    EXPECT_EQ(ProbeTls(address(), options).version, "") << cipher;
  }
  EXPECT_TRUE(log_.WaitFor("no shared cipher"));
}

TEST_F(GatewayTlsTest, ClientThatDoesNotSpeakHttp2_IsRefused) {
  Start(Clients::kAny);
  TlsProbeOptions options;
  options.http2 = false;
  EXPECT_FALSE(ProbeTls(address(), options).served);
}

// -- Changed files

TEST_F(GatewayTlsTest, FilesSwapped_NewConnectionsGetTheNewCertificateAndOldOnesGoOn) {
  Start(Clients::kAny);
  const auto old = TlsChannel(address(), server_ca_, {});
  EXPECT_EQ(Summary(CallOnce(old)), "OK");
  EXPECT_EQ(ProbeTls(address()).certificate, server_.certificate_pem);

  const TestCertificate second = MakeTestServerCertificate(server_ca_);
  files_.Swap(Mounted(second, client_ca_));
  ASSERT_TRUE(log_.WaitFor("certificate reloaded"));
  EXPECT_EQ(ProbeTls(address()).certificate, second.certificate_pem);
  EXPECT_EQ(Summary(CallOnce(old)), "OK");
  EXPECT_EQ(Summary(CallWith({})), "OK");
}

TEST_F(GatewayTlsTest, ClientAuthoritySwapped_OldClientsAreRefusedAndNewOnesServed) {
  Start(Clients::kWithCertificate);
  const TestCertificate second_ca = MakeTestAuthority("second client authority");
  EXPECT_EQ(Summary(CallWith(client_)), "OK");
  files_.Swap(Mounted(server_, second_ca));
  ASSERT_TRUE(log_.WaitFor("certificate reloaded"));
  EXPECT_EQ(CallWith(client_).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Summary(CallWith(MakeTestClientCertificate(second_ca))), "OK");
}

TEST_F(GatewayTlsTest, BadNewFiles_EveryHandshakeGoesOnWithTheOldOnesAndTheMetricSaysSo) {
  Start(Clients::kWithCertificate);
  files_.Overwrite("tls.key", server_.private_key_pem.substr(0, 100));
  ASSERT_TRUE(log_.WaitFor("certificate not reloaded"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Summary(CallWith(client_)), "OK");
  const std::string metrics = Ops("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("enos_gateway_reloads_total{files=\"tls\",result=\"failure\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("enos_gateway_reload_last_successful{files=\"tls\"} 0"));
  EXPECT_THAT(metrics, HasSubstr("enos_gateway_tls_certificate_expiry_timestamp_seconds"));
}

// Endless calls on long-lived connections, and on new ones, while the files change: none lost.
TEST_F(GatewayTlsTest, FilesSwappedAgainAndAgainUnderLoad_NoCallIsLost) {
  Start(Clients::kWithCertificate);
  std::atomic<bool> ending{false};
  std::atomic<int> calls{0};
  std::vector<std::thread> callers;
  const auto keep_calling = [&](bool always_connect_anew) {
    auto channel = TlsChannel(address(), server_ca_, client_);
    while (!ending) {
      if (always_connect_anew) channel = TlsChannel(address(), server_ca_, client_);
      EXPECT_EQ(Summary(CallOnce(channel)), "OK");
      ++calls;
    }
  };
  for (const bool anew : {false, false, true, true}) callers.emplace_back(keep_calling, anew);

  std::string last;
  for (int i = 0; i < 5; ++i) {
    const TestCertificate next = MakeTestServerCertificate(server_ca_);
    // A partly written state in between, which handshakes must not see.
    files_.Overwrite("tls.key", next.private_key_pem.substr(0, 60));
    files_.Swap(Mounted(next, client_ca_));
    last = next.certificate_pem;
    TlsProbeOptions options;
    options.client = client_;
    const auto give_up = std::chrono::steady_clock::now() + kGuard;
    while (ProbeTls(address(), options).certificate != last) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up);
      std::this_thread::yield();
    }
    const int before = calls;
    while (calls < before + 8) std::this_thread::yield();
  }
  ending = true;
  for (std::thread& caller : callers) caller.join();
  std::printf("%d calls, %llu of them at EnOS\n", calls.load(),
              static_cast<unsigned long long>(enos_.calls()));
  EXPECT_EQ(enos_.calls(), static_cast<uint64_t>(calls.load()));
}

// -- Liveness

TEST_F(GatewayTlsTest, Livez_IsFineWithTlsAndWithClientCertificatesAskedFor) {
  Start(Clients::kAny);
  EXPECT_EQ(Ops("/livez").body, "ok\n");
  gateway_.reset();
  Start(Clients::kWithCertificate);
  EXPECT_EQ(Ops("/livez").body, "ok\n");
}

}  // namespace
}  // namespace enos::gateway::testing
