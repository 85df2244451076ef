#include "batch_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "batch_record.h"
#include "fake_flow_service.h"
#include "rich_status.h"
#include "run.h"
#include "tests/support/files.h"

namespace enos::flow::cli {
namespace {

using ::testing::AllOf;
using testing::FakeFlowService;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::NotExecuted;

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

// Flow 500 may have run, flow 429 did not; all others start.
grpc::Status AnswerByFlow(const FakeFlowService::Request& request,
                          FakeFlowService::Response& response) {
  if (request.flow_id() == 500) return {grpc::StatusCode::UNKNOWN, "lost"};
  if (request.flow_id() == 429) {
    return NotExecuted(grpc::StatusCode::RESOURCE_EXHAUSTED, "ENOS_RATE_LIMITED");
  }
  response.set_flow_instance_id(absl::StrCat(request.flow_id(), "-1"));
  return grpc::Status::OK;
}

class BatchTest : public ::testing::Test {
 protected:
  void WriteInput(const std::string& text) const { WriteFile(input_, text); }
  std::string Results() const { return enos::ReadFile(results_); }

  Outcome Run(std::vector<std::string> more) {
    std::vector<std::string> args = {"enos-flow", "trigger", "--address=" + gateway_.address(),
                                     "--user_id=u", "--org_id=o"};
    args.insert(args.end(), more.begin(), more.end());
    std::vector<const char*> argv;
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    std::istringstream in(typed_);
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err, terminal_, false, terminal_};
    const int status = RunEnosFlow(
        static_cast<int>(argv.size()), argv.data(),
        [](const std::string&) -> std::optional<std::string> { return std::nullopt; }, console);
    return {status, out.str(), err.str()};
  }
  Outcome RunWithResults(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--batch=" + input_, "--results=" + results_});
    return Run(std::move(more));
  }

  // How often each flow was called.
  int CallsOf(int flow_id) const {
    int calls = 0;
    for (const auto& request : gateway_.requests()) calls += request.flow_id() == flow_id ? 1 : 0;
    return calls;
  }

  FakeFlowService gateway_{
      [](auto&, const auto& request, auto& response) { return AnswerByFlow(request, response); }};
  const TempFolder folder_;
  const std::string input_ = folder_.path("flows.ndjson");
  const std::string results_ = folder_.path("results.ndjson");
  std::string typed_;
  bool terminal_ = false;
};

TEST_F(BatchTest, FromStandardInput_ResultsOnStandardOutput) {
  typed_ = "{\"flow_id\":1,\"id\":\"a\"}\n{\"flow_id\":429}\n{\"flow_id\":500}\n";
  const Outcome outcome = Run({"--batch", "-"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("{\"line\":1,\"id\":\"a\",\"outcome\":\"OK\",\"flow_instance_id\":"
                              "\"1-1\",\"attempts\":1,"),
                    HasSubstr("{\"line\":2,\"outcome\":\"FAILED\",\"code\":\"RESOURCE_EXHAUSTED\","
                              "\"reason\":\"ENOS_RATE_LIMITED\",\"execution\":\"NOT_EXECUTED\""),
                    HasSubstr("{\"line\":3,\"outcome\":\"FAILED\",\"code\":\"UNKNOWN\","
                              "\"execution\":\"UNKNOWN\",\"message\":\"lost\"")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("SENDING")));
  EXPECT_THAT(outcome.err, HasSubstr("3 lines: 1 started, 1 certainly not started, 1 MAY have been "
                                     "started.\n"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("\r"))) << "no bar where there is no terminal";
}

TEST_F(BatchTest, AllStarted_Status0) {
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":2}\n");
  const Outcome outcome = RunWithResults();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_EQ(outcome.err, "enos-flow: 2 lines: 2 started.\n");
}

TEST_F(BatchTest, BadLines_AllReportedNothingSent) {
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":\"x\"}\n[]\n");
  const Outcome outcome = RunWithResults();
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr(": line 2: flow_id=x: expected a whole number"),
                    HasSubstr(": line 3: expected an object"), HasSubstr(": nothing was sent\n")));
  EXPECT_THAT(gateway_.requests(), IsEmpty());
  EXPECT_NE(access(results_.c_str(), F_OK), 0) << "no results file either";
}

