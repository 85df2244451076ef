// Old TLS: certificates are in http_client_faults_test.cc.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "tests/wire/support/certificates.h"
#include "tests/wire/support/client_on_loop.h"
#include "tests/wire/support/old_tls_server.h"
#include "tests/wire/support/tls_probe.h"

namespace enos::gateway::testing {
namespace {

struct OldVersion {
  int number;
  const char* name;
};

class OldTls : public ::testing::TestWithParam<OldVersion> {};

TEST_P(OldTls, ServerThatSpeaksNothingNewerIsRefused) {
  OldTlsServer server(*TestAuthority::Instance().ServerOptions().tls, GetParam().number);
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  TlsProbeOptions old;
  old.max_version = GetParam().number;
  EXPECT_EQ(ProbeTls(address, old).version, GetParam().name) << "it serves those who ask for it";
  ASSERT_EQ(server.handshakes(), 1);

  CurlHttpClientOptions options;
  options.base_url = "https://" + address;
  options.transfer.ca_file = TestAuthority::Instance().ca_file();
  ClientOnLoop client(options);
  const HttpResult result = client.Do(Post("/"));
  EXPECT_EQ(result.end, TransferEnd::kTlsFailed) << result.detail;
  EXPECT_FALSE(result.maybe_sent);
  EXPECT_EQ(server.handshakes(), 1);
}

INSTANTIATE_TEST_SUITE_P(All, OldTls,
                         ::testing::Values(OldVersion{TLS1_VERSION, "TLSv1"},
                                           OldVersion{TLS1_1_VERSION, "TLSv1.1"}),
                         [](const auto& test) {
                           return test.param.number == TLS1_VERSION ? "Tls10" : "Tls11";
                         });

TEST(OldTlsServerTest, Tls12_IsNotRefusedForItsVersion) {
  OldTlsServer server(*TestAuthority::Instance().ServerOptions().tls, TLS1_2_VERSION);
  CurlHttpClientOptions options;
  options.base_url = "https://127.0.0.1:" + std::to_string(server.port());
  options.transfer.ca_file = TestAuthority::Instance().ca_file();
  ClientOnLoop client(options);
  // What that server says then is no answer.
  EXPECT_NE(client.Do(Post("/")).end, TransferEnd::kTlsFailed);
  EXPECT_EQ(server.handshakes(), 1);
}

}  // namespace
}  // namespace enos::gateway::testing
