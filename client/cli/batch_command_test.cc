#include "batch_command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "batch_record.h"
#include "fake_flow_service.h"
#include "fake_keys.h"
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
  BatchTest() { keys_.Keep(false); }

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

  std::mutex mutex_;
  std::set<std::string> request_ids_;  // as received
  testing::FakeKeys keys_;             // not kept, unless a test says so
  FakeFlowService gateway_{keys_.Around([this](auto& context, const auto& request, auto& response) {
    const auto id = context.client_metadata().find("x-request-id");
    const std::lock_guard<std::mutex> lock(mutex_);
    if (id != context.client_metadata().end()) {
      request_ids_.emplace(id->second.data(), id->second.size());
    }
    return AnswerByFlow(request, response);
  })};
  const TempFolder folder_;
  const std::string input_ = folder_.path("flows.ndjson");
  const std::string results_ = folder_.path("results.ndjson");
  std::string typed_;
  bool terminal_ = false;
};

TEST_F(BatchTest, FromStandardInput_ResultsOnStandardOutput) {
  typed_ = "{\"flow_id\":1,\"id\":\"a\"}\n{\"flow_id\":429}\n{\"flow_id\":500}\n";
  const Outcome outcome = Run({"--batch", "-", "--request_id=b"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("{\"line\":1,\"id\":\"a\",\"outcome\":\"OK\",\"flow_instance_id\":"
                              "\"1-1\",\"request_id\":\"b-1\",\"attempts\":1,"),
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

TEST_F(BatchTest, RequestIds_RecordedBeforeTheCallsThatHaveThem) {
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":2}\n");
  EXPECT_EQ(RunWithResults({"--request_id=night"}).status, 0);
  EXPECT_THAT(Results(),
              AllOf(HasSubstr("{\"line\":1,\"outcome\":\"SENDING\",\"request_id\":\"night-1\""),
                    HasSubstr("{\"line\":2,\"outcome\":\"SENDING\",\"request_id\":\"night-2\""),
                    HasSubstr("\"flow_instance_id\":\"2-1\",\"request_id\":\"night-2\"")));
  EXPECT_THAT(request_ids_, ::testing::ElementsAre("night-1", "night-2"));
}

TEST_F(BatchTest, NoRequestIdGiven_MadeAnewByEachRun) {
  WriteInput("{\"flow_id\":1}\n");
  Run({"--batch=" + input_});
  Run({"--batch=" + input_});
  EXPECT_EQ(request_ids_.size(), 2U);
  for (const std::string& id : request_ids_) EXPECT_THAT(id, ::testing::EndsWith("-1"));
}

TEST_F(BatchTest, RequestIdWithoutRoomForTheLine_Refused) {
  WriteInput("{\"flow_id\":1}\n");
  const Outcome outcome = RunWithResults({"--request_id=" + std::string(101, 'x')});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("expected at most 100 characters with --batch"));
}

TEST_F(BatchTest, NoLines_SaidSo) {
  WriteInput("\n");
  const Outcome outcome = RunWithResults();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err,
            "enos-flow: --batch=" + input_ + ": no lines; there was nothing to start\n");
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

INSTANTIATE_TEST_SUITE_P(
    Rows, AskTest,
    ::testing::Values(AnswerCase{"yes", "y\n", {1, 2}}, AnswerCase{"no", "n\n", {}},
                      AnswerCase{"enter", "\n", {}}, AnswerCase{"end_of_input", "", {}},
                      AnswerCase{"anything_else", "sure\n", {}},
                      AnswerCase{"each", "e\nn\nyes\n", {2}},
                      AnswerCase{"each_then_end", "e\ny\n", {1}}, AnswerCase{"started", "s\n", {}},
                      AnswerCase{"each_started", "e\nstarted\ny\n", {2}}),
    [](const auto& row) { return row.param.name; });

TEST_F(BatchTest, SaidToBeStarted_NeverAskedAboutAgain) {
  WriteInput("{\"flow_id\":500,\"id\":\"a\"}\n{\"flow_id\":500}\n");
  EXPECT_EQ(RunWithResults().status, 1);
  terminal_ = true;
  typed_ = "e\ns\nn\n";
  EXPECT_THAT(RunWithResults().err, HasSubstr("2 lines: 0 started, 1 started before"));
  typed_ = "s\n";
  EXPECT_EQ(RunWithResults().status, 0);
  EXPECT_THAT(Results(), HasSubstr("{\"line\":1,\"id\":\"a\",\"outcome\":\"OK\","
                                   "\"resolved\":\"started\",\"fingerprint\""));
  EXPECT_EQ(CallsOf(500), 2);
}

// --resolved without a terminal.
class ResolvedTest : public BatchTest {
 protected:
  ResolvedTest() {
    WriteInput(
        "{\"flow_id\":500,\"id\":\"a\"}\n{\"flow_id\":500,\"id\":\"b\"}\n"
        "{\"flow_id\":500}\n");
    EXPECT_EQ(RunWithResults().status, 1);
  }
  Outcome RunResolved(const std::string& text) {
    WriteFile(resolved_, text);
    return RunWithResults({"--resolved=" + resolved_});
  }
  // As if it had been written a minute before or after the results.
  void Age(int seconds) const {
    struct stat results{};
    ASSERT_EQ(stat(results_.c_str(), &results), 0);
    timespec times[2] = {results.st_mtim, results.st_mtim};
    times[1].tv_sec += seconds;
    ASSERT_EQ(utimensat(AT_FDCWD, resolved_.c_str(), times, 0), 0);
  }

  const std::string resolved_ = folder_.path("resolved");
};

TEST_F(ResolvedTest, StartedAndNotStarted_SkippedAndSent) {
  const Outcome outcome = RunResolved("a started\n2 not_started\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("1 of the lines may already have started their flow and are "
                                     "left alone: 3."));
  EXPECT_THAT(outcome.err,
              HasSubstr("3 lines: 0 started, 1 started before, 2 MAY have been started."));
  EXPECT_EQ(CallsOf(500), 4);
  EXPECT_THAT(Results(), HasSubstr("{\"line\":2,\"id\":\"b\",\"outcome\":\"FAILED\",\"execution\":"
                                   "\"NOT_EXECUTED\",\"resolved\":\"not_started\""));
}