TEST_F(BatchTest, GivenAgain_StartedLinesSkippedOthersRepeatedUnknownLeftAlone) {
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":429}\n{\"flow_id\":500}\n");
  EXPECT_EQ(RunWithResults().status, 1);
  const Outcome again = RunWithResults();
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(CallsOf(1), 1);
  EXPECT_EQ(CallsOf(429), 2);
  EXPECT_EQ(CallsOf(500), 1);
  EXPECT_THAT(again.err, AllOf(HasSubstr("left alone: 3. Look in EnOS"),
                               HasSubstr("3 lines: 0 started, 1 started before, 1 certainly not "
                                         "started, 1 MAY have been started.")));
}

TEST_F(BatchTest, RepeatUnknown_SentWithoutAsking) {
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":500}\n");
  EXPECT_EQ(RunWithResults().status, 1);
  EXPECT_EQ(RunWithResults({"--repeat_unknown"}).status, 1);
  EXPECT_EQ(CallsOf(1), 1);
  EXPECT_EQ(CallsOf(500), 2);
}

struct AnswerCase {
  const char* name;
  const char* typed;
  std::set<int> repeated;
};

class AskTest : public BatchTest, public ::testing::WithParamInterface<AnswerCase> {};

TEST_P(AskTest, LinesThatMayHaveRun_RepeatedAsThePersonSays) {
  WriteInput("{\"flow_id\":500,\"id\":\"a\"}\n{\"flow_id\":500,\"id\":\"b\"}\n{\"flow_id\":2}\n");
  EXPECT_EQ(RunWithResults().status, 1);
  const size_t before = gateway_.requests().size();
  terminal_ = true;
  typed_ = GetParam().typed;
  const Outcome outcome = RunWithResults();
  EXPECT_THAT(outcome.err,
              HasSubstr("2 of the lines may already have started their flow: 1 (id a), "
                        "2 (id b).\n"));
  EXPECT_EQ(gateway_.requests().size() - before, GetParam().repeated.size());
  const std::string results = Results();
  for (const int line : {1, 2}) {
    const std::string mark = absl::StrCat("{\"line\":", line, ",\"id\":\"", line == 1 ? "a" : "b",
                                          "\",\"outcome\":\"SENDING\"");
    const bool twice = results.find(mark, results.find(mark) + 1) != std::string::npos;
    EXPECT_EQ(twice, GetParam().repeated.count(line) > 0) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, AskTest,
                         ::testing::Values(AnswerCase{"yes", "y\n", {1, 2}},
                                           AnswerCase{"no", "n\n", {}},
                                           AnswerCase{"enter", "\n", {}},
                                           AnswerCase{"end_of_input", "", {}},
                                           AnswerCase{"anything_else", "sure\n", {}},
                                           AnswerCase{"each", "e\nn\nyes\n", {2}},
                                           AnswerCase{"each_then_end", "e\ny\n", {1}}),
                         [](const auto& row) { return row.param.name; });

TEST_F(BatchTest, MarkWithoutResult_LeftAloneAndGivenAResult) {
  WriteInput("{\"flow_id\":7}\n{\"flow_id\":8}\n");
  RequestFields defaults;
  defaults.user_id = "u";
  defaults.org_id = "o";
  const auto lines = ReadBatch("{\"flow_id\":7}", defaults, absl::Now()).lines;
  WriteFile(results_, SendingRecord(lines[0]));
  const Outcome outcome = RunWithResults();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(CallsOf(7), 0);
  EXPECT_EQ(CallsOf(8), 1);
  EXPECT_THAT(Results(), HasSubstr("{\"line\":1,\"outcome\":\"FAILED\",\"code\":\"UNKNOWN\","
                                   "\"execution\":\"UNKNOWN\",\"message\":\"sent by an earlier"));
}

TEST_F(BatchTest, ChangedInput_RefusedNothingSent) {
  WriteInput("{\"flow_id\":1}\n");
  EXPECT_EQ(RunWithResults().status, 0);
  WriteInput("{\"flow_id\":2}\n");
  const Outcome outcome = RunWithResults();
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("line 1: does not match its results: it was changed"));
  EXPECT_EQ(gateway_.requests().size(), 1U);
}

