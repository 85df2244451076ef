#include "enos/flow/client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <string>
#include <vector>

#include "enos/flow/channel.h"
#include "enos/flow/idempotency_key.h"
#include "fake_flow_service.h"
#include "fake_keys.h"
#include "rich_status.h"
#include "sandbox/http/test_certificates.h"
#include "scripted_http2_server.h"
#include "tests/support/files.h"

namespace enos::flow {
namespace {

using std::chrono::milliseconds;
using testing::AnswerId;
using testing::AnswerInTurn;
using testing::FakeFlowService;
using ::testing::HasSubstr;
using testing::NotExecuted;
using testing::ScriptedHttp2Server;

FlowClient ClientOf(const std::string& address) {
  ChannelOptions options;
  options.address = address;
  return FlowClient(MakeChannel(options).value());
}

FlowRequest MakeRequest() {
  FlowRequest request;
  request.set_user_id("u");
  request.set_org_id("o");
  request.set_flow_id(3377);
  *request.mutable_trigger_time() =
      ToTimestamp(std::chrono::system_clock::time_point(milliseconds(1'574'385'824'001)));
  auto* const parameter = request.add_parameters();
  parameter->set_key("K");
  parameter->set_value("V");
  return request;
}

// A listening socket whose connections are never accepted, or a port on which nothing listens.
class BareSocket {
 public:
  explicit BareSocket(bool listening) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(descriptor_, generic, size), 0);
    if (listening) {
      EXPECT_EQ(listen(descriptor_, 8), 0);
    }
    EXPECT_EQ(getsockname(descriptor_, generic, &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~BareSocket() { close(descriptor_); }
  BareSocket(const BareSocket&) = delete;
  BareSocket& operator=(const BareSocket&) = delete;
  const std::string& address() const { return address_; }

 private:
  int descriptor_;
  std::string address_;
};

class RequestIdTest : public ::testing::Test {
 protected:
  CallOptions With(const std::string& request_id) const {
    CallOptions options;
    options.request_id = request_id;
    return options;
  }

  // Says what it received: in the instance id, or, asked for flow 404, in an error's message.
  FakeFlowService gateway_{[](auto& context, const auto& request, auto& response) {
    const auto found = context.client_metadata().find("x-request-id");
    const std::string seen(found->second.data(), found->second.size());
    context.AddTrailingMetadata("x-request-id", "gateway's");
    response.set_flow_instance_id(seen);
    return request.flow_id() == 404 ? grpc::Status(grpc::StatusCode::NOT_FOUND, seen)
                                    : grpc::Status::OK;
  }};
  const FlowClient client_ = ClientOf(gateway_.address());
};

TEST_F(RequestIdTest, Given_SentAndThatOfTheAnswerInTheResult) {
  FlowRequest request = MakeRequest();
  const FlowResult started = client_.TriggerFlow(request, With("job 7"));
  ASSERT_TRUE(started.ok()) << started.error().message;
  EXPECT_EQ(started.flow().flow_instance_id, "job 7");
  EXPECT_EQ(started.flow().request_id, "gateway's");
  request.set_flow_id(404);
  std::promise<FlowResult> done;
  client_.TriggerFlowAsync(request, With("mine"),
                           [&](FlowResult result) { done.set_value(std::move(result)); });
  const FlowResult failed = done.get_future().get();
  EXPECT_EQ(failed.error().message, "mine");
  EXPECT_EQ(failed.error().request_id, "gateway's");
}

// gRPC would end the process over the first two.
TEST_F(RequestIdTest, NotSendable_ErrorAndNothingSent) {
  for (const std::string& id :
       {std::string("a\nb"), std::string("\xC3\xA9"), std::string(129, 'x'), std::string(" x")}) {
    const FlowResult result = client_.TriggerFlow(MakeRequest(), With(id));
    ASSERT_FALSE(result.ok()) << id;
    EXPECT_EQ(result.error().code, grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(result.error().execution, Execution::kNotExecuted);
  }
  EXPECT_TRUE(gateway_.requests().empty());
}

TEST(ToTimestampTest, BeforeAndAfterTheEpoch_NanosNeverNegative) {
  const auto after = ToTimestamp(std::chrono::system_clock::time_point(milliseconds(1'001)));
  EXPECT_EQ(after.seconds(), 1);
  EXPECT_EQ(after.nanos(), 1'000'000);
  const auto before = ToTimestamp(std::chrono::system_clock::time_point(milliseconds(-1)));
  EXPECT_EQ(before.seconds(), -1);
  EXPECT_EQ(before.nanos(), 999'000'000);
}

TEST(FlowClientTest, CallSucceeds_InstanceIdAndRequestId) {
  FakeFlowService gateway([](auto& context, const auto&, auto& response) {
    context.AddTrailingMetadata("enos-request-id", "r-1");
    response.set_flow_instance_id("3377-20191122012344");
    return grpc::Status::OK;
  });
  const FlowResult result = ClientOf(gateway.address()).TriggerFlow(MakeRequest());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.flow().flow_instance_id, "3377-20191122012344");
  EXPECT_EQ(result.flow().enos_request_id, "r-1");
  ASSERT_EQ(gateway.requests().size(), 1U);
  EXPECT_EQ(gateway.requests()[0].SerializeAsString(), MakeRequest().SerializeAsString());
}

TEST(FlowClientTest, ConnectToAGateway_ConnectedWithoutACall) {
  FakeFlowService gateway(AnswerId("i"));
  const FlowClient client = ClientOf(gateway.address());
  EXPECT_FALSE(client.Connect(std::chrono::minutes(1)).has_value());
  EXPECT_FALSE(client.Connect(milliseconds(0)).has_value()) << "it is connected by now";
  EXPECT_TRUE(gateway.requests().empty());
}

TEST(FlowClientTest, ConnectToNobody_CertainlyNotExecuted) {
  const BareSocket nobody(/*listening=*/false);
  const auto error = ClientOf(nobody.address()).Connect(std::chrono::minutes(1));
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(error->reason_kind, Reason::GATEWAY_UNREACHABLE);
  EXPECT_TRUE(error->SafeToRepeat());
}

TEST(FlowClientTest, ConnectWithoutTime_OnlyLooks) {
  const BareSocket silent(/*listening=*/true);
  const auto error = ClientOf(silent.address()).Connect(milliseconds(0));
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(error->SafeToRepeat());
}

TEST(FlowClientTest, AnyCall_CarriesItsDeadline) {
  std::promise<std::chrono::system_clock::time_point> seen;
  FakeFlowService gateway([&](auto& context, const auto&, auto& response) {
    seen.set_value(context.deadline());
    response.set_flow_instance_id("i");
    return grpc::Status::OK;
  });
  const auto before = std::chrono::system_clock::now();
  CallOptions options;
  options.timeout = std::chrono::hours(1);
  ASSERT_TRUE(ClientOf(gateway.address()).TriggerFlow(MakeRequest(), options).ok());
  const auto deadline = seen.get_future().get();
  EXPECT_GT(deadline, before + std::chrono::minutes(59));
  EXPECT_LT(deadline, before + std::chrono::hours(2));
}

TEST(FlowClientTest, LongestTimeoutThereIs_StillCalls) {
  FakeFlowService gateway(AnswerId("i"));
  CallOptions options;
  options.timeout = milliseconds::max();
  EXPECT_TRUE(ClientOf(gateway.address()).TriggerFlow(MakeRequest(), options).ok());
}

TEST(FlowClientTest, GatewayRefuses_TypedError) {
  FakeFlowService gateway([](auto& context, const auto&, auto&) {
    context.AddTrailingMetadata("enos-request-id", "r-2");
    testing::RichStatus status;
    status.code = grpc::StatusCode::INVALID_ARGUMENT;
    status.message = "the request is not valid";
    status.reason = "INVALID_REQUEST";
    status.metadata = {{"execution", "NOT_EXECUTED"}};
    status.violations = {{"user_id", "must not be empty"}};
    return status.ToGrpc();
  });
  const FlowResult result = ClientOf(gateway.address()).TriggerFlow(MakeRequest());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason_kind, Reason::INVALID_REQUEST);
  EXPECT_TRUE(result.error().SafeToRepeat());
  EXPECT_EQ(result.error().violations.size(), 1U);
  EXPECT_EQ(result.error().enos_request_id, "r-2") << "from the trailing metadata";
}

TEST(FlowClientTest, OkWithoutInstanceId_ErrorThatMayHaveRun) {
  FakeFlowService gateway(AnswerId(""));
  const FlowResult result = ClientOf(gateway.address()).TriggerFlow(MakeRequest());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::INTERNAL);
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
}

TEST(FlowClientTest, GatewayTooSlow_DeadlineExceededAndUnknown) {
  std::promise<void> client_has_its_answer;
  auto wait = client_has_its_answer.get_future().share();
  FakeFlowService gateway([wait](auto&, const auto&, auto& response) {
    wait.wait();
    response.set_flow_instance_id("late");
    return grpc::Status::OK;
  });
  const FlowClient client = ClientOf(gateway.address());
  // The connection first, so that it is the call that runs out of time.
  std::promise<FlowResult> warm;
  PendingCall pending = client.TriggerFlowAsync(
      MakeRequest(), {}, [&](FlowResult result) { warm.set_value(std::move(result)); });
  while (gateway.requests().empty()) std::this_thread::yield();
  CallOptions options;
  options.timeout = milliseconds(200);
  const FlowResult result = client.TriggerFlow(MakeRequest(), options);
  client_has_its_answer.set_value();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
  EXPECT_EQ(result.error().reason, "");
  EXPECT_TRUE(warm.get_future().get().ok());
}

TEST(FlowClientTest, NothingListens_UnavailableAndNotExecuted) {
  const BareSocket nobody(/*listening=*/false);
  const FlowResult result = ClientOf(nobody.address()).TriggerFlow(MakeRequest());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(result.error().reason_kind, Reason::GATEWAY_UNREACHABLE);
  EXPECT_EQ(result.error().reason, "GATEWAY_UNREACHABLE");
  EXPECT_TRUE(result.error().SafeToRepeat());
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("Connection refused"));
}

TEST(FlowClientTest, PeerThatSaysNothing_DeadlineExceededAndNotExecuted) {
  const BareSocket mute(/*listening=*/true);
  CallOptions options;
  options.timeout = milliseconds(50);
  const FlowResult result = ClientOf(mute.address()).TriggerFlow(MakeRequest(), options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(result.error().reason_kind, Reason::GATEWAY_UNREACHABLE);
  EXPECT_TRUE(result.error().SafeToRepeat());
}

TEST(FlowClientTest, NoTimeLeft_FailsBeforeAnythingIsSent) {
  FakeFlowService gateway(AnswerId("i"));
  CallOptions options;
  options.timeout = milliseconds(0);
  const FlowResult result = ClientOf(gateway.address()).TriggerFlow(MakeRequest(), options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(result.error().SafeToRepeat());
  EXPECT_TRUE(gateway.requests().empty());
}

TEST(FlowClientTest, BareUnavailableFromTheServer_NotRepeatedByTheLibrary) {
  FakeFlowService gateway(AnswerInTurn({grpc::Status(grpc::StatusCode::UNAVAILABLE, "bare")}));
  const FlowResult result = ClientOf(gateway.address()).TriggerFlow(MakeRequest());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
  EXPECT_EQ(gateway.requests().size(), 1U);
}

TEST(FlowClientAsyncTest, CallSucceeds_CallbackOnceWithTheFlow) {
  FakeFlowService gateway(AnswerId("i-7"));
  std::promise<FlowResult> done;
  {
    // The client and the handle may be destroyed before the answer arrives.
    const FlowClient client = ClientOf(gateway.address());
    client.TriggerFlowAsync(MakeRequest(), {},
                            [&](FlowResult result) { done.set_value(std::move(result)); });
  }
  const FlowResult result = done.get_future().get();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.flow().flow_instance_id, "i-7");
}

TEST(FlowClientAsyncTest, ClientDroppedInTheCallback_NoCrash) {
  // gRPC itself aborts when a channel's last reference is released on its callback thread.
  for (int i = 0; i < 20; ++i) {
    FakeFlowService gateway(AnswerId("i"));
    auto client = std::make_shared<FlowClient>(ClientOf(gateway.address()));
    std::promise<bool> done;
    FlowClient* const borrowed = client.get();
    borrowed->TriggerFlowAsync(
        MakeRequest(), {}, [&done, client = std::move(client)](const FlowResult& result) mutable {
          client.reset();
          done.set_value(result.ok());
        });
    EXPECT_TRUE(done.get_future().get());
  }
}

TEST(FlowClientAsyncTest, Cancelled_CancelledAndUnknown) {
  std::promise<void> release;
  auto wait = release.get_future().share();
  FakeFlowService gateway([wait](auto&, const auto&, auto&) {
    wait.wait();
    return grpc::Status::OK;
  });
  std::promise<FlowResult> done;
  const FlowClient client = ClientOf(gateway.address());
  PendingCall call = client.TriggerFlowAsync(
      MakeRequest(), {}, [&](FlowResult result) { done.set_value(std::move(result)); });
  while (gateway.requests().empty()) std::this_thread::yield();
  call.Cancel();
  const FlowResult result = done.get_future().get();
  release.set_value();
  call.Cancel();  // after the end: nothing happens
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::CANCELLED);
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
}

TEST(FlowClientRepeatTest, BusyTwice_SentThreeTimesWithTheWaitsAsked) {
  FakeFlowService gateway(AnswerInTurn(
      {NotExecuted(grpc::StatusCode::UNAVAILABLE, "GATEWAY_OVERLOADED", milliseconds(40)),
       NotExecuted(grpc::StatusCode::RESOURCE_EXHAUSTED, "ENOS_RATE_LIMITED")}));
  std::vector<int64_t> sleeps;
  RepeatHooks hooks = RepeatHooks::Real();
  hooks.sleep = [&](milliseconds wait) { sleeps.push_back(wait.count()); };
  hooks.random = [] { return 0.25; };
  const FlowResult result =
      ClientOf(gateway.address()).TriggerFlowWithRepeat(MakeRequest(), {}, {}, hooks);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(gateway.requests().size(), 3U);
  EXPECT_THAT(sleeps, ::testing::ElementsAre(40, 100));
}

TEST(FlowClientRepeatTest, RefusedForGood_SentOnce) {
  FakeFlowService gateway(AnswerInTurn(
      {NotExecuted(grpc::StatusCode::FAILED_PRECONDITION, "FLOW_HAS_NO_TASK", milliseconds(1))}));
  EXPECT_FALSE(ClientOf(gateway.address()).TriggerFlowWithRepeat(MakeRequest(), {}, {}).ok());
  EXPECT_EQ(gateway.requests().size(), 1U);
}

// A gateway that keeps keys, unless told otherwise.
class FlowClientKeyTest : public ::testing::Test {
 protected:
  FlowClientKeyTest() { request_.set_idempotency_key("k-1"); }

  FlowResult Repeat() { return client_.TriggerFlowWithRepeat(request_, {}, options_, hooks_); }

  static RepeatHooks Hooks() {
    RepeatHooks hooks = RepeatHooks::Real();
    hooks.sleep = [](milliseconds) {};
    return hooks;
  }

  testing::FakeKeys keys_;
  FakeFlowService gateway_{keys_.Around(AnswerId("i-1"))};
  FlowClient client_ = ClientOf(gateway_.address());
  FlowRequest request_ = MakeRequest();
  RepeatOptions options_;
  RepeatHooks hooks_ = Hooks();
};

TEST_F(FlowClientKeyTest, AnswerLost_RepeatedAndReplayed) {
  keys_.LoseAnswers(3377, 1);
  const FlowResult result = Repeat();
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result.flow().flow_instance_id, "i-1");
  EXPECT_TRUE(result.flow().replayed);
  EXPECT_EQ(keys_.ExecutionsOf(3377), 1);
}

TEST_F(FlowClientKeyTest, FirstAnswer_NotReplayed) {
  const FlowResult result = client_.TriggerFlow(request_);
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result.flow().replayed);
}

TEST_F(FlowClientKeyTest, LostBeforeAnyInitialMetadata_NotRepeated) {
  keys_.LoseAnswers(3377, 1, /*with_headers=*/false);
  const FlowResult result = Repeat();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
  EXPECT_EQ(gateway_.requests().size(), 1U);
  EXPECT_EQ(client_.KeepsKeys(), std::nullopt);
}

TEST_F(FlowClientKeyTest, LostBeforeItsInitialMetadata_RepeatedOnTheWordOfAnEarlierCall) {
  FlowRequest other = request_;
  other.set_idempotency_key("k-0");
  other.set_flow_id(1);
  ASSERT_TRUE(client_.TriggerFlow(other).ok());
  EXPECT_EQ(client_.KeepsKeys(), true);
  keys_.LoseAnswers(3377, 1, /*with_headers=*/false);
  EXPECT_TRUE(Repeat().ok());
  EXPECT_EQ(FlowClient(client_).KeepsKeys(), true) << "copies know it, too";
  EXPECT_EQ(keys_.ExecutionsOf(3377), 1);
}

// An older gateway ignores keys: a repeat would start the flow again.
TEST_F(FlowClientKeyTest, OlderGateway_NotRepeated) {
  FakeFlowService older([](auto& context, const auto&, auto&) {
    context.AddInitialMetadata("something-else", "1");
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed");
  });
  client_ = ClientOf(older.address());
  const FlowResult result = Repeat();
  ASSERT_FALSE(result.ok());
  EXPECT_FALSE(result.error().key_kept);
  EXPECT_EQ(older.requests().size(), 1U);
  EXPECT_EQ(client_.KeepsKeys(), false);
}

TEST_F(FlowClientKeyTest, OlderGatewayInTheMeantime_NotRepeated) {
  keys_.LoseAnswers(3377, 1);
  hooks_.sleep = [&](milliseconds) {
    keys_.Keep(false);
    FlowRequest other = request_;
    other.set_flow_id(1);
    EXPECT_TRUE(client_.TriggerFlow(other).ok());
  };
  const FlowResult result = Repeat();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
  EXPECT_EQ(keys_.ExecutionsOf(3377), 1);
}

TEST_F(FlowClientKeyTest, CallWithoutAKey_SaysNothingAboutKeys) {
  ASSERT_TRUE(client_.TriggerFlow(request_).ok());
  ASSERT_TRUE(client_.TriggerFlow(MakeRequest()).ok());
  EXPECT_EQ(client_.KeepsKeys(), true);
  keys_.LoseAnswers(3377, 1);
  EXPECT_FALSE(client_.TriggerFlowWithRepeat(MakeRequest(), {}, {}, hooks_).ok());
  EXPECT_EQ(keys_.ExecutionsOf(3377), 3) << "without a key nothing is repeated";
}

TEST_F(FlowClientKeyTest, Doubt_NotRepeatedAndTold) {
  FakeFlowService gateway(
      keys_.Around(AnswerInTurn({grpc::Status(grpc::StatusCode::UNKNOWN, "")})));
  client_ = ClientOf(gateway.address());
  options_.max_attempts = 5;
  const FlowResult result = Repeat();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().key_state, KeyState::kDoubt);
  EXPECT_EQ(result.error().execution, Execution::kUnknown);
  EXPECT_EQ(gateway.requests().size(), 2U) << "the doubt is final";
}

