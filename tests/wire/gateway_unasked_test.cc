// What callers are told when an unsolicited response is waiting on a kept-alive connection to EnOS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_enos.h"
#include "tests/support/wait.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

using sandbox::Answer;

std::string Bytes(const Answer& answer) { return sandbox::AnswerBytes(answer, false, true); }

struct StaleCase {
  std::string name;
  Answer answer;
};

class StaleAnswerTest : public ::testing::TestWithParam<StaleCase> {};

// Each of these would cause a second execution, or be reported as not executed, or as another run.
TEST_P(StaleAnswerTest, CallIsExecutedOnceAndToldItsOwnRun) {
  FakeEnos enos;
  enos.AnswerWith(FlowStartedAnswer("3377-own"));
  const GatewayRunner gateway(enos.url());
  ASSERT_EQ(gateway.Call().instance_id, "3377-own");
  // The call's connection is the last one: the token used one before it.
  const std::uint64_t connection = enos.server().counters().Get().connections_opened;
  ASSERT_TRUE(Await(enos.server().SendUnasked(connection, Bytes(GetParam().answer))));

  const RpcOutcome outcome = gateway.Call();
  EXPECT_EQ(Summary(outcome), "OK");
  EXPECT_EQ(outcome.instance_id, "3377-own");
  EXPECT_EQ(enos.calls(), 2U);
}

INSTANTIATE_TEST_SUITE_P(
    All, StaleAnswerTest,
    ::testing::Values(StaleCase{"TooMany", Answer::Json(429, R"({"status":429})")},
                      StaleCase{"Unauthenticated", Answer::Json(401, R"({"status":401})")},
                      StaleCase{"NoTask", Answer::Json(200, R"({"status":62104})")},
                      StaleCase{"Invalid", Answer::Text(400, "")},
                      StaleCase{"Timeout", Answer::Text(408, "")},
                      StaleCase{"AnotherRun", FlowStartedAnswer("3377-other")}),
    [](const auto& test) { return test.param.name; });

// A proxy that duplicates answers, with a token's behind the refusal of the old one: the request
// for a new token comes next on that connection.
TEST(GatewayUnasked, TokenRequestIsNotAnsweredByItEither) {
  FakeEnos enos;
  enos.AnswerInTurn({Answer::Raw(Bytes(Answer::Json(401, "{}")) + Bytes(TokenAnswer("token-666")),
                                 sandbox::Ending::kServeNext),
                     FlowStartedAnswer()});
  const GatewayRunner gateway(enos.url());
  EXPECT_EQ(Summary(gateway.Call()), "OK");
  EXPECT_EQ(sandbox::FindHeader(enos.last_headers(), "apim-accesstoken"), enos.tokens().at(1));
  EXPECT_TRUE(enos.WaitForTokens(2));
}

}  // namespace
}  // namespace enos::gateway::testing