TEST_F(BatchTest, MoreLinesThanBefore_OnlyTheNewOnesSent) {
  WriteInput("{\"flow_id\":1}\n");
  EXPECT_EQ(RunWithResults().status, 0);
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":2}\n");
  EXPECT_EQ(RunWithResults().status, 0);
  EXPECT_EQ(CallsOf(1), 1);
  EXPECT_EQ(CallsOf(2), 1);
}

TEST_F(BatchTest, OnATerminal_ABarThatIsGoneInTheEnd) {
  terminal_ = true;
  WriteInput("{\"flow_id\":1}\n");
  const Outcome outcome = RunWithResults();
  EXPECT_THAT(outcome.err, HasSubstr("/1"));
  EXPECT_THAT(outcome.err, ::testing::EndsWith("\r\x1b[Kenos-flow: 1 lines: 1 started.\n"));
}

struct UsageCase {
  const char* name;
  std::vector<std::string> args;
  const char* line;
};

class BatchUsageTest : public BatchTest, public ::testing::WithParamInterface<UsageCase> {};

TEST_P(BatchUsageTest, WrongUsage_OneLineAndStatus2) {
  const Outcome outcome = Run(GetParam().args);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BatchUsageTest,
    ::testing::Values(
        UsageCase{"no_file",
                  {"--batch=/none"},
                  "enos-flow: --batch=/none: cannot be read (No such file or directory)\n"},
        UsageCase{"concurrency",
                  {"--batch=-", "--concurrency=0"},
                  "enos-flow: --concurrency=0: expected a whole number from 1 to 10000\n"},
        UsageCase{"bad_default",
                  {"--batch=-", "--flow_id=x"},
                  "enos-flow: --flow_id=x: expected a whole number from 1 to 2147483647\n"},
        UsageCase{"results_alone",
                  {"--flow_id=1", "--results=x"},
                  "enos-flow: --results=x: expected only together with --batch\n"},
        UsageCase{"results_stdout",
                  {"--batch=-", "--results=-"},
                  "enos-flow: --results=-: expected a file; without this flag results go to "
                  "standard output\n"},
        UsageCase{"input_twice",
                  {"--batch=-", "--params_file=-"},
                  "enos-flow: --params_file=-: standard input is already the batch\n"},
        UsageCase{"results_folder",
                  {"--batch=-", "--results=/none/x"},
                  "enos-flow: --results=/none/x: cannot be opened (No such file or directory)\n"}),
    [](const auto& row) { return row.param.name; });

TEST_F(BatchTest, NoGateway_StoppedNothingSent) {
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":2}\n");
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
  BatchCommand command;
  command.settings.channel.address = "127.0.0.1:1";
  command.input = input_;
  command.defaults.user_id = "u";
  command.defaults.org_id = "o";
  EXPECT_EQ(RunBatch(command, console), 1);
  EXPECT_THAT(err.str(), AllOf(HasSubstr("stopped early: no connection to the gateway"),
                               HasSubstr("2 lines: 0 started, 2 not sent.")));
}

// A SENDING record that only the kernel has is lost if the host crashes, and the line would be sent
// again. procfs accepts writes and refuses to be synced.
TEST_F(BatchTest, DiskDoesNotConfirmTheMark_NothingSent) {
  WriteInput("{\"flow_id\":1}\n");
  ASSERT_EQ(prctl(PR_SET_NAME, ""), 0);  // what the file below reads: no earlier records
  const Outcome outcome = Run({"--batch=" + input_, "--results=/proc/self/comm"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("the results file cannot be written to the disk"));
  EXPECT_THAT(gateway_.requests(), IsEmpty());
}

}  // namespace
}  // namespace enos::flow::cli
