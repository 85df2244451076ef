// get, watch, cancel and trigger --wait, against a fake gateway.
#include "run_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "enos/flow/instance.h"
#include "fake_flow_service.h"
#include "rich_status.h"
#include "run.h"

namespace enos::flow::cli {
namespace {

using testing::AboutRun;
using testing::AnswerId;
using testing::AnswerInTurn;
using ::testing::EndsWith;
using testing::FakeFlowService;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeInstance;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kId[] = "7-20261122225300";
constexpr auto kRunning = FlowInstanceState::FLOW_INSTANCE_STATE_RUNNING;
constexpr auto kSucceeded = FlowInstanceState::FLOW_INSTANCE_STATE_SUCCEEDED;
constexpr auto kFailed = FlowInstanceState::FLOW_INSTANCE_STATE_FAILED;

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

class RunCommandTest : public ::testing::Test {
 protected:
  RunCommandTest() : gateway_(AnswerId(kId)) {}

  Outcome Run(std::vector<std::string> args) {
    args.insert(args.end(), {"--address=" + gateway_.address(), "--user_id=u", "--org_id=o o"});
    std::vector<const char*> argv = {"enos-flow"};
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console{in, out, err};
    console.out_is_terminal = terminal_;
    const auto environment = [](const std::string& name) -> std::optional<std::string> {
      if (name == "TERM") return "xterm";
      return std::nullopt;
    };
    const int status =
        RunEnosFlow(static_cast<int>(argv.size()), argv.data(), environment, console);
    return {status, out.str(), err.str()};
  }

  // A run that goes on and then ends so.
  void Ends(FlowInstanceState state) {
    gateway_.OnWatch([state](auto&, const auto& request, const auto& send) {
      send(MakeInstance(request.flow_instance_id(), kRunning, false, {{"load", kRunning}}));
      send(MakeInstance(request.flow_instance_id(), state, true, {{"load", state}}));
      return grpc::Status::OK;
    });
  }

  // A run during which somebody presses Ctrl-C.
  void IsInterrupted() {
    gateway_.OnWatch([](auto& context, const auto& request, const auto& send) {
      send(MakeInstance(request.flow_instance_id(), kRunning, false));
      std::raise(SIGINT);
      while (!context.IsCancelled()) std::this_thread::yield();
      return grpc::Status::CANCELLED;
    });
  }

  std::string HowToWatch() const {
    return std::string("  enos-flow watch ") + kId +
           " --user_id=u --org_id='o o' --address=" + gateway_.address() + "\n";
  }

  FakeFlowService gateway_;
  bool terminal_ = false;
};

TEST_F(RunCommandTest, Get_TheRunAndStatus0) {
  gateway_.OnGet([](auto&, const auto& request, auto& instance) {
    instance = MakeInstance(request.flow_instance_id(), kFailed, true, {{"load", kFailed}});
    return grpc::Status::OK;
  });
  const Outcome outcome = Run({"get", kId});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, std::string(kId) +
                             " FAILED, ended\nflow:         0 \n"
                             "task:         1 load FAILED\n");
  EXPECT_THAT(Run({"get", kId, "--output=json"}).out, StartsWith("{\"ok\":true,"));
}

TEST_F(RunCommandTest, RequestId_SentByEachAndShown) {
  std::vector<std::string> seen;
  const auto note = [&seen](const auto& context) {
    const auto id = context.client_metadata().find("x-request-id");
    seen.emplace_back(id == context.client_metadata().end() ? "" : "mine");
  };
  gateway_.OnGet([&](auto& context, const auto& request, auto& instance) {
    note(context);
    context.AddTrailingMetadata("x-request-id", "gateway's");
    instance = MakeInstance(request.flow_instance_id(), kRunning, false);
    return grpc::Status::OK;
  });
  gateway_.OnWatch([&](auto& context, const auto& request, const auto& send) {
    note(context);
    send(MakeInstance(request.flow_instance_id(), kSucceeded, true));
    return grpc::Status::OK;
  });
  gateway_.OnCancel([&](auto& context, const auto&) {
    note(context);
    return AboutRun(grpc::StatusCode::NOT_FOUND, "ENOS_NOT_FOUND");
  });
  const std::vector<std::string> flags = {kId, "--request_id=mine", "--output=json"};
  const auto run = [&](const char* command) {
    std::vector<std::string> args = {command};
    args.insert(args.end(), flags.begin(), flags.end());
    return Run(args).out;
  };
  EXPECT_THAT(run("get"), HasSubstr("\"request_id\":\"gateway's\""));
  EXPECT_THAT(run("watch"), HasSubstr("\"request_id\":\"mine\""));
  EXPECT_THAT(run("cancel"), HasSubstr("\"request_id\":\"mine\""));
  EXPECT_THAT(seen, ::testing::ElementsAre("mine", "mine", "mine"));
}

TEST_F(RunCommandTest, GetFails_Status1AndNoWordOfAStart) {
  gateway_.OnGet([](auto&, const auto&, auto&) {
    return AboutRun(grpc::StatusCode::UNAVAILABLE, "ENOS_UNREACHABLE",
                    std::chrono::milliseconds(1500));
  });
  const Outcome outcome = Run({"get", kId});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "enos-flow: the call to " + gateway_.address() +
                             " failed: UNAVAILABLE (ENOS_UNREACHABLE): no\n"
                             "Wait 1.5s before calling again.\n");
  EXPECT_THAT(Run({"get", kId, "--output=json"}).out, Not(HasSubstr("execution")));
}