TEST_F(FlowClientKeyTest, AsynchronousCall_KeptIsKnown) {
  keys_.LoseAnswers(3377, 1);
  std::promise<FlowResult> done;
  client_.TriggerFlowAsync(request_, {}, [&](FlowResult result) { done.set_value(result); });
  const FlowResult result = done.get_future().get();
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error().key_kept);
  EXPECT_TRUE(result.error().SafeToRepeatWithSameKey());
  EXPECT_EQ(client_.KeepsKeys(), true);
}

struct HeadersCase {
  const char* name;
  ScriptedHttp2Server::Fate fate;
  std::optional<bool> alone;  // what KeepsKeys says after such a call
  bool after_kept;            // and where it was true before
};

class KeepsKeysTest : public ::testing::TestWithParam<HeadersCase> {};

// Initial metadata that says nothing is an older gateway's word; none at all is nobody's.
TEST_P(KeepsKeysTest, InitialMetadataOfACall_ToldFromNone) {
  using Fate = ScriptedHttp2Server::Fate;
  FlowRequest request;
  request.set_idempotency_key("k");
  ScriptedHttp2Server once({GetParam().fate});
  const FlowClient alone = ClientOf(once.address());
  alone.TriggerFlow(request);
  EXPECT_EQ(alone.KeepsKeys(), GetParam().alone);
  ScriptedHttp2Server twice({Fate::kHeadersWithKeys, GetParam().fate});
  const FlowClient before = ClientOf(twice.address());
  const FlowResult lost = before.TriggerFlow(request);
  ASSERT_FALSE(lost.ok());
  EXPECT_TRUE(lost.error().key_kept);
  before.TriggerFlow(request);
  EXPECT_EQ(before.KeepsKeys(), GetParam().after_kept);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, KeepsKeysTest,
    ::testing::Values(
        HeadersCase{"answered", ScriptedHttp2Server::Fate::kAnswered, false, false},
        HeadersCase{"headers_only", ScriptedHttp2Server::Fate::kHeadersOnly, false, false},
        HeadersCase{"kept", ScriptedHttp2Server::Fate::kHeadersWithKeys, true, true},
        HeadersCase{"trailers_only", ScriptedHttp2Server::Fate::kTrailersOnly, std::nullopt, true},
        HeadersCase{"reset", ScriptedHttp2Server::Fate::kRefused, std::nullopt, true},
        HeadersCase{"closed", ScriptedHttp2Server::Fate::kConnectionClosed, std::nullopt, true}),
    [](const auto& row) { return row.param.name; });

