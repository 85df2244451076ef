// Who may call: policy, bearer tokens and the per-caller limit, through the real program. Refused
// calls never reach EnOS.
#include "tests/e2e/support/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "enos/flow/error.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using gateway::KeySet;
using gateway::TokenMaker;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Reason(const CallOutcome& outcome) {
  return outcome.status.ok() ? "OK" : flow::FlowErrorFromStatus(outcome.status).reason;
}

TEST_F(AccessTest, CallsOfAllKinds_OnlyWhatIsAllowedIsSent) {
  GatewayProcess gateway(Options());
  const auto channel = OwnChannel(gateway.address());
  const TokenMaker stranger = TokenMaker::Rsa();
  const std::string alice = TokenOf("alice");
  EXPECT_EQ(Reason(Call(channel, RequestFor(1), alice)), "OK");
  EXPECT_EQ(sent_, 1);

  const struct {
    std::string token;
    int flow_id;
    const char* reason;
    grpc::StatusCode code;
    const char* cause;
  } refused[] = {
      {"", 1, "CALLER_UNAUTHENTICATED", grpc::UNAUTHENTICATED, "no identity"},
      {"nonsense", 1, "CALLER_UNAUTHENTICATED", grpc::UNAUTHENTICATED, "token malformed"},
      {TokenOf("alice", stranger), 1, "CALLER_UNAUTHENTICATED", grpc::UNAUTHENTICATED,
       "token signature wrong"},
      {TokenOf("alice", Maker(), "k1", -60), 1, "CALLER_UNAUTHENTICATED", grpc::UNAUTHENTICATED,
       "token expired"},
      {TokenOf("alice", Maker(), "k1", 60, "vault"), 1, "CALLER_UNAUTHENTICATED",
       grpc::UNAUTHENTICATED, "token for another audience"},
      {TokenOf("bob"), 1, "CALLER_NOT_ALLOWED", grpc::PERMISSION_DENIED,
       "no rule names the caller"},
      {alice, 100, "CALLER_NOT_ALLOWED", grpc::PERMISSION_DENIED, "flow_id not allowed"},
      // Invalid: names no flow, so the policy is not asked.
      {alice, -1, "INVALID_REQUEST", grpc::INVALID_ARGUMENT, ""},
      // But an unknown caller is not told what is wrong with the request.
      {"", -1, "CALLER_UNAUTHENTICATED", grpc::UNAUTHENTICATED, "no identity"},
  };
  for (const auto& row : refused) {
    const CallOutcome outcome = Call(channel, RequestFor(row.flow_id), row.token);
    EXPECT_EQ(Reason(outcome), row.reason) << row.cause;
    EXPECT_EQ(outcome.status.error_code(), row.code);
    EXPECT_EQ(flow::FlowErrorFromStatus(outcome.status).execution, flow::Execution::kNotExecuted);
    if (*row.cause != '\0') {
      EXPECT_TRUE(gateway.WaitForLine("cause=\"" + std::string(row.cause) + "\"")) << row.cause;
    }
  }
  EXPECT_EQ(sent_, 1);
  EXPECT_THAT(gateway.WaitForLine("cause=\"flow_id not allowed\"").value_or(""),
              AllOf(HasSubstr("caller=sub:alice"), HasSubstr("peer=ipv4:127.0.0.1:")));
}

TEST_F(AccessTest, LineListening_SaysWhatProtectsThePort) {
  GatewayProcess guarded(Options());
  EXPECT_THAT(guarded.WaitForLine("listening").value_or(""),
              HasSubstr(" tls=off mtls=off policy=on tokens=on"));
  GatewayProcess open(GatewayOptions(enos_.url()));
  EXPECT_THAT(open.WaitForLine("listening").value_or(""),
              HasSubstr(" tls=off mtls=off policy=off tokens=off"));
}

TEST_F(AccessTest, HealthAndReflection_NeedNoIdentity) {
  GatewayProcess gateway(Options());
  EXPECT_TRUE(WaitForHealth(OwnChannel(gateway.address()), Health::kServing));
}

// Calls of alice and bob, until the log has `line`; then one more of each. Every one of them is
// allowed or refused, and only the allowed ones are sent.
struct UnderLoad {
  int ok = 0;
  std::string last_alice;
  std::string last_bob;
};
UnderLoad CallUntil(Process& gateway, const std::string& address, const std::string& line,
                    const std::string& alice, const std::string& bob,
                    const std::string& refused_with) {
  UnderLoad result;
  const auto channel = OwnChannel(address);
  CallsAtOnce calls;
  for (bool seen = false; !seen;) {
    seen = gateway.all_output().find(line) != std::string::npos;
    for (int i = 0; i < 20; ++i) calls.Start(channel, RequestFor(1), true, i % 2 ? alice : bob);
    for (const CallOutcome& outcome : calls.WaitForAll()) {
      result.ok += outcome.status.ok() ? 1 : 0;
      if (!outcome.status.ok()) {
        EXPECT_EQ(Reason(outcome), refused_with);
      }
    }
  }
  const auto last = [&](const std::string& token) {
    const CallOutcome outcome = Call(channel, RequestFor(1), token);
    result.ok += outcome.status.ok() ? 1 : 0;
    return Reason(outcome);
  };
  result.last_alice = last(alice);
  result.last_bob = last(bob);
  return result;
}

