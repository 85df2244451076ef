// Calls through the front, the nginx that deploy/kubernetes/components/front puts in front of a
// gateway: who the caller is, and that an answer arrives as the gateway gave it.
#include "tests/e2e/support/front.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
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

// In nginx's encoding of a certificate in a header.
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

// A listening socket that nobody accepts from, and whose queue is full.
class FullSocket {
 public:
  explicit FullSocket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(bind(Open(), generic, sizeof(address)), 0);
    EXPECT_EQ(listen(fds_.front(), 0), 0);
    while (connect(Open(), generic, sizeof(address)) == 0) {
    }
    EXPECT_EQ(errno, EAGAIN);
  }
  ~FullSocket() {
    for (const int fd : fds_) close(fd);
  }
  FullSocket(const FullSocket&) = delete;
  FullSocket& operator=(const FullSocket&) = delete;

 private:
  int Open() {
    return fds_.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  std::vector<int> fds_;
};

void ExpectUnreachable(const std::shared_ptr<grpc::Channel>& channel) {
  const grpc::Status status = Call(channel, RequestFor(1), TokenOf("alice")).status;
  const flow::FlowError error = flow::FlowErrorFromStatus(status);
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE) << status.error_message();
  EXPECT_EQ(error.reason, "GATEWAY_UNREACHABLE");
  EXPECT_EQ(error.execution, flow::Execution::kNotExecuted);
}

// A call as one frame of headers and one of data.
void SendCall(RawHttp2& client, const FlowRequest& request, const std::string& token) {
  client.Send(Frame::kHeaders, Frame::kEndHeaders, 1,
              CallHeaders(HeaderLiteral("authorization", "Bearer " + token)));
  client.Send(Frame::kData, Frame::kEndStream, 1, GrpcMessage(request.SerializeAsString()));
}

// The next HEADERS, requested with pings: nginx flushes what it has when it answers one.
std::optional<Frame> PingUntilHeaders(RawHttp2& client) {
  const auto end = std::chrono::steady_clock::now() + kGuard;
  while (std::chrono::steady_clock::now() < end) {
    client.Send(Frame::kPing, 0, 0, "12345678");
    auto frame = client.Read();
    while (frame && frame->type != Frame::kPing && frame->type != Frame::kHeaders)
      frame = client.Read();
    if (!frame || frame->type == Frame::kHeaders) return frame;
  }
  return std::nullopt;
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

// What a caller sends under the names that nginx uses is never passed on.
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
  // Nor does it mean anything on the gateway's own port.
  EXPECT_EQ(CallWith(OwnChannel(gateway_->address()), spoof), kNobody);
  // On the socket it does: this shows that the text is one that would be accepted.
  EXPECT_EQ(CallWith(OwnChannel("unix:" + folder_.path("gateway.sock")), spoof), "OK");
  EXPECT_EQ(sent_, 1);
}

