#include "enos/flow/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>

#include "enos/flow/client.h"
#include "fake_flow_service.h"
#include "scripted_http2_server.h"
#include "tests/support/files.h"

namespace enos::flow {
namespace {

using testing::FakeFlowService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedHttp2Server;
using ::testing::StartsWith;

constexpr std::chrono::minutes kLong{1};

struct AddressCase {
  const char* address;
  bool loopback;
};

class LoopbackAddressTest : public ::testing::TestWithParam<AddressCase> {};

TEST_P(LoopbackAddressTest, Address_DecidesPlaintextByItself) {
  EXPECT_EQ(IsLoopbackAddress(GetParam().address), GetParam().loopback);
  ChannelOptions options;
  options.address = GetParam().address;
  EXPECT_EQ(UsesTls(options), !GetParam().loopback);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, LoopbackAddressTest,
    ::testing::Values(
        AddressCase{"127.0.0.1:50051", true}, AddressCase{"127.8.9.10:1", true},
        AddressCase{"localhost:50051", true}, AddressCase{"[::1]:50051", true},
        AddressCase{"dns:///localhost:50051", true}, AddressCase{"ipv4:127.0.0.1:50051", true},
        AddressCase{"ipv6:[::1]:50051", true}, AddressCase{"unix:/run/gateway.sock", true},
        AddressCase{"gateway.example.com:443", false}, AddressCase{"10.0.0.1:50051", false},
        AddressCase{"128.0.0.1:50051", false}, AddressCase{"0.0.0.0:50051", false},
        AddressCase{"[::]:50051", false}, AddressCase{"[2001:db8::1]:50051", false},
        AddressCase{"127.0.0.1.example.com:50051", false},
        AddressCase{"localhost.example.com:50051", false},
        AddressCase{"dns://10.0.0.1/localhost:50051", false},
        AddressCase{"ipv4:127.0.0.1:1,10.0.0.1:1", false},
        AddressCase{"ipv6:[::1]:1,[2001:db8::1]:1", false}, AddressCase{"[::1", false}));

TEST(UsesTlsTest, LoopbackWithTlsSettings_Tls) {
  ChannelOptions options;
  options.server_name = "gateway.example.com";
  EXPECT_TRUE(UsesTls(options));
}

TEST(UsesTlsTest, AskedByName_AsAsked) {
  ChannelOptions options;
  options.security = Security::kTls;
  EXPECT_TRUE(UsesTls(options));
  options.address = "gateway.example.com:443";
  options.security = Security::kPlaintext;
  EXPECT_FALSE(UsesTls(options));
}

std::string ProblemOf(const ChannelOptions& options) {
  const auto channel = MakeChannel(options);
  EXPECT_EQ(channel.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(channel.status().message());
}

TEST(MakeChannelTest, AnyChannel_HasTheServiceConfigOfTheFile) {
  std::ifstream file(ENOS_FLOW_SERVICE_CONFIG_FILE);
  std::string documented;
  std::getline(file, documented);
  ASSERT_THAT(documented, HasSubstr("round_robin"));
  EXPECT_THAT(documented, Not(HasSubstr("retryPolicy")));
  const FakeFlowService gateway(testing::AnswerId("i"));
  ChannelOptions options;
  options.address = gateway.address();
  const auto channel = MakeChannel(options);
  ASSERT_TRUE(channel.ok());
  ASSERT_TRUE((*channel)->WaitForConnected(std::chrono::system_clock::now() + kLong));
  EXPECT_EQ((*channel)->GetServiceConfigJSON(), documented);
}

TEST(MakeChannelTest, NameWithTwoAddresses_CallsGoToBoth) {
  FakeFlowService one(testing::AnswerId("1"));
  FakeFlowService two(testing::AnswerId("2"));
  ChannelOptions options;
  options.address = "ipv4:" + one.address() + "," + two.address();
  options.security = Security::kPlaintext;
  const auto channel = MakeChannel(options);
  ASSERT_TRUE(channel.ok());
  const FlowClient client(*channel);
  const auto end = std::chrono::system_clock::now() + kLong;
  // The second connection may arrive a little after the first.
  while (one.requests().empty() || two.requests().empty()) {
    ASSERT_LT(std::chrono::system_clock::now(), end) << "all calls went to one address";
    ASSERT_TRUE(client.TriggerFlow({}).ok());
  }
}

// gRPC itself resends what crosses a GOAWAY, and was certainly not processed (RFC 9113, 6.8)
// ("transparent retry"); anything else, never. REFUSED_STREAM would be safe as well, but gRPC 1.51
// does not handle it.
struct ResendCase {
  const char* name;
  ScriptedHttp2Server::Fate first;
  int calls;  // that the server received
  const char* outcome;
};

class ResendTest : public ::testing::TestWithParam<ResendCase> {};

TEST_P(ResendTest, CallThatTheServerDidNotAnswer_SentAgainOnlyIfCertainlyNotProcessed) {
  ScriptedHttp2Server server({GetParam().first});
  ChannelOptions options;
  options.address = server.address();
  const auto channel = MakeChannel(options);
  ASSERT_TRUE(channel.ok());
  const FlowResult result = FlowClient(*channel).TriggerFlow({}, {kLong});
  const std::string outcome = result.ok() ? result.flow().flow_instance_id
                                          : StatusCodeName(result.error().code) + " " +
                                                ExecutionName(result.error().execution);
  EXPECT_EQ(outcome, GetParam().outcome);
  EXPECT_EQ(server.calls(), GetParam().calls);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ResendTest,
    ::testing::Values(
        ResendCase{"Refused", ScriptedHttp2Server::Fate::kRefused, 1, "UNAVAILABLE UNKNOWN"},
        ResendCase{"GoAwayBefore", ScriptedHttp2Server::Fate::kGoAwayBefore, 2, "answered"},
        ResendCase{"GoAwayAfter", ScriptedHttp2Server::Fate::kGoAwayAfter, 1,
                   "UNAVAILABLE UNKNOWN"},
        ResendCase{"Cancelled", ScriptedHttp2Server::Fate::kCancelled, 1, "CANCELLED UNKNOWN"},
        ResendCase{"ConnectionClosed", ScriptedHttp2Server::Fate::kConnectionClosed, 1,
                   "UNAVAILABLE UNKNOWN"}),
    [](const auto& tested) { return tested.param.name; });

TEST(MakeChannelTest, LoopbackAddress_Made) {
  EXPECT_TRUE(MakeChannel({"127.0.0.1:1", Security::kAuto, "", "", "", ""}).ok());
}

TEST(MakeChannelTest, AddressWithoutPort_Refused) {
  for (const char* address : {"", "gateway", ":50051", "[::1"}) {
    ChannelOptions options;
    options.address = address;
    EXPECT_THAT(ProblemOf(options), StartsWith("address=" + options.address + ": expected"));
  }
}

TEST(MakeChannelTest, CaFileMissing_NamedWithTheReason) {
  ChannelOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(ProblemOf(options),
            "ca_file=/nonexistent/ca.pem: cannot be read (No such file or directory)");
}

TEST(MakeChannelTest, CaFileIsADirectory_Refused) {
  ChannelOptions options;
  options.ca_file = "/";
  EXPECT_EQ(ProblemOf(options), "ca_file=/: cannot be read (Is a directory)");
}

TEST(MakeChannelTest, CaFileIsAPipe_RefusedWithoutWaitingForItsWriter) {
  const TempFolder folder;
  const std::string pipe = folder.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  ChannelOptions options;
  options.ca_file = pipe;
  EXPECT_EQ(ProblemOf(options), "ca_file=" + pipe + ": cannot be read (not a regular file)");
}

TEST(MakeChannelTest, CaFileIsNoPem_Refused) {
  const TempFolder folder;
  ChannelOptions options;
  options.ca_file = folder.Write("ca.pem", "hello");
  EXPECT_THAT(ProblemOf(options), HasSubstr("expected a PEM file"));
}

TEST(MakeChannelTest, CertificateWithoutKeyOrKeyWithoutCertificate_Refused) {
  ChannelOptions options;
  options.cert_file = "/c.pem";
  EXPECT_EQ(ProblemOf(options), "cert_file=/c.pem: expected key_file as well");
  options = {};
  options.key_file = "/k.pem";
  EXPECT_EQ(ProblemOf(options), "key_file=/k.pem: expected cert_file as well");
}

TEST(MakeChannelTest, TlsSettingsOnPlaintext_Refused) {
  ChannelOptions options;
  options.security = Security::kPlaintext;
  options.ca_file = "/ca.pem";
  EXPECT_THAT(ProblemOf(options), StartsWith("plaintext: "));
}

}  // namespace
}  // namespace enos::flow