TEST_F(RunCommandTest, Cancel_Status0AndHowToWatchIt) {
  gateway_.OnCancel([](auto&, const auto&) { return grpc::Status::OK; });
  const Outcome outcome = Run({"cancel", kId});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, EndsWith(HowToWatch()));
  EXPECT_EQ(Run({"cancel", kId, "--output=json"}).out, "{\"ok\":true}\n");
}

TEST_F(RunCommandTest, WatchARunThatSucceeds_ALineForEachChangeAndStatus0) {
  Ends(kSucceeded);
  const Outcome outcome = Run({"watch", kId});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, MatchesRegex("[-0-9T:]+Z RUNNING: load RUNNING\n"
                                        "[-0-9T:]+Z SUCCEEDED: load SUCCEEDED\n"));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_F(RunCommandTest, WatchWithJson_AnObjectForEachChange) {
  Ends(kSucceeded);
  EXPECT_THAT(Run({"watch", kId, "--output=json"}).out,
              MatchesRegex("\\{\"ok\":true,.*\"ended\":false.*\\}\n"
                           "\\{\"ok\":true,.*\"ended\":true.*\\}\n"));
}

TEST_F(RunCommandTest, WatchOnATerminal_AViewThatIsKeptUpToDate) {
  Ends(kSucceeded);
  terminal_ = true;
  const Outcome outcome = Run({"watch", kId, "--color=never"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\x1b[2A"));
  EXPECT_THAT(outcome.out, EndsWith("  SUCCEEDED      load\x1b[K\n\x1b[J\x1b[?7h"));
}

TEST_F(RunCommandTest, WatchARunThatFails_Status3AndWithWhichTask) {
  Ends(kFailed);
  const Outcome outcome = Run({"watch", kId});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.err,
            std::string("enos-flow: the run ") + kId + " ended: FAILED; tasks: load (1) FAILED\n");
}

TEST_F(RunCommandTest, WatchRefused_Status1) {
  gateway_.OnWatch([](auto&, const auto&, const auto&) {
    return AboutRun(grpc::StatusCode::NOT_FOUND, "ENOS_NOT_FOUND");
  });
  const Outcome outcome = Run({"watch", kId});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("NOT_FOUND (ENOS_NOT_FOUND)"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("started")));
}

TEST_F(RunCommandTest, WatchTimeout_Status1) {
  gateway_.OnWatch([](auto& context, const auto&, const auto&) {
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  });
  const Outcome outcome = Run({"watch", kId, "--watch_timeout=100ms"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("DEADLINE_EXCEEDED (WATCH_TIMEOUT)"));
  EXPECT_THAT(outcome.err, EndsWith("To watch it again:\n" + HowToWatch()));
}

TEST_F(RunCommandTest, WatchInterrupted_Status130AndHowToWatchAgain) {
  IsInterrupted();
  const Outcome outcome = Run({"watch", kId});
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(outcome.err,
            "enos-flow: interrupted; the run goes on. To watch it again:\n" + HowToWatch());
}

TEST_F(RunCommandTest, ConnectionLost_SaidOnceAndWatchedOn) {
  int streams = 0;
  gateway_.OnWatch([&](auto&, const auto& request, const auto& send) {
    if (++streams < 3) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
    send(MakeInstance(request.flow_instance_id(), kSucceeded, true));
    return grpc::Status::OK;
  });
  const Outcome outcome = Run({"watch", kId});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "enos-flow: UNAVAILABLE; the run goes on, trying to watch it again\n");
}

TEST_F(RunCommandTest, TriggerAndWait_IdThenTheRun) {
  Ends(kSucceeded);
  const Outcome outcome = Run({"trigger", "--flow_id=7", "--wait"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith(std::string(kId) + "\n"));
  EXPECT_THAT(outcome.out, EndsWith("SUCCEEDED: load SUCCEEDED\n"));
  EXPECT_EQ(gateway_.requests().size(), 1U);
}

TEST_F(RunCommandTest, TriggerAndWaitForARunThatFails_Status3) {
  Ends(kFailed);
  EXPECT_EQ(Run({"trigger", "--flow_id=7", "--wait"}).status, 3);
}

TEST_F(RunCommandTest, TriggerAndWaitInterrupted_Status130AndTheIdIsKnown) {
  IsInterrupted();
  const Outcome outcome = Run({"trigger", "--flow_id=7", "--wait"});
  EXPECT_EQ(outcome.status, 130);
  EXPECT_THAT(outcome.out, StartsWith(std::string(kId) + "\n"));
  EXPECT_THAT(outcome.err, EndsWith(HowToWatch()));
}

// A script that took the status for the trigger's would start the flow again.
TEST_F(RunCommandTest, TriggerAndTheWatchIsRefused_SaysThatTheFlowWasStarted) {
  gateway_.OnWatch([](auto&, const auto&, const auto&) {
    return AboutRun(grpc::StatusCode::PERMISSION_DENIED, "CALLER_NOT_ALLOWED");
  });
  const Outcome outcome = Run({"trigger", "--flow_id=7", "--wait"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, std::string(kId) + "\n");
  EXPECT_THAT(outcome.err, HasSubstr("CALLER_NOT_ALLOWED"));
  EXPECT_THAT(
      outcome.err,
      EndsWith("The flow was started, and its run may go on. To watch it again:\n" + HowToWatch()));
}

TEST_F(RunCommandTest, WrongUsage_Status2) {
  EXPECT_EQ(Run({"get"}).err, "enos-flow: get: expected ID\n");
  EXPECT_EQ(Run({"watch", kId, "more"}).status, 2);
  EXPECT_EQ(Run({"watch", kId, "--watch_timeout=0"}).status, 2);
  EXPECT_EQ(Run({"cancel", kId, "--timeout=soon"}).status, 2);
  EXPECT_EQ(Run({"get", kId, "--output=xml"}).status, 2);
  EXPECT_EQ(Run({"get", "\xFF"}).status, 2);
  EXPECT_EQ(Run({"trigger", "--flow_id=7", "--watch_timeout=1s"}).err,
            "enos-flow: --watch_timeout=1s: expected only together with --wait\n");
  EXPECT_EQ(Run({"trigger", "--batch=none", "--wait"}).err,
            "enos-flow: --wait=true: expected without --batch\n");
}

TEST(RunCommandUsageTest, NoUser_Status2) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
  const char* const argv[] = {"enos-flow", "get", kId};
  EXPECT_EQ(
      RunEnosFlow(
          3, argv, [](const std::string&) -> std::optional<std::string> { return std::nullopt; },
          console),
      2);
  EXPECT_EQ(err.str(),
            "enos-flow: --user_id and --org_id are required: --user_id=ID or ENOS_FLOW_USER_ID, "
            "--org_id=ID or ENOS_FLOW_ORG_ID\n");
}

}  // namespace
}  // namespace enos::flow::cli