TEST(RepeatHooksTest, Real_RandomWithinItsRangeAndClockRuns) {
  const RepeatHooks hooks = RepeatHooks::Real();
  for (int i = 0; i < 100; ++i) {
    const double random = hooks.random();
    EXPECT_GE(random, 0.0);
    EXPECT_LT(random, 1.0);
  }
  const auto before = hooks.now();
  hooks.sleep(milliseconds(0));
  EXPECT_GE(hooks.now(), before);
}

// A server with a certificate for gateway.example.com, and the client's side of it.
class FlowClientTlsTest : public ::testing::Test {
 protected:
  std::shared_ptr<grpc::ServerCredentials> Credentials(bool ask_for_client_certificate) const {
    grpc::SslServerCredentialsOptions options(
        ask_for_client_certificate ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                   : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_root_certs = authority_.certificate_pem;
    options.pem_key_cert_pairs.push_back(
        {certificate_.private_key_pem, certificate_.certificate_pem});
    return grpc::SslServerCredentials(options);
  }

  FlowResult Call(ChannelOptions options, const FakeFlowService& gateway) const {
    options.address = gateway.address();
    options.security = Security::kTls;
    return FlowClient(MakeChannel(options).value()).TriggerFlow(MakeRequest());
  }

  const sandbox::TestCertificate authority_ = sandbox::MakeTestAuthority("client");
  const sandbox::TestCertificate certificate_ =
      sandbox::MakeTestServerCertificate(authority_, {{"gateway.example.com"}, {}});
  const TempFolder folder_;
  const std::string ca_file_ = folder_.Write("ca.pem", authority_.certificate_pem);
};

TEST_F(FlowClientTlsTest, CaAndServerNameRight_CallSucceeds) {
  FakeFlowService gateway(AnswerId("i"), Credentials(false));
  ChannelOptions options;
  options.ca_file = ca_file_;
  options.server_name = "gateway.example.com";
  EXPECT_TRUE(Call(options, gateway).ok());
}

TEST_F(FlowClientTlsTest, ServerNameWrong_NothingSent) {
  FakeFlowService gateway(AnswerId("i"), Credentials(false));
  ChannelOptions options;
  options.ca_file = ca_file_;
  options.server_name = "other.example.com";
  const FlowResult result = Call(options, gateway);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error().SafeToRepeat());
  EXPECT_EQ(result.error().reason_kind, Reason::GATEWAY_UNREACHABLE);
  EXPECT_TRUE(gateway.requests().empty());
}

