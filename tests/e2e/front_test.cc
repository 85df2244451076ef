// Calls through the front, the nginx that deploy/kubernetes/components/front puts before a gateway:
// who the caller is, and that an answer comes back as the gateway gave it.
#include "tests/e2e/support/front.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "enos/flow/error.h"

namespace enos::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kNobody[] = "16 CALLER_UNAUTHENTICATED";
constexpr char kNotAllowed[] = "7 CALLER_NOT_ALLOWED";

sandbox::TestClientName Uri(const std::string& uri) {
  sandbox::TestClientName name;
  name.uris = {uri};
  return name;
}

// As nginx writes a certificate into the header.
std::string Escaped(const std::string& pem) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : pem) {
    if (isalnum(static_cast<unsigned char>(c)) != 0) {
      escaped += c;
    } else {
      escaped += '%';
      escaped += kDigits[static_cast<unsigned char>(c) >> 4];
      escaped += kDigits[c & 15];
    }
  }
  return escaped;
}

TEST_F(FrontTest, Token_DecidesAsWithoutAFront) {
  Start();
  const auto channel = Channel();
  EXPECT_EQ(CallWith(channel, Alice()), "OK") << nginx_->output();
  EXPECT_EQ(CallWith(channel, {{"authorization", "Bearer " + TokenOf("bob")}}), kNotAllowed);
  EXPECT_EQ(CallWith(channel, {}), kNobody);
  EXPECT_EQ(sent_, 1);
}

TEST_F(FrontTest, CertificateThatNginxVerified_IsTheCaller) {
  Start();
  EXPECT_EQ(CallWith(Channel(Uri("spiffe://test/batch/nightly")), {}), "OK") << nginx_->output();
  EXPECT_THAT(gateway_->WaitForLine("caller=uri:spiffe://test/batch/nightly").value_or(""),
              HasSubstr("peer=ipv4:127.0.0.1 "));
  EXPECT_EQ(CallWith(Channel(Uri("spiffe://test/other")), {}), kNotAllowed);
  EXPECT_EQ(sent_, 1);
}

TEST_F(FrontTest, CertificateOfAnotherAuthority_IsRefusedByNginx) {
  Start();
  const auto other = sandbox::MakeTestAuthority("somebody else");
  const auto client = sandbox::MakeTestClientCertificate(other, Uri("spiffe://test/batch/nightly"));
  grpc::SslCredentialsOptions tls{nginx_->ca_pem(), client.private_key_pem, client.certificate_pem};
  EXPECT_EQ(CallWith(grpc::CreateChannel(address(), grpc::SslCredentials(tls)), {}),
            "16 the client certificate is not good");
  EXPECT_EQ(sent_, 0);
}

// What a caller says under the names that nginx uses never arrives.
TEST_F(FrontTest, CallerThatSendsACertificateInMetadata_IsNobody) {
  Start();
  const auto batch =
      sandbox::MakeTestClientCertificate(nginx_->authority(), Uri("spiffe://test/batch/nightly"));
  const Metadata spoof = {{"x-enos-client-cert", Escaped(batch.certificate_pem)},
                          {"x-forwarded-for", "192.0.2.7"}};
  EXPECT_EQ(CallWith(Channel(), spoof), kNobody);
  EXPECT_THAT(gateway_->WaitForLine("cause=\"no identity\"").value_or(""),
              HasSubstr("peer=ipv4:127.0.0.1 "));
  EXPECT_EQ(CallWith(Channel(Uri("spiffe://test/other")), spoof), kNotAllowed);
  // Nor does it mean anything at the gateway's own port.
  EXPECT_EQ(CallWith(OwnChannel(gateway_->address()), spoof), kNobody);
  // At the socket it does: this shows that the text is one that would be taken.
  EXPECT_EQ(CallWith(OwnChannel("unix:" + folder_ + "/gateway.sock"), spoof), "OK");
  EXPECT_EQ(sent_, 1);
}

TEST_F(FrontTest, SocketsValuesThatAreNoCertificate_AreNobody) {
  StartGateway({});
  const auto channel = OwnChannel("unix:" + folder_ + "/gateway.sock");
  const auto authority = sandbox::MakeTestAuthority("any");
  const std::string good = Escaped(
      sandbox::MakeTestClientCertificate(authority, Uri("spiffe://test/batch/a")).certificate_pem);
  EXPECT_EQ(CallWith(channel, {{"x-enos-client-cert", good}}), "OK");
  for (const Metadata& bad : std::vector<Metadata>{
           {{"x-enos-client-cert", good}, {"x-enos-client-cert", good}},
           {{"x-enos-client-cert", good + good}},
           {{"x-enos-client-cert", good.substr(0, good.size() / 2)}},
           {{"x-enos-client-cert", good + "%0"}},
           {{"x-enos-client-cert", "nonsense"}},
       }) {
    EXPECT_EQ(CallWith(channel, bad), kNobody);
  }
  EXPECT_EQ(sent_, 1);
}

// Early headers come with whatever nginx 1.22 sends next on that connection: it keeps them in its
// TLS buffer. They come before the end that it tells of a gateway that died (DyingGateway), which
// is what they are for.
TEST_F(FrontTest, AnswerWithoutEarlyHeaders_ComesThrough) {
  Start({"--early_headers=false"});
  EXPECT_EQ(CallWith(Channel(), Alice()), "OK");
}