TEST_F(FrontTest, SocketsValuesThatAreNoCertificate_AreNobody) {
  StartGateway({});
  const auto channel = OwnChannel("unix:" + folder_.path("gateway.sock"));
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

// Over TLS nginx 1.22 keeps early headers in a buffer until it sends something else on that
// connection: here the answer to a ping. They arrive before nginx reports that a gateway died
// (DyingGateway), which is what they are for.
TEST_F(FrontTest, EarlyHeaders_ComeBeforeTheAnswer) {
  Start();
  enos_.Hold();
  RawHttp2 client(address(), kTls);
  ASSERT_TRUE(client.SendPreface());
  SendCall(client, RequestFor(1), TokenOf("alice"));
  const auto early = PingUntilHeaders(client);
  ASSERT_TRUE(early) << nginx_->output();
  EXPECT_FALSE(early->flags & Frame::kEndStream);
  ASSERT_TRUE(enos_.WaitForHeld(1));
  enos_.Release();
  ASSERT_TRUE(client.ReadUntil(Frame::kData));
  const auto trailers = client.ReadUntil(Frame::kHeaders);
  ASSERT_TRUE(trailers);
  EXPECT_TRUE(trailers->flags & Frame::kEndStream);
}

TEST_F(FrontTest, AnswersWithoutEarlyHeaders_ComeThrough) {
  Start({"--early_headers=false"});
  EXPECT_EQ(CallWith(Channel(), Alice()), "OK");
  EXPECT_EQ(CallWith(Channel(), {}), kNobody);
}

// gRPC's Trailers-Only: one frame that is headers and end.
TEST_F(FrontTest, AnswerThatIsTrailersOnly_ComesThroughAsOne) {
  Start();
  RawHttp2 client(address(), kTls);
  ASSERT_TRUE(client.SendPreface());
  SendCall(client, RequestFor(1), TokenOf("bob"));
  const auto answer = client.ReadUntil(Frame::kHeaders);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->flags & Frame::kEndStream);
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

// Here each of the gateway's connections with nginx reaches its maximum age after 200 ms.
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

// GOAWAY: a connection's calls continue, and others use a new one.
TEST_F(FrontTest, CallersConnectionsThatHaveHadTheirNumberOfCalls_CutNoCall) {
  Start({}, {{"keepalive_requests 10000;", "keepalive_requests 30;"}});
  const auto channel = Channel();
  constexpr int kRounds = 20;
  constexpr int kAtOnce = 10;
  for (int round = 0; round < kRounds; ++round) {
    CallsAtOnce calls;
    for (int i = 0; i < kAtOnce; ++i) calls.Start(channel, RequestFor(1), true, TokenOf("alice"));
    for (const CallOutcome& outcome : calls.WaitForAll())
      ASSERT_TRUE(outcome.status.ok()) << round << ": " << outcome.status.error_message();
  }
  EXPECT_EQ(sent_, kRounds * kAtOnce);
}

// The caller's library would retry UNAVAILABLE, and the call is sent once.
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
  // Another gateway finds the socket that the first one left, and receives calls again.
  StartGateway({});
  EXPECT_EQ(CallWith(Channel(), Alice()), "OK");
  EXPECT_EQ(sent_, 2) << "one for each call";
}

INSTANTIATE_TEST_SUITE_P(EarlyHeaders, DyingGateway,
                         testing::Values("--early_headers=true", "--early_headers=false"));

// Nobody listens, so nothing of the call was sent.
TEST_F(FrontTest, NoGateway_IsCertainlyNotExecuted) {
  Start();
  gateway_->Signal(SIGTERM);
  EXPECT_EQ(gateway_->Wait().status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("gateway.sock")));
  ExpectUnreachable(Channel());
  StartGateway({});
  EXPECT_EQ(CallWith(Channel(), Alice()), "OK");
}

// As in a flood: connections arrive faster than they are accepted.
TEST_F(FrontTest, GatewayWhoseQueueOfConnectionsIsFull_IsCertainlyNotExecuted) {
  Start();
  gateway_->Signal(SIGTERM);
  EXPECT_EQ(gateway_->Wait().status, 0);
  const FullSocket full(folder_.path("gateway.sock"));
  ExpectUnreachable(Channel());
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

// A regular file at the socket's path, and a socket that somebody listens on.
TEST_F(FrontTest, PathThatIsTaken_StopsTheStart) {
  StartGateway({});
  const std::string taken = folder_.path("gateway.sock");
  for (const std::string& path : {taken, folder_.path()}) {
    Process second(Options({"--front_socket=" + path}));
    EXPECT_EQ(second.Wait().status, 2);
    EXPECT_THAT(second.err(), AllOf(HasSubstr("--front_socket (ENOS_GATEWAY_FRONT_SOCKET)"),
                                    HasSubstr("\"" + path + "\"")));
  }
  EXPECT_EQ(CallWith(OwnChannel("unix:" + taken), Alice()), "OK");
}

}  // namespace
}  // namespace enos::e2e