TEST_F(FlowClientTlsTest, CaNotTrusted_NothingSent) {
  FakeFlowService gateway(AnswerId("i"), Credentials(false));
  ChannelOptions options;
  options.ca_file = folder_.Write("other.pem", sandbox::MakeTestAuthority("other").certificate_pem);
  options.server_name = "gateway.example.com";
  EXPECT_FALSE(Call(options, gateway).ok());
  EXPECT_TRUE(gateway.requests().empty());
}

TEST_F(FlowClientTlsTest, PlaintextPort_SaidSo) {
  FakeFlowService gateway(AnswerId("i"));
  ChannelOptions options;
  options.ca_file = ca_file_;
  EXPECT_THAT(Call(options, gateway).error().message,
              HasSubstr("does not speak TLS at this address: call it in plaintext"));
}

TEST_F(FlowClientTlsTest, CalledInPlaintext_SaidSo) {
  FakeFlowService gateway(AnswerId("i"), Credentials(false));
  EXPECT_THAT(ClientOf(gateway.address()).TriggerFlow(MakeRequest()).error().message,
              HasSubstr("as a TLS port does if it is called in plaintext"));
}

TEST_F(FlowClientTlsTest, ClientCertificateAsked_SentFromItsFiles) {
  FakeFlowService gateway(AnswerId("i"), Credentials(true));
  const auto own = sandbox::MakeTestClientCertificate(authority_);
  ChannelOptions options;
  options.ca_file = ca_file_;
  options.server_name = "gateway.example.com";
  options.cert_file = folder_.Write("own.pem", own.certificate_pem);
  options.key_file = folder_.Write("own.key", own.private_key_pem);
  EXPECT_TRUE(Call(options, gateway).ok());
}

}  // namespace
}  // namespace enos::flow
