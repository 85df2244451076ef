// `enos-flow trigger --batch` against faults and kills: what its results say is compared with what
// the sandbox did.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sandbox/enos/json_value.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using sandbox::JsonValue;
using ::testing::HasSubstr;

constexpr int kLines = 1000;
constexpr int kConcurrency = 32;
// As many flows as there are concurrent calls never get an answer: when the last of them has been
// sent, all of them are in flight, and none after them is sent.
constexpr int kFirstHanging = 300;
constexpr int kLastHanging = kFirstHanging + kConcurrency - 1;

std::vector<std::string> Hang(std::vector<std::string> more = {}) {
  for (int flow = kFirstHanging; flow <= kLastHanging; ++flow) {
    more.push_back(absl::StrCat("--fault=", flow, ":hang"));
  }
  return more;
}

// At two places as many flows as there are concurrent calls take a while, so that all of them are
// in flight at once.
std::vector<std::string> Slow() {
  std::vector<std::string> flags;
  for (const int first : {kFirstHanging, 2 * kFirstHanging}) {
    for (int flow = first; flow < first + kConcurrency; ++flow) {
      flags.push_back(absl::StrCat("--fault=", flow, ":latency=2s"));
    }
  }
  return flags;
}

bool WaitForHanging(SandboxProcess& sandbox) {
  return sandbox.WaitForLine(absl::StrCat(" flow=", kLastHanging, " ")).has_value();
}

std::string Text(const JsonValue& value, const std::string& name) {
  const JsonValue* const found = value.Find(name);
  return found == nullptr ? "" : found->text;
}

// What a results file says about a line in the end, and everything it ever said.
struct Line {
  std::string outcome;
  std::string execution;
  std::string instance_id;
  int sent = 0;     // SENDING records
  int unknown = 0;  // results that leave it open
};

class BatchTest : public testing::Test {
 protected:
  BatchTest() {
    std::ofstream input(input_);
    for (int flow = 1; flow <= kLines; ++flow) input << "{\"flow_id\":" << flow << "}\n";
  }

  ProcessOptions Command(const std::string& address, std::vector<std::string> more = {}) const {
    std::vector<std::string> flags = {"trigger",
                                      "--address=" + address,
                                      "--batch=" + input_,
                                      "--results=" + results_,
                                      "--user_id=u-1",
                                      "--org_id=o-1",
                                      absl::StrCat("--concurrency=", kConcurrency),
                                      "--timeout=2m"};
    flags.insert(flags.end(), more.begin(), more.end());
    return FlowCommand(std::move(flags));
  }

  // By flow id, which is also the line's number.
  std::map<int, Line> Results() const {
    std::map<int, Line> lines;
    const std::string text = ReadFile(results_);
    for (const auto& record_text : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const auto record = sandbox::ParseJson(std::string(record_text));
      if (!record) {
        ADD_FAILURE() << "no JSON: " << record_text;
        continue;
      }
      Line& line = lines[static_cast<int>(record->Find("line")->integer)];
      line.outcome = Text(*record, "outcome");
      line.execution = Text(*record, "execution");
      line.instance_id = Text(*record, "flow_instance_id");
      if (line.outcome == "SENDING") ++line.sent;
      if (line.execution == "UNKNOWN") ++line.unknown;
    }
    return lines;
  }

  // How often the sandbox started each flow.
  static std::map<int, int> Executions(const SandboxProcess& sandbox) {
    std::map<int, int> executions;
    const auto view = sandbox::ParseJson(sandbox.View("/_sandbox/calls?limit=100000"));
    if (!view) {
      ADD_FAILURE() << "the view of calls is no JSON";
      return executions;
    }
    for (const JsonValue& call : view->Find("calls")->items) {
      if (call.Find("executed")->flag) ++executions[static_cast<int>(call.Find("flowId")->integer)];
    }
    return executions;
  }