// The file speaks of the attempt before: what it says was not started may have been started since.
TEST_F(ResolvedTest, SameFileOnceMore_RefusedNothingSent) {
  EXPECT_EQ(RunResolved("b not_started\n").status, 1);
  EXPECT_EQ(CallsOf(500), 4);
  Age(-60);
  const Outcome again = RunWithResults({"--resolved=" + resolved_});
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr(": expected a file that is newer than the results file"));
  Age(60);
  EXPECT_EQ(RunWithResults({"--resolved=" + resolved_}).status, 1);
  EXPECT_EQ(CallsOf(500), 5);
}

TEST_F(ResolvedTest, BadLines_AllReportedNothingSent) {
  const Outcome outcome = RunResolved("a perhaps\nc started\nb not_started\n");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("--resolved="), HasSubstr(": line 1: a perhaps: "),
                                 HasSubstr(": line 2: c: "), HasSubstr(": nothing was sent\n")));
  EXPECT_EQ(CallsOf(500), 3);
  EXPECT_THAT(Results(), Not(HasSubstr("resolved")));
}

// A batch against a gateway that keeps keys.
class BatchKeyTest : public BatchTest {
 protected:
  BatchKeyTest() { keys_.Keep(true); }
};

TEST_F(BatchKeyTest, AnswersLost_TheSameCommandLearnsThem) {
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":2}\n{\"flow_id\":3}\n");
  keys_.LoseAnswers(1, 1, /*with_headers=*/false);
  keys_.LoseAnswers(2, 1);
  keys_.LoseAnswers(3, 1, /*with_headers=*/false);
  // One at a time: otherwise the third may be answered before the second has told of keys.
  const Outcome outcome = RunWithResults({"--concurrency=1"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("0 started, 1 MAY have been started, 2 not known yet.\n"),
                    HasSubstr("The same command repeats what is not known yet")));
  const Outcome again = RunWithResults();
  EXPECT_THAT(again.err, HasSubstr("left alone: 1. "))
      << "when that was lost, nobody had said that keys are kept";
  EXPECT_THAT(again.err, HasSubstr("3 lines: 2 started, 1 MAY have been started.\n"));
  EXPECT_THAT(Results(), HasSubstr("\"flow_instance_id\":\"2-1\",\"replayed\":true"));
  for (const int flow : {1, 2, 3}) EXPECT_EQ(keys_.ExecutionsOf(flow), 1) << flow;
}

