// An EnOS that goes down and recovers, and what the gateway sends meanwhile.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/fake_enos.h"
#include "tests/wire/support/certificates.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/upstream.h"

namespace enos::gateway::testing {
namespace {

constexpr char kUnreachable[] = "UNAVAILABLE ENOS_UNREACHABLE NOT_EXECUTED";

bool IsRefusedByBreaker(const RpcOutcome& outcome) {
  return outcome.status.error_message().find("is given a rest") != std::string::npos;
}

class GatewayBreaker : public ::testing::Test {
 protected:
  // One attempt for each call; over TLS, so that an EnOS that only ever accepts is not reached.
  void Start() {
    Settings settings = SettingsFor(enos_.url());
    settings.enos_ca_file = TestAuthority::Instance().ca_file();
    settings.max_attempts = 1;
    gateway_ = std::make_unique<GatewayRunner>(std::move(settings));
    ASSERT_EQ(Summary(gateway_->Call()), "OK");
    for (std::uint64_t number = 1; number <= Connections(); ++number)
      enos_.server().EndConnection(number, sandbox::Ending::kClose);
    ASSERT_TRUE(enos_.server().counters().WaitForOpenConnections(0));
  }

  // Calls until the breaker refuses one; returns how many got another answer: ten, or more if the
  // machine stalled for longer than the breaker was open.
  std::uint64_t CallUntilRefused(const std::string& told) {
    for (std::uint64_t calls = 0;; ++calls) {
      const RpcOutcome outcome = gateway_->Call();
      if (IsRefusedByBreaker(outcome)) return calls;
      EXPECT_EQ(Summary(outcome), told) << outcome.status.error_message();
      if (HasFailure()) return calls;
    }
  }

  // Calls until one is OK; every other one was refused by the breaker, and reached nobody.
  void CallUntilOk() {
    const std::uint64_t connections = Connections();
    const std::uint64_t calls = enos_.calls();
    for (;;) {
      const RpcOutcome outcome = gateway_->Call();
      if (outcome.status.ok()) break;
      ASSERT_TRUE(IsRefusedByBreaker(outcome)) << outcome.status.error_message();
      ASSERT_EQ(Summary(outcome), kUnreachable);
      ASSERT_EQ(Connections(), connections);
      ASSERT_TRUE(outcome.error.retry_after.has_value());
    }
    EXPECT_EQ(enos_.calls(), calls + 1);
  }

  void ExpectClosed() {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(Summary(gateway_->Call()), "OK");
  }

  std::uint64_t Connections() { return enos_.server().counters().Get().connections_opened; }

  FakeEnos enos_{TestAuthority::Instance().ServerOptions()};
  std::unique_ptr<GatewayRunner> gateway_;
};

TEST_F(GatewayBreaker, PortThatRefuses_IsLeftAloneUntilItIsBack) {
  Start();
  enos_.Stop();
  {
    const RefusingPort port(enos_.server().port());
    EXPECT_GE(CallUntilRefused(kUnreachable), 10U);
  }
  enos_.Restart(TestAuthority::Instance().ServerOptions());
  CallUntilOk();
  ExpectClosed();
}

TEST_F(GatewayBreaker, ResetsAtConnect_CauseNoMoreConnectionsWhileOpen) {
  Start();
  enos_.AcceptWith(sandbox::AcceptAction::kResetAtConnect);
  const std::uint64_t before = Connections();
  const std::uint64_t told = CallUntilRefused(kUnreachable);
  EXPECT_GE(told, 10U);
  EXPECT_TRUE(enos_.WaitForAccepted(told));
  EXPECT_EQ(Connections(), before + told);
  enos_.AcceptWith(sandbox::AcceptAction::kServe);
  CallUntilOk();
  ExpectClosed();
}

// A call answered 503 may have run the flow, and its caller is told so.
TEST_F(GatewayBreaker, Answers503_AreUnknownAndThenCallsAreNotExecuted) {
  Start();
  const std::uint64_t before = enos_.calls();
  enos_.AnswerWith(sandbox::Answer::Text(503, ""));
  const std::uint64_t told = CallUntilRefused("UNKNOWN ENOS_UNAVAILABLE UNKNOWN");
  EXPECT_GE(told, 10U);
  EXPECT_EQ(enos_.calls(), before + told);
  enos_.AnswerWith(FlowStartedAnswer());
  CallUntilOk();
  ExpectClosed();
}

TEST_F(GatewayBreaker, ProbeThatTakesItsTime_IsTheOnlyOne) {
  Start();
  enos_.AnswerWith(sandbox::Answer::Text(503, ""));
  CallUntilRefused("UNKNOWN ENOS_UNAVAILABLE UNKNOWN");
  enos_.Hold();
  const std::uint64_t before = enos_.calls();
  std::unique_ptr<Rpc> probe;
  while (enos_.calls() == before) {
    probe = std::make_unique<Rpc>(gateway_->channel(), RpcOptions());
    if (probe->EndsWithin(std::chrono::milliseconds(100))) {
      ASSERT_TRUE(IsRefusedByBreaker(probe->Wait())) << probe->Wait().status.error_message();
    }
  }
  ASSERT_TRUE(enos_.WaitForHeld(1));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(IsRefusedByBreaker(gateway_->Call()));
  EXPECT_EQ(enos_.calls(), before + 1);
  probe->Cancel();  // it continues, and its result counts
  EXPECT_TRUE(IsRefusedByBreaker(gateway_->Call()));
  enos_.AnswerWith(FlowStartedAnswer());
  enos_.AnswerHeld(FlowStartedAnswer());
  CallUntilOk();
  ExpectClosed();
}

}  // namespace
}  // namespace enos::gateway::testing
