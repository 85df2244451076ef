// The example project, built against the installed client library, against a gateway and a sandbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class ClientPackageTest : public testing::Test {
 protected:
  CommandResult Run(std::vector<std::string> flow_ids) {
    flow_ids.insert(flow_ids.begin(), {gateway_.address(), "u-1", "o-1"});
    Process example({ENOS_EXAMPLE, std::move(flow_ids), {}});
    const ProcessEnd end = example.Wait();
    return {end.status.value_or(-1), example.out(), example.err()};
  }

  SandboxProcess sandbox_{{"--fault=500:reset", "--run_time=1s"}};
  GatewayProcess gateway_{GatewayOptions(sandbox_.url())};
};

TEST_F(ClientPackageTest, OneFlow_StartedByABlockingCall) {
  const CommandResult result = Run({"3377"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, MatchesRegex("3377 3377-[0-9]+\n"));
}

TEST_F(ClientPackageTest, OneFlowWithWait_WatchedToItsEnd) {
  const CommandResult result = Run({"3377", "--wait"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("3377 3377-"));
  EXPECT_THAT(result.out, EndsWith(" FLOW_INSTANCE_STATE_SUCCEEDED\n"));
}

TEST_F(ClientPackageTest, SeveralFlows_StartedByAsynchronousCalls) {
  const CommandResult result = Run({"1", "2", "3"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, MatchesRegex("1 1-[0-9]+\n2 2-[0-9]+\n3 3-[0-9]+\n"));
}

TEST_F(ClientPackageTest, FailedFlows_SaysWhichMayBeRunning) {
  const CommandResult result = Run({"62104", "500"});
  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("62104 FAILED_PRECONDITION (FLOW_HAS_NO_TASK): "),
                                HasSubstr("It was certainly not started.\n"),
                                HasSubstr("500 UNKNOWN (ENOS_CONNECTION_LOST): "),
                                HasSubstr("It MAY have been started: look in EnOS first.\n")));
}

TEST_F(ClientPackageTest, NoGateway_SaysThatNothingWasStarted) {
  Process example({ENOS_EXAMPLE, {"127.0.0.1:1", "u-1", "o-1", "1"}, {}});
  EXPECT_EQ(example.Wait().status, 1);
  EXPECT_THAT(example.out(),
              AllOf(HasSubstr("GATEWAY_UNREACHABLE"), HasSubstr("It was certainly not started.")));
}

}  // namespace
}  // namespace enos::e2e