TEST_F(BatchKeyTest, AnswerLostWithRetries_LearnedAtOnce) {
  WriteInput("{\"flow_id\":1}\n");
  keys_.LoseAnswers(1, 2);
  const Outcome outcome = RunWithResults({"--retries=2"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(keys_.ExecutionsOf(1), 1);
}

TEST_F(BatchKeyTest, Doubt_LeftAloneWithTheLikelyRunThenSentWithANewKey) {
  WriteInput("{\"flow_id\":1}\n{\"flow_id\":500}\n");
  const Outcome first = RunWithResults({"--retries=3"});
  EXPECT_THAT(first.err, HasSubstr("2 lines: 1 started, 1 MAY have been started.\n"));
  EXPECT_THAT(RunWithResults().err, HasSubstr("left alone: 2 (likely run 500-20260701080000)."));
  EXPECT_EQ(keys_.ExecutionsOf(500), 1);
  EXPECT_EQ(RunWithResults({"--repeat_unknown"}).status, 1);
  EXPECT_EQ(keys_.ExecutionsOf(500), 2) << "as asked for";
}

TEST_F(BatchKeyTest, WithoutResultsFile_NothingToRepeatWith) {
  typed_ = "{\"flow_id\":1}\n";
  keys_.LoseAnswers(1, 1);
  const Outcome outcome = Run({"--batch=-"});
  EXPECT_THAT(outcome.err, HasSubstr("1 MAY have been started.\n"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("not known yet")));
}

// Where an earlier run of the command was killed, as its records show it.
struct KilledCase {
  const char* name;
  bool arrived;  // whether the call came to the gateway
  std::string (*records)(const BatchLine& line, const std::string& address);
  bool sent;      // now
  bool resolved;  // whether it is known now that the flow was started
};

class KilledTest : public BatchKeyTest, public ::testing::WithParamInterface<KilledCase> {};

constexpr char kKey[] = "01890a5d-ac96-774b-bcce-b302099a8057";

TEST_P(KilledTest, SameCommandAgain_StartedOnceInAll) {
  WriteInput("{\"flow_id\":7,\"trigger_time\":\"now+60s\"}\n");
  RequestFields defaults;
  defaults.user_id = "u";
  defaults.org_id = "o";
  BatchLine line = ReadBatch(enos::ReadFile(input_), defaults, absl::Now()).lines.at(0);
  WriteFile(results_, GetParam().records(line, gateway_.address()));
  if (GetParam().arrived) {
    FlowRequest request = line.request;
    request.set_idempotency_key(kKey);
    ChannelOptions channel;
    channel.address = gateway_.address();
    ASSERT_TRUE(FlowClient(MakeChannel(channel).value()).TriggerFlow(request).ok());
  }
  const Outcome outcome = RunWithResults();
  EXPECT_EQ(outcome.status, GetParam().resolved ? 0 : 1) << outcome.err;
  EXPECT_EQ(CallsOf(7), (GetParam().arrived ? 1 : 0) + (GetParam().sent ? 1 : 0));
  EXPECT_EQ(keys_.ExecutionsOf(7), GetParam().arrived || GetParam().sent ? 1 : 0);
  EXPECT_EQ(RunWithResults().status, GetParam().resolved ? 0 : 1) << "and nothing changes after it";
  EXPECT_LE(keys_.ExecutionsOf(7), 1);
}

std::string Unknown(const BatchLine& line, KeyState state) {
  FlowError error;
  error.key_state = state;
  return ResultRecord(line, error, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, KilledTest,
    ::testing::Values(
        KilledCase{"before_anything", false, [](auto&, auto&) { return std::string(); }, true,
                   true},
        KilledCase{"before_the_call", false,
                   [](auto& line, auto& address) { return SendingRecord(line, kKey, address); },
                   true, true},
        KilledCase{"after_the_call", true,
                   [](auto& line, auto& address) { return SendingRecord(line, kKey, address); },
                   true, true},
        KilledCase{"key_recorded_after_the_call", true,
                   [](auto& line, auto& address) {
                     return SendingRecord(line) + SendingRecord(line, kKey, address);
                   },
                   true, true},
        KilledCase{"answered_unknown", true,
                   [](auto& line, auto& address) {
                     return SendingRecord(line, kKey, address) + Unknown(line, KeyState::kNotTold);
                   },
                   true, true},
        KilledCase{"answered_in_progress", true,
                   [](auto& line, auto& address) {
                     return SendingRecord(line, kKey, address) + Unknown(line, KeyState::kReserved);
                   },
                   true, true},
        KilledCase{"answered_not_executed", false,
                   [](auto& line, auto& address) {
                     FlowError error;
                     error.execution = Execution::kNotExecuted;
                     return SendingRecord(line, kKey, address) + ResultRecord(line, error, 1);
                   },
                   true, true},
        KilledCase{"answered", true,
                   [](auto& line, auto& address) {
                     return SendingRecord(line, kKey, address) +
                            ResultRecord(line, TriggeredFlow{"7-1", ""}, 1);
                   },
                   false, true},
        KilledCase{"answered_in_doubt", true,
                   [](auto& line, auto& address) {
                     return SendingRecord(line, kKey, address) + Unknown(line, KeyState::kDoubt);
                   },
                   false, false},
        KilledCase{"before_the_gateway_said_it", true,
                   [](auto& line, auto&) { return SendingRecord(line); }, false, false},
        KilledCase{"key_taken_back", true,
                   [](auto& line, auto& address) {
                     return SendingRecord(line, kKey, address) + SendingRecord(line);
                   },
                   false, false},
        KilledCase{"at_another_gateway", true,
                   [](auto& line, auto&) { return SendingRecord(line, kKey, "other:443"); }, false,
                   false}),
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
        UsageCase{"resolved_without_results",
                  {"--batch=-", "--resolved=x"},
                  "enos-flow: --resolved=x: expected a file, and --results\n"},
        UsageCase{"resolved_alone",
                  {"--flow_id=1", "--resolved=x"},
                  "enos-flow: --resolved=x: expected only together with --batch\n"},
        UsageCase{"key",
                  {"--batch=-", "--idempotency_key=k"},
                  "enos-flow: --idempotency_key=k: expected without --batch\n"},
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
