// The contract's table, over real sockets: a fault at EnOS's socket, what the RPC's caller gets
// (code, reason, execution), and how many calls EnOS received.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/support/fake_enos.h"
#include "tests/wire/support/certificates.h"
#include "tests/wire/support/fault_rows.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

using ::testing::ValuesIn;

constexpr char kUnreachable[] = "UNAVAILABLE ENOS_UNREACHABLE NOT_EXECUTED";

class AnsweredFaultTest : public ::testing::TestWithParam<FaultRow> {};

Settings SettingsOf(const FaultRow& row, const FakeEnos& enos) {
  Settings settings = SettingsFor(enos.url());
  settings.upstream_timeout = row.timeout;
  return settings;
}

void Script(FakeEnos& enos, const FaultRow& row) {
  enos.AtHead(row.at_head);
  enos.AnswerWith(row.answer);
}

void ExpectTold(const FaultRow& row, const GatewayRunner& gateway) {
  RpcOptions options;
  options.parameter_bytes = row.parameter_bytes;
  const RpcOutcome outcome = gateway.Call(options);
  EXPECT_EQ(Summary(outcome), row.told) << outcome.status.error_message();
}

TEST_P(AnsweredFaultTest, OnAFreshConnection) {
  FakeEnos enos;
  Script(enos, GetParam());
  const GatewayRunner gateway(SettingsOf(GetParam(), enos));
  ExpectTold(GetParam(), gateway);
  EXPECT_EQ(enos.calls(), GetParam().calls);
}

TEST_P(AnsweredFaultTest, OnAConnectionThatWasUsedBefore) {
  FakeEnos enos;
  const GatewayRunner gateway(SettingsOf(GetParam(), enos));
  ASSERT_EQ(Summary(gateway.Call()), "OK");
  Script(enos, GetParam());
  ExpectTold(GetParam(), gateway);
  EXPECT_EQ(enos.calls(), 1 + GetParam().calls);
}

const auto kRowName = [](const auto& test) { return test.param.name; };
INSTANTIATE_TEST_SUITE_P(Wire, AnsweredFaultTest, ValuesIn(WireFaults()), kRowName);
INSTANTIATE_TEST_SUITE_P(HttpStatus, AnsweredFaultTest, ValuesIn(HttpStatusRows()), kRowName);
INSTANTIATE_TEST_SUITE_P(ResultCode, AnsweredFaultTest, ValuesIn(ResultCodeRows()), kRowName);
INSTANTIATE_TEST_SUITE_P(Malformed, AnsweredFaultTest, ValuesIn(MalformedRows()), kRowName);

// -- Faults before anything is sent: three attempts, not one call.

TEST(UnreachableTest, NameThatDoesNotExist) {
  Settings settings = SettingsFor("http://127.0.0.1");
  settings.enos_url.host = NameThatDoesNotExist();
  const GatewayRunner gateway(std::move(settings));
  EXPECT_EQ(Summary(gateway.Call()), kUnreachable);
}

TEST(UnreachableTest, RefusedFromTheStart) {
  const RefusingPort port;
  const GatewayRunner gateway("http://" + port.host_and_port());
  EXPECT_EQ(Summary(gateway.Call()), kUnreachable);
}

// A gateway that already has its token, in front of an EnOS over TLS.
class LostEnosTest : public ::testing::Test {
 protected:
  void Start(std::chrono::milliseconds connect_timeout = std::chrono::seconds(5)) {
    Settings settings = SettingsFor(enos_.url());
    settings.enos_ca_file = TestAuthority::Instance().ca_file();
    settings.connect_timeout = connect_timeout;
    gateway_ = std::make_unique<GatewayRunner>(std::move(settings));
    ASSERT_EQ(Summary(gateway_->Call()), "OK");
    EndCallsConnection();
  }

  // Closes that call's idle connection, so that the next call opens another one.
  void EndCallsConnection() {
    for (std::uint64_t number = 1; number <= enos_.server().counters().Get().connections_opened;
         ++number)
      enos_.server().EndConnection(number, sandbox::Ending::kClose);
    ASSERT_TRUE(enos_.server().counters().WaitForOpenConnections(0));
  }

  RpcOutcome Call() const { return gateway_->Call(); }
  void ExpectUnreachableAndNothingSent() {
    const RpcOutcome outcome = Call();
    EXPECT_EQ(Summary(outcome), kUnreachable) << outcome.status.error_message();
    EXPECT_TRUE(outcome.error.retry_after.has_value());
    EXPECT_EQ(enos_.calls(), 1U);
  }

  FakeEnos enos_{TestAuthority::Instance().ServerOptions()};
  std::unique_ptr<GatewayRunner> gateway_;
};

TEST_F(LostEnosTest, Refused) {
  Start();
  enos_.Stop();
  const RefusingPort port(enos_.server().port());
  ExpectUnreachableAndNothingSent();
}

TEST_F(LostEnosTest, ResetAtConnectIsTriedThreeTimes) {
  Start();
  const auto before = enos_.server().counters().Get().connections_opened;
  enos_.AcceptWith(sandbox::AcceptAction::kReset);
  ExpectUnreachableAndNothingSent();
  EXPECT_EQ(enos_.server().counters().Get().connections_opened, before + 3);
}

TEST_F(LostEnosTest, ClosedInTheHandshake) {
  Start();
  enos_.AcceptWith(sandbox::AcceptAction::kClose);
  ExpectUnreachableAndNothingSent();
}

TEST_F(LostEnosTest, CertificateOfAnotherHost) {
  Start();
  enos_.Stop();
  sandbox::TestServerName other;
  other.ip_addresses = {"127.0.0.2"};
  enos_.Restart(TestAuthority::Instance().ServerOptions(other));
  ExpectUnreachableAndNothingSent();
}

TEST_F(LostEnosTest, PlaintextWhereTlsWas) {
  Start();
  enos_.Stop();
  enos_.Restart({});
  ExpectUnreachableAndNothingSent();
}

TEST_F(LostEnosTest, ConnectTimeout) {
  Start(std::chrono::milliseconds(1000));  // enough for a successful handshake
  enos_.AcceptWith(sandbox::AcceptAction::kNeverRead);
  ExpectUnreachableAndNothingSent();
}

TEST_F(LostEnosTest, DeadlineWhileConnecting) {
  Start();
  enos_.AcceptWith(sandbox::AcceptAction::kNeverRead);
  RpcOptions options;
  options.timeout = std::chrono::milliseconds(300);
  EXPECT_EQ(Summary(gateway_->Call(options)), kUnreachable);
  EXPECT_EQ(enos_.calls(), 1U);
}

// Nothing was sent on the first connection, so the call is retried, and arrives once.
TEST_F(LostEnosTest, ThatComesBackIsSentTheCallOnce) {
  Start();
  enos_.Stop();
  enos_.Restart(TestAuthority::Instance().ServerOptions());
  EXPECT_EQ(Summary(Call()), "OK");
  EXPECT_EQ(enos_.calls(), 2U);
}

}  // namespace
}  // namespace enos::gateway::testing