  // Every line that has a result in the end was reported correctly. `may_repeat`: UNKNOWN lines
  // were sent again with somebody's consent.
  static void Compare(const std::map<int, Line>& lines, std::map<int, int> executions,
                      bool may_repeat) {
    for (const auto& [flow, line] : lines) {
      const int executed = executions[flow];
      const int earlier = may_repeat ? line.sent - 1 : 0;
      if (line.outcome == "OK") {
        EXPECT_GE(executed, 1) << flow;
        EXPECT_LE(executed, 1 + earlier) << flow;
      } else if (line.execution == "NOT_EXECUTED") {
        EXPECT_LE(executed, earlier) << flow;
      } else {
        EXPECT_LE(executed, 1 + earlier) << flow;
      }
      if (!may_repeat) {
        EXPECT_LE(executed, 1) << "flow " << flow << " ran twice";
      }
    }
    for (const auto& [flow, count] : executions) {
      if (count > 0) {
        EXPECT_EQ(lines.count(flow), 1U) << "ran without a record: " << flow;
      }
    }
  }

  const TempFolder folder_;
  const std::string input_ = folder_.path("flows.ndjson");
  const std::string results_ = folder_.path("results.ndjson");
};

TEST_F(BatchTest, AThousandLinesAndManyFaults_EachResultIsTrue) {
  SandboxProcess sandbox({"--quiet", "--random_faults=0.3", "--seed=7"});
  GatewayProcess gateway(GatewayOptions(sandbox.url()));
  Process command(Command(gateway.address(), {"--retries=3"}));
  EXPECT_EQ(command.Wait().status, 1) << command.err();
  const auto lines = Results();
  EXPECT_EQ(lines.size(), static_cast<size_t>(kLines));
  int failed = 0;
  for (const auto& [flow, line] : lines) {
    EXPECT_NE(line.outcome, "SENDING") << flow;
    failed += line.outcome == "FAILED" ? 1 : 0;
  }
  EXPECT_GT(failed, 20) << "the faults did not come through";
  Compare(lines, Executions(sandbox), /*may_repeat=*/false);
}

TEST_F(BatchTest, KilledInTheMiddleAndGivenAgain_NoFlowRunsTwice) {
  SandboxProcess sandbox(Hang({"--random_faults=0.1"}));
  GatewayProcess gateway(GatewayOptions(sandbox.url()));
  std::vector<int> left_open;
  {
    Process command(Command(gateway.address()));
    ASSERT_TRUE(WaitForHanging(sandbox));
    command.Signal(SIGKILL);
    EXPECT_EQ(command.Wait().signal, SIGKILL);
    for (const auto& [flow, line] : Results()) {
      if (line.outcome == "SENDING") left_open.push_back(flow);
    }
    EXPECT_THAT(left_open, testing::SizeIs(kConcurrency));
    EXPECT_EQ(left_open.front(), kFirstHanging);
  }
  Process again(Command(gateway.address()));
  EXPECT_EQ(again.Wait().status, 1);
  EXPECT_THAT(again.err(), HasSubstr("are left alone: "));
  const auto lines = Results();
  EXPECT_EQ(lines.size(), static_cast<size_t>(kLines));
  for (const int flow : left_open) {
    EXPECT_EQ(lines.at(flow).sent, 1) << flow;
    EXPECT_EQ(lines.at(flow).execution, "UNKNOWN") << flow;
  }
  Compare(lines, Executions(sandbox), /*may_repeat=*/false);
}

TEST_F(BatchTest, RepeatedWithConsent_OnlyTheUnclearLinesAreSentAgain) {
  SandboxProcess sandbox({"--quiet", "--random_faults=0.2"});
  GatewayProcess gateway(GatewayOptions(sandbox.url()));
  Process first(Command(gateway.address()));
  EXPECT_EQ(first.Wait().status, 1) << first.err();
  const auto before = Results();
  Process again(Command(gateway.address(), {"--repeat_unknown"}));
  (void)again.Wait();
  const auto after = Results();
  for (const auto& [flow, line] : after) {
    EXPECT_EQ(line.sent, before.at(flow).outcome == "OK" ? 1 : 2) << flow;
  }
  Compare(after, Executions(sandbox), /*may_repeat=*/true);
}

