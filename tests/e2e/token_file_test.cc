// A token from a file, sent by the real enos-flow to a real gateway that has a policy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/support/access.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using gateway::MountedFiles;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A command's output contains no part of a token.
void ExpectNoToken(const CommandResult& result) {
  for (const std::string& text : {result.out, result.err}) {
    EXPECT_THAT(text, Not(HasSubstr("eyJ")));
  }
}

class TokenFileTest : public AccessTest {
 protected:
  TokenFileTest() { Mount(TokenOf("alice")); }

  void Mount(std::string token) {
    token_.Swap(MountedFiles::Contents{{"token", std::move(token) + "\n"}});
  }

  CommandResult TriggerOne(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--user_id=u-1", "--org_id=o-1", "--flow_id=1"});
    CommandResult result = Trigger(gateway_.address(), std::move(more));
    ExpectNoToken(result);
    return result;
  }

  std::string flag() const { return "--token_file=" + token_.path("token"); }

  MountedFiles token_{MountedFiles::Contents{{"token", ""}}};
  GatewayProcess gateway_{Options()};
};

TEST_F(TokenFileTest, TokenOfSomebodyAllowed_FlowStarted) {
  const CommandResult result = TriggerOne({flag()});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, Not(IsEmpty()));
  EXPECT_TRUE(gateway_.WaitForLine("flow started caller=sub:alice"));
  EXPECT_EQ(sent_, 1);
  EXPECT_THAT(gateway_.all_output(), Not(HasSubstr("eyJ")));
}

TEST_F(TokenFileTest, UserIdIsInTheLogOnlyIfAskedFor) {
  ASSERT_EQ(TriggerOne({flag()}).status, 0);
  EXPECT_TRUE(gateway_.WaitForLine(" flow_id=1 "));
  EXPECT_THAT(gateway_.all_output(), Not(HasSubstr("u-1")));
  GatewayProcess gateway(Options({"--log_user_id"}));
  ASSERT_EQ(
      Trigger(gateway.address(), {flag(), "--user_id=u-1", "--org_id=o-1", "--flow_id=1"}).status,
      0);
  EXPECT_TRUE(gateway.WaitForLine(" org_id=o-1 user_id=u-1 method="));
}

TEST_F(TokenFileTest, WithoutOrForSomebodyElse_RefusedAndNothingSent) {
  const CommandResult without = TriggerOne();
  EXPECT_EQ(without.status, 1);
  EXPECT_THAT(without.err, AllOf(HasSubstr("UNAUTHENTICATED (CALLER_UNAUTHENTICATED)"),
                                 HasSubstr("certainly not started")));
  Mount(TokenOf("bob"));
  const CommandResult other = TriggerOne({flag(), "--output=json"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.out, HasSubstr(R"("code":"PERMISSION_DENIED","reason":"CALLER_NOT_ALLOWED")"));
  EXPECT_EQ(sent_, 0);
}

TEST_F(TokenFileTest, FileOfNoUse_WrongUsageAndNothingSent) {
  Mount("");
  const CommandResult empty = TriggerOne({flag()});
  EXPECT_EQ(empty.status, 2);
  EXPECT_EQ(empty.err, "enos-flow: " + flag() + ": is empty, expected a token\n");
  Mount(TokenOf("alice") + " " + TokenOf("alice"));
  EXPECT_EQ(TriggerOne({flag()}).status, 2);
  EXPECT_EQ(TriggerOne({"--token_file=" + TokenOf("alice")}).status, 2) << "in place of a path";
  EXPECT_EQ(sent_, 0);
}

TEST_F(TokenFileTest, FromVariableAndSettingsFile_Used) {
  ProcessOptions options = FlowCommand({"trigger", "--address=" + gateway_.address(),
                                        "--user_id=u-1", "--org_id=o-1", "--flow_id=1"});
  options.environment["ENOS_FLOW_TOKEN_FILE"] = token_.path("token");
  Process by_variable(options);
  EXPECT_EQ(by_variable.Wait().status, 0) << by_variable.err();

  const MountedFiles settings(
      MountedFiles::Contents{{"config.yaml", "token_file: " + token_.path("token")}});
  EXPECT_EQ(TriggerOne({"--config=" + settings.path("config.yaml")}).status, 0);
  EXPECT_EQ(sent_, 2);
}

// It is sent where there is one: a proxy in front may ask for it.
TEST_F(TokenFileTest, Health_NeedsNoToken) {
  Process health(FlowCommand({"health", "--address=" + gateway_.address()}));
  EXPECT_EQ(health.Wait().status, 0) << health.err();
  EXPECT_EQ(health.out(), "SERVING\n");
  Process with_token(FlowCommand(
      {"health", "--address=" + gateway_.address(), "--token_file=" + token_.path("token")}));
  EXPECT_EQ(with_token.Wait().status, 0) << with_token.err();
}

// Three flows, each sent when the previous one is answered.
class TokenFileBatchTest : public TokenFileTest {
 protected:
  CommandResult RunBatch() {
    const MountedFiles input(
        MountedFiles::Contents{{"flows", "{\"flow_id\":1}\n{\"flow_id\":2}\n{\"flow_id\":3}\n"}});
    CommandResult result =
        Trigger(gateway_.address(), {"--user_id=u-1", "--org_id=o-1", flag(), "--concurrency=1",
                                     "--retries=2", "--batch=" + input.path("flows")});
    ExpectNoToken(result);
    return result;
  }
};

TEST_F(TokenFileBatchTest, TokenReplacedBetweenCalls_NextOneIsUsed) {
  contents_["policy.json"] =
      R"({"rules":[{"callers":["*"],"org_ids":["o-1"],"user_ids":["u-1"],"flow_ids":["*"]}]})";
  files_.Swap(contents_);
  ASSERT_TRUE(gateway_.WaitForLine("policy reloaded"));
  on_flow_ = [this](int flow_id) {
    if (flow_id == 1) Mount(TokenOf("carol"));
  };
  const CommandResult result = RunBatch();
  EXPECT_EQ(result.status, 0) << result.err;
  const char* const callers[] = {"caller=sub:alice", "caller=sub:carol", "caller=sub:carol"};
  for (int flow = 1; flow <= 3; ++flow) {
    EXPECT_THAT(gateway_.WaitForLine(" flow_id=" + std::to_string(flow) + " ").value_or(""),
                HasSubstr(callers[flow - 1]));
  }
  EXPECT_EQ(sent_, 3);
}

TEST_F(TokenFileBatchTest, TokenGoneBetweenCalls_RestIsNotSent) {
  on_flow_ = [this](int) { Mount(""); };
  const CommandResult result = RunBatch();
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("stopped early: token_file=" + token_.path("token") +
                                          ": is empty, expected a token"),
                                HasSubstr("3 lines: 1 started, 2 not sent.")));
  EXPECT_EQ(sent_, 1);
}

}  // namespace
}  // namespace enos::e2e