TEST_F(FrontTest, LargestError_ComesThroughWithAllItsDetails) {
  Start();
  FlowRequest request = RequestFor(0);
  for (int i = 0; i < 30; ++i) request.add_parameters()->set_value("no key");
  const flow::FlowError error =
      flow::FlowErrorFromStatus(Call(Channel(), request, TokenOf("alice")).status);
  EXPECT_EQ(error.reason, "INVALID_REQUEST") << error.message << nginx_->output();
  EXPECT_THAT(error.violations, SizeIs(20));
}

TEST_F(FrontTest, LargestMessage_ComesThrough_AndALargerOneIsRefused) {
  Start();
  FlowRequest request = RequestFor(1);
  for (int i = 0; i < 15; ++i) {
    auto* const parameter = request.add_parameters();
    parameter->set_key("k" + std::to_string(i));
    parameter->set_value(std::string(65536, 'v'));
  }
  EXPECT_TRUE(Call(Channel(), request, TokenOf("alice")).status.ok());
  for (int i = 0; i < 2; ++i) request.add_parameters()->set_value(std::string(65536, 'v'));
  const grpc::Status status = Call(Channel(), request, TokenOf("alice")).status;
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_EQ(sent_, 1);
}

// Of the gateway's connections with nginx each grows old after 200 ms here.
TEST_F(FrontTest, PooledConnectionsThatGrowOld_CutNoCall) {
  Start({"--max_connection_age=200ms", "--max_connection_idle=300ms"});
  const auto channel = Channel();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  int calls = 0;
  while (std::chrono::steady_clock::now() < end) {
    ASSERT_EQ(CallWith(channel, Alice()), "OK") << "call " << calls << nginx_->output();
    ++calls;
  }
  EXPECT_EQ(sent_, calls);
}

// The caller's library would repeat UNAVAILABLE, and the call is sent once.
class DyingGateway : public FrontTest, public testing::WithParamInterface<const char*> {};

TEST_P(DyingGateway, CallIsUnknown_AndSentOnce) {
  Start({GetParam()});
  enos_.Hold();
  auto answer = std::async(std::launch::async,
                           [&] { return Call(Channel(), RequestFor(1), TokenOf("alice")); });
  ASSERT_TRUE(enos_.WaitForHeld(1));
  gateway_->Signal(SIGKILL);
  gateway_->Wait();
  const grpc::Status status = answer.get().status;
  EXPECT_NE(status.error_code(), grpc::UNAVAILABLE) << status.error_message();
  EXPECT_NE(status.error_code(), grpc::OK);
  EXPECT_EQ(flow::FlowErrorFromStatus(status).execution, flow::Execution::kUnknown);
  EXPECT_EQ(flow::FlowErrorFromStatus(status).reason, "");
  enos_.Release();
  // Another gateway finds the socket that the first one left, and has calls again.
  StartGateway({});
  EXPECT_EQ(CallWith(Channel(), Alice()), "OK");
  EXPECT_EQ(sent_, 2) << "one for each call";
}

INSTANTIATE_TEST_SUITE_P(EarlyHeaders, DyingGateway,
                         testing::Values("--early_headers=true", "--early_headers=false"));

TEST_F(FrontTest, NoGateway_IsUnknown) {
  Start();
  gateway_->Signal(SIGTERM);
  EXPECT_EQ(gateway_->Wait().status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/gateway.sock"));
  EXPECT_THAT(CallWith(Channel(), Alice()), HasSubstr("2 the connection to the gateway"));
}

TEST_F(FrontTest, OtherPath_IsNotPassedOn) {
  Start();
  RawCall call(Channel(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "");
  EXPECT_FALSE(call.Read());
  EXPECT_EQ(call.Finish().error_code(), grpc::UNIMPLEMENTED);
}

// SIGQUIT is the image's stop signal.
TEST_F(FrontTest, NginxThatEnds_LetsCallsEndFirst) {
  Start();
  enos_.Hold();
  auto answer = std::async(std::launch::async,
                           [&] { return Call(Channel(), RequestFor(1), TokenOf("alice")); });
  ASSERT_TRUE(enos_.WaitForHeld(1));
  nginx_->Signal(SIGQUIT);
  enos_.Release();
  EXPECT_TRUE(answer.get().status.ok());
  EXPECT_EQ(nginx_->Wait().status, 0);
}

// Text at the socket's path that is no socket, and a socket that somebody listens at.
TEST_F(FrontTest, PathThatIsTaken_StopsTheStart) {
  StartGateway({});
  const std::string taken = folder_ + "/gateway.sock";
  for (const std::string& path : {taken, folder_}) {
    Process second(Options({"--front_socket=" + path}));
    EXPECT_EQ(second.Wait().status, 2);
    EXPECT_THAT(second.err(), AllOf(HasSubstr("--front_socket (ENOS_GATEWAY_FRONT_SOCKET)"),
                                    HasSubstr("\"" + path + "\"")));
  }
  EXPECT_EQ(CallWith(OwnChannel("unix:" + taken), Alice()), "OK");
}

}  // namespace
}  // namespace enos::e2e