TEST_F(BatchTest, GatewayKilledInTheMiddle_StopsAndTheRestComesLater) {
  SandboxProcess sandbox(Hang());
  {
    GatewayProcess gateway(GatewayOptions(sandbox.url()));
    Process command(Command(gateway.address()));
    ASSERT_TRUE(WaitForHanging(sandbox));
    gateway.Signal(SIGKILL);
    EXPECT_EQ(command.Wait().status, 1);
    EXPECT_THAT(command.err(), HasSubstr("stopped early: no connection to the gateway"));
    EXPECT_THAT(command.err(), HasSubstr(" not sent."));
  }
  GatewayProcess gateway(GatewayOptions(sandbox.url()));
  Process again(Command(gateway.address()));
  EXPECT_EQ(again.Wait().status, 1) << "what was under way when the gateway died stays unclear";
  const auto lines = Results();
  EXPECT_EQ(lines.size(), static_cast<size_t>(kLines));
  EXPECT_EQ(lines.at(kLastHanging).execution, "UNKNOWN");
  Compare(lines, Executions(sandbox), /*may_repeat=*/false);
}

TEST_F(BatchTest, InterruptedOnce_WaitsForWhatIsUnderWay) {
  SandboxProcess sandbox(Hang());
  GatewayProcess gateway(GatewayOptions(sandbox.url(), {"--upstream_timeout=2s"}));
  Process command(Command(gateway.address()));
  ASSERT_TRUE(WaitForHanging(sandbox));
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait().status, 1);
  EXPECT_THAT(command.err(), HasSubstr("stopping; waiting for the calls in flight"));
  const auto lines = Results();
  for (const auto& [flow, line] : lines) EXPECT_NE(line.outcome, "SENDING") << flow;
  EXPECT_EQ(lines.at(kLastHanging).execution, "UNKNOWN");
  Compare(lines, Executions(sandbox), /*may_repeat=*/false);
}

TEST_F(BatchTest, InterruptedTwice_EndsAtOnce) {
  SandboxProcess sandbox(Hang());
  GatewayProcess gateway(GatewayOptions(sandbox.url()));
  Process command(Command(gateway.address()));
  ASSERT_TRUE(WaitForHanging(sandbox));
  command.Signal(SIGINT);
  ASSERT_TRUE(command.WaitForLine("stopping"));
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait().signal, SIGINT);
  EXPECT_EQ(Results().at(kFirstHanging).outcome, "SENDING");
}

// The gateway keeps keys: a thousand lines, the command killed twice, each time with as many calls
// in flight as it makes.
TEST_F(BatchTest, KilledTwiceWithKeys_EachFlowRunsOnceAndNobodyIsAsked) {
  SandboxProcess sandbox(Slow());
  ProcessOptions with_store = GatewayOptions(sandbox.url());
  with_store.environment["ENOS_GATEWAY_IDEMPOTENCY_STORE"] = "sqlite:" + folder_.path("keys");
  GatewayProcess gateway(with_store);
  for (const int flow : {kFirstHanging, 2 * kFirstHanging}) {
    Process command(Command(gateway.address()));
    ASSERT_TRUE(sandbox.WaitForLine(absl::StrCat(" flow=", flow + kConcurrency - 1, " ")));
    command.Signal(SIGKILL);
    EXPECT_EQ(command.Wait().signal, SIGKILL);
    int left_open = 0;
    for (const auto& [line_flow, line] : Results()) left_open += line.outcome == "SENDING" ? 1 : 0;
    EXPECT_GE(left_open, kConcurrency / 2);
  }
  Process last(Command(gateway.address()));
  EXPECT_EQ(last.Wait().status, 0) << last.err();
  EXPECT_THAT(last.err(), testing::MatchesRegex(
                              "enos-flow: 1000 lines: [0-9]+ started, [0-9]+ started before.\n"));
  const auto executions = Executions(sandbox);
  EXPECT_EQ(executions.size(), static_cast<size_t>(kLines));
  for (const auto& [flow, count] : executions) EXPECT_EQ(count, 1) << flow;
}

}  // namespace
}  // namespace enos::e2e