TEST_F(AccessTest, PolicySwappedUnderLoad_NoCallIsLost) {
  GatewayProcess gateway(Options());
  const std::string alice = TokenOf("alice");
  const std::string bob = TokenOf("bob");
  EXPECT_EQ(Reason(Call(OwnChannel(gateway.address()), RequestFor(1), alice)), "OK");
  contents_["policy.json"] = PolicyFor("bob");
  files_.Swap(contents_);
  const UnderLoad result =
      CallUntil(gateway, gateway.address(), "policy reloaded", alice, bob, "CALLER_NOT_ALLOWED");
  EXPECT_EQ(result.last_alice, "CALLER_NOT_ALLOWED");
  EXPECT_EQ(result.last_bob, "OK");
  EXPECT_EQ(sent_, result.ok + 1);

  contents_["policy.json"] = PolicyFor("alice").substr(0, 40);  // half of it
  files_.Swap(contents_);
  const UnderLoad kept = CallUntil(gateway, gateway.address(), "policy not reloaded", alice, bob,
                                   "CALLER_NOT_ALLOWED");
  EXPECT_EQ(kept.last_alice, "CALLER_NOT_ALLOWED");
  EXPECT_EQ(kept.last_bob, "OK");
}

TEST_F(AccessTest, KeysRotatedUnderLoad_OldAndNewAreTakenInTurn) {
  const TokenMaker next = TokenMaker::Ec();
  const std::string old_token = TokenOf("alice");
  const std::string new_token = TokenOf("alice", next, "k2");
  GatewayProcess gateway(Options());
  contents_["keys.json"] = KeySet(Maker().Jwk("k1") + "," + next.Jwk("k2"));
  files_.Swap(contents_);
  const UnderLoad both = CallUntil(gateway, gateway.address(), "keys of tokens reloaded", old_token,
                                   new_token, "CALLER_UNAUTHENTICATED");
  EXPECT_EQ(both.last_alice, "OK");
  EXPECT_EQ(both.last_bob, "OK");
  EXPECT_EQ(sent_, both.ok);
}

TEST_F(AccessTest, OneCallerTooMany_OthersAndItsNextCallAreServed) {
  contents_["policy.json"] =
      R"({"rules":[{"callers":["*"],"org_ids":["*"],"user_ids":["*"],"flow_ids":["*"]}]})";
  files_.Swap(contents_);
  GatewayProcess gateway(Options({"--max_in_flight_per_caller=1"}));
  const auto channel = OwnChannel(gateway.address());
  const std::string alice = TokenOf("alice");
  ASSERT_TRUE(WaitForHealth(channel, Health::kServing));
  enos_.Hold();
  CallsAtOnce calls;
  calls.Start(channel, RequestFor(1), true, alice);
  ASSERT_TRUE(enos_.WaitForHeld(1));
  const CallOutcome refused = Call(channel, RequestFor(2), alice);
  EXPECT_EQ(Reason(refused), "GATEWAY_OVERLOADED");
  EXPECT_TRUE(flow::FlowErrorFromStatus(refused.status).retry_after);
  EXPECT_EQ(flow::FlowErrorFromStatus(refused.status).execution, flow::Execution::kNotExecuted);
  calls.Start(channel, RequestFor(3), true, TokenOf("bob"));
  ASSERT_TRUE(enos_.WaitForHeld(2));
  enos_.Release();
  for (const CallOutcome& outcome : calls.WaitForAll()) EXPECT_EQ(Reason(outcome), "OK");
  // Each call as soon as the previous one is answered.
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Reason(Call(channel, RequestFor(4), alice)), "OK");
}

struct BadStart {
  const char* name;
  const char* file;
  const char* content;
  const char* says;
};

class AccessAtTheStart : public AccessTest, public testing::WithParamInterface<BadStart> {};

TEST_P(AccessAtTheStart, BadFile_StopsItWithOneLine) {
  contents_[GetParam().file] = GetParam().content;
  files_.Swap(contents_);
  Process gateway(Options());
  EXPECT_EQ(gateway.Wait().status, 2);
  EXPECT_THAT(gateway.err(), HasSubstr(GetParam().says));
  const std::string err = gateway.err();
  EXPECT_EQ(err.find("enos-flow-gateway: --"), err.rfind("enos-flow-gateway: --"));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, AccessAtTheStart,
    testing::Values(
        BadStart{"PolicyWithATypo", "policy.json",
                 R"({"rules":[{"callers":["*"],"org_id":["o"],"user_ids":["*"],"flow_ids":[1]}]})",
                 R"(policy.json" is not valid: $.rules[0]: unknown member "org_id", expected)"},
        BadStart{"PolicyNoJson", "policy.json", "{\n  rules: []\n}",
                 R"(policy.json" is not valid: line 2, column 7: )"},
        BadStart{"KeysWithoutAKey", "keys.json", R"({"keys":[]})",
                 R"(keys.json" is not valid: has no key for signatures)"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace enos::e2e
