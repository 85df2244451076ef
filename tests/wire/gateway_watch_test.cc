// Watches of runs, through the whole gateway: what watchers see, what EnOS is asked meanwhile, and
// how each watch ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/testing/mounted_files.h"
#include "server/testing/token_maker.h"
#include "tests/support/fake_enos.h"
#include "tests/support/http2.h"
#include "tests/support/raw_http2.h"
#include "tests/wire/support/gateway_runner.h"
#include "tests/wire/support/run_rpc.h"
#include "tests/wire/support/watched_log.h"

namespace enos::gateway::testing {
namespace {

using dataflow::v1::WatchFlowInstanceRequest;
using dataflow::v1::WatchFlowInstanceResponse;
using sandbox::Answer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr int kRunning = 2;
constexpr int kSucceeded = 1;
constexpr int kFailed = -1;
constexpr char kShutDown[] = "UNAVAILABLE GATEWAY_SHUTTING_DOWN";

class GatewayWatchTest : public ::testing::Test {
 protected:
  // Sooner than any setting allows.
  Settings Quick() const {
    Settings settings = SettingsFor(enos_.url());
    settings.watch_interval = std::chrono::milliseconds(5);
    return settings;
  }
  // The second poll never comes.
  Settings PolledOnce() const {
    Settings settings = SettingsFor(enos_.url());
    settings.watch_interval = std::chrono::hours(1);
    return settings;
  }
  void Start(Settings settings) { gateway_.emplace(std::move(settings)); }
  std::unique_ptr<RunWatch> Watch(const RunCallOptions& options = {}) const {
    return std::make_unique<RunWatch>(gateway_->channel(), options);
  }
  // All that one is told.
  std::vector<std::string> WatchToItsEnd(const RunCallOptions& options = {}) const {
    RunWatch watch(gateway_->channel(), options);
    std::vector<std::string> told;
    for (std::string state = watch.Next(); !state.empty(); state = watch.Next())
      told.push_back(state);
    told.push_back(watch.End().told);
    return told;
  }
  // Ends the gateway, which must not wait for its drain time-out.
  void DrainPromptly() {
    const auto before = std::chrono::steady_clock::now();
    gateway_->gateway().Drain();
    EXPECT_LT(std::chrono::steady_clock::now() - before, kGuard / 4);
  }
  Settings WithLongDrain(Settings settings) const {
    settings.drain_timeout = kGuard;
    return settings;
  }

  WatchedLog log_;
  FakeEnos enos_;
  std::optional<GatewayRunner> gateway_;
};

TEST_F(GatewayWatchTest, TellsEachChangeUntilTheRunHasEnded) {
  enos_.AnswerInTurn({RunAnswer(kRun, 0), RunAnswer(kRun, kRunning), RunAnswer(kRun, kRunning),
                      RunAnswer(kRun, kFailed, R"(,"graph":{"tasks":[{"status":2}]})"),
                      RunAnswer(kRun, kFailed, R"(,"graph":{"tasks":[{"status":-1}]})")});
  Start(Quick());
  EXPECT_THAT(WatchToItsEnd(),
              ElementsAre("INITIALIZING", "RUNNING", "FAILED", "FAILED ended", "OK"));
  EXPECT_EQ(enos_.calls(), 5U);
  EXPECT_THAT(enos_.last_call().target, HasSubstr("/flowInstances?action=get&flowInstId="));
  EXPECT_TRUE(log_.WaitFor("method=WatchFlowInstance"));
}

TEST_F(GatewayWatchTest, RunHasEnded_TellsTheRequestIdOfTheLastPoll) {
  const auto answer = [](const std::string& id, int status) {
    return Answer::Json(200, R"({"code":0,"requestId":")" + id + R"(","data":{"instanceId":")" +
                                 kRun + R"(","status":)" + std::to_string(status) + "}}");
  };
  enos_.AnswerInTurn({answer("req-1", kRunning), answer("req-2", kSucceeded)});
  Start(Quick());
  const RunOutcome outcome = Watch()->End();
  EXPECT_EQ(outcome.told, "OK");
  EXPECT_THAT(outcome.trailing, Contains(Pair("enos-request-id", "req-2")));
  EXPECT_TRUE(log_.WaitFor("enos_request_id=req-2"));
}

TEST_F(GatewayWatchTest, WatchersOfARun_ShareItsPolls) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  Start(PolledOnce());
  const auto first = Watch();
  EXPECT_EQ(first->Next(), "RUNNING");
  const auto second = Watch();
  EXPECT_EQ(second->Next(), "RUNNING");
  EXPECT_EQ(enos_.calls(), 1U);
}

TEST_F(GatewayWatchTest, RefusedByEnos_EndsAtOnce) {
  enos_.AnswerWith(Answer::Json(200, R"({"code":62103,"msg":"no"})"));
  Start(Quick());
  EXPECT_THAT(WatchToItsEnd(), ElementsAre("PERMISSION_DENIED ENOS_PERMISSION_DENIED"));
  EXPECT_EQ(enos_.calls(), 1U);
}

TEST_F(GatewayWatchTest, DeadlineComes_TimesOut) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  Start(Quick());
  RunCallOptions options;
  options.timeout = std::chrono::seconds(2);
  const auto expected = ElementsAre("RUNNING", "DEADLINE_EXCEEDED WATCH_TIMEOUT");
  std::vector<std::string> told;  // a machine that stalls lets the caller's library be the faster
  for (int tries = 0; tries < 3 && !::testing::Matches(expected)(told); ++tries)
    told = WatchToItsEnd(options);
  EXPECT_THAT(told, expected);
}

TEST_F(GatewayWatchTest, CallerGone_ItsPollsStop) {
  RunCallOptions other;
  other.run = "8-1";
  FakeEnos enos([&other](int flow_id, const std::string& /*token*/) {
    return RunAnswer(flow_id == 8 ? other.run : kRun, kRunning);
  });
  Settings settings = Quick();
  settings.enos_url = SettingsFor(enos.url()).enos_url;
  Start(std::move(settings));
  const auto watch = Watch();
  EXPECT_EQ(watch->Next(), "RUNNING");
  watch->Cancel();
  EXPECT_EQ(watch->End().told, "CANCELLED (no reason)");
  ASSERT_TRUE(log_.WaitFor("code=CANCELLED"));
  const auto another = Watch(other);
  EXPECT_EQ(another->Next(), "RUNNING");
  const int polled = enos.calls_by_flow()[3377];
  EXPECT_TRUE(WaitUntil([&] { return enos.calls_by_flow()[8] > 20; }));
  EXPECT_EQ(enos.calls_by_flow()[3377], polled);
  gateway_.reset();
}

TEST_F(GatewayWatchTest, MoreThanMayBe_AreRefused) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  Settings settings = PolledOnce();
  settings.max_watches = 1;
  settings.max_in_flight = 1;
  Start(std::move(settings));
  const auto first = Watch();
  EXPECT_EQ(first->Next(), "RUNNING");
  const RunOutcome refused = Watch()->End();
  EXPECT_EQ(refused.told, "UNAVAILABLE GATEWAY_OVERLOADED");
  EXPECT_TRUE(refused.error.retry_after);
  EXPECT_EQ(refused.error_metadata.count("execution"), 0U);
  // Calls have their own slots.
  const dataflow::v1::GetFlowInstanceRequest get =
      About<dataflow::v1::GetFlowInstanceRequest>(kRun);
  EXPECT_EQ(GetRun(gateway_->channel(), get).told, "OK");
  first->Cancel();
  ASSERT_TRUE(log_.WaitFor("code=CANCELLED"));
  EXPECT_EQ(Watch()->Next(), "RUNNING");
}

// -- Polls that fail

const Answer kBroken = Answer::Text(500, "");
const Answer kUnknownRun = Answer::Json(200, R"({"code":99404,"msg":"no such run"})");

TEST_F(GatewayWatchTest, PollsFailInARow_EndsWithTheLastError) {
  enos_.AnswerInTurn({RunAnswer(kRun, kRunning), kBroken, Answer::Text(504, ""), kBroken});
  Settings settings = Quick();
  settings.watch_failures = 3;
  Start(std::move(settings));
  EXPECT_THAT(WatchToItsEnd(), ElementsAre("RUNNING", "INTERNAL ENOS_INTERNAL"));
  EXPECT_EQ(enos_.calls(), 4U);
}

TEST_F(GatewayWatchTest, PollsFailNowAndThen_WatchesOn) {
  enos_.AnswerInTurn({kBroken, kBroken, RunAnswer(kRun, kRunning), kBroken, kBroken,
                      RunAnswer(kRun, kRunning), kBroken, RunAnswer(kRun, kSucceeded)});
  Settings settings = Quick();
  settings.watch_failures = 3;
  Start(std::move(settings));
  EXPECT_THAT(WatchToItsEnd(), ElementsAre("RUNNING", "SUCCEEDED ended", "OK"));
}

// --max_attempts is not for polls.
TEST_F(GatewayWatchTest, LostPoll_IsOnePoll) {
  enos_.AnswerWith(Answer::Nothing(sandbox::Ending::kReset));
  Settings settings = Quick();
  settings.watch_failures = 1;
  Start(std::move(settings));
  EXPECT_THAT(WatchToItsEnd(), ElementsAre("UNAVAILABLE ENOS_CONNECTION_LOST"));
  EXPECT_EQ(enos_.calls(), 1U);
}

TEST_F(GatewayWatchTest, EnosDown_EndsWithTheLastError) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  Settings settings = Quick();
  settings.watch_failures = 2;
  Start(std::move(settings));
  const auto watch = Watch();
  EXPECT_EQ(watch->Next(), "RUNNING");
  enos_.Stop();
  const RunOutcome outcome = watch->End();
  EXPECT_EQ(outcome.told, "UNAVAILABLE ENOS_UNREACHABLE");
  EXPECT_EQ(outcome.error_metadata.count("execution"), 0U);
}

TEST_F(GatewayWatchTest, RunThatIsNotThereYet_IsWaitedFor) {
  enos_.AnswerInTurn(
      {kUnknownRun, kUnknownRun, RunAnswer(kRun, kRunning), RunAnswer(kRun, kSucceeded)});
  Start(Quick());
  EXPECT_THAT(WatchToItsEnd(), ElementsAre("RUNNING", "SUCCEEDED ended", "OK"));
}

TEST_F(GatewayWatchTest, RunThatIsNeverThere) {
  enos_.AnswerWith(kUnknownRun);
  Start(Quick());
  EXPECT_THAT(WatchToItsEnd(), ElementsAre("NOT_FOUND ENOS_NOT_FOUND"));
  EXPECT_EQ(enos_.calls(), 5U);
}

TEST_F(GatewayWatchTest, RunThatVanishes_EndsAtOnce) {
  enos_.AnswerInTurn({RunAnswer(kRun, kRunning), kUnknownRun});
  Start(Quick());
  EXPECT_THAT(WatchToItsEnd(), ElementsAre("RUNNING", "NOT_FOUND ENOS_NOT_FOUND"));
  EXPECT_EQ(enos_.calls(), 2U);
}

// -- Who may

class GatewayWatchAccessTest : public GatewayWatchTest {
 protected:
  static std::string Policy(const std::string& methods) {
    return R"({"rules":[{"callers":["sub:alice"],"org_ids":["*"],"user_ids":["*"],)"
           R"("flow_ids":["*"])" +
           methods + "}]}";
  }
  void StartWith(const std::string& methods) {
    files_.Swap(Files(methods));
    Settings settings = Quick();
    settings.policy_file = files_.path("policy.json");
    settings.jwt_keys_file = files_.path("keys.json");
    settings.jwt_issuer = "issuer";
    settings.jwt_audience = "gateway";
    settings.reload_interval = std::chrono::milliseconds(20);
    Start(std::move(settings));
  }
  MountedFiles::Contents Files(const std::string& methods) const {
    return {{"policy.json", Policy(methods)}, {"keys.json", KeySet(maker_.Jwk("k"))}};
  }
  RunCallOptions Alice() const {
    RunCallOptions options;
    options.metadata.emplace(
        "authorization",
        "Bearer " +
            maker_.Sign(R"({"iss":"issuer","sub":"alice","aud":"gateway","exp":4000000000})", "k"));
    return options;
  }
  RunOutcome Get(const RunCallOptions& options) const {
    return GetRun(gateway_->channel(), About<dataflow::v1::GetFlowInstanceRequest>(kRun), nullptr,
                  options);
  }
  RunOutcome CancelIt(const RunCallOptions& options) const {
    return CancelRun(gateway_->channel(), About<dataflow::v1::CancelFlowInstanceRequest>(kRun),
                     options);
  }

  const TokenMaker maker_ = TokenMaker::Ec();
  MountedFiles files_{Files("")};
};

constexpr char kNotAllowed[] = "PERMISSION_DENIED CALLER_NOT_ALLOWED";

TEST_F(GatewayWatchAccessTest, RuleWithoutMethods_LetsNobodyReadOrEndRuns) {
  enos_.AnswerWith(RunAnswer(kRun, kSucceeded));
  StartWith("");
  const RunOutcome get = Get(Alice());
  EXPECT_EQ(get.told, kNotAllowed);
  EXPECT_EQ(get.error_metadata.count("execution"), 0U);
  EXPECT_EQ(CancelIt(Alice()).told, kNotAllowed);
  EXPECT_THAT(WatchToItsEnd(Alice()), ElementsAre(kNotAllowed));
  EXPECT_EQ(enos_.calls(), 0U);
}

TEST_F(GatewayWatchAccessTest, RuleLetsDoWhatItNames) {
  enos_.AnswerWith(RunAnswer(kRun, kSucceeded));
  StartWith(R"(,"methods":["GetFlowInstance","WatchFlowInstance"])");
  EXPECT_EQ(Get(Alice()).told, "OK");
  EXPECT_THAT(WatchToItsEnd(Alice()), ElementsAre("SUCCEEDED ended", "OK"));
  EXPECT_EQ(CancelIt(Alice()).told, kNotAllowed);
  EXPECT_EQ(Get({}).told, "UNAUTHENTICATED CALLER_UNAUTHENTICATED");
}

TEST_F(GatewayWatchAccessTest, PolicyChanges_TheWatchEndsAtTheNextPoll) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  StartWith(R"(,"methods":["*"])");
  const auto watch = Watch(Alice());
  EXPECT_EQ(watch->Next(), "RUNNING");
  files_.Swap(Files(R"(,"methods":["GetFlowInstance"])"));
  EXPECT_EQ(watch->End().told, kNotAllowed);
}

// -- Callers that do not read

// A watcher whose stream has no room for a message.
class SlowWatcher {
 public:
  // timeout: as in grpc-timeout; empty: no deadline.
  explicit SlowWatcher(const std::string& address, const std::string& timeout = "")
      : connection_(address) {
    constexpr uint16_t kInitialWindowSize = 4;
    connection_.SendPreface(BigEndian(kInitialWindowSize, 2) + BigEndian(0));
    connection_.Send(
        Frame::kHeaders, Frame::kEndHeaders, 1,
        CallHeaders(HeaderLiteral("x-request-id", "slow") +
                        (timeout.empty() ? "" : HeaderLiteral("grpc-timeout", timeout)),
                    "/enos.dataflow.v1.FlowService/WatchFlowInstance"));
    connection_.Send(Frame::kData, Frame::kEndStream, 1,
                     GrpcMessage(About<WatchFlowInstanceRequest>(kRun).SerializeAsString()));
  }

  // Makes room, and gives the flow's name in each message up to the end of the stream.
  std::vector<std::string> ReadAll() {
    connection_.Send(Frame::kWindowUpdate, 0, 1, BigEndian(1 << 20));
    std::string bytes;
    for (auto frame = connection_.Read(); frame; frame = connection_.Read()) {
      if (frame->stream == 1 && frame->type == Frame::kData) bytes += frame->payload;
      if (frame->stream == 1 && (frame->type == Frame::kRstStream || IsLast(*frame))) break;
    }
    return NamesIn(bytes);
  }
  // Whether the gateway broke the stream off, without a message.
  bool IsCutOff() {
    for (auto frame = connection_.Read(); frame; frame = connection_.Read()) {
      if (frame->stream != 1) continue;
      if (frame->type == Frame::kRstStream || IsLast(*frame)) return true;
      if (frame->type == Frame::kData) return false;
    }
    return false;
  }

 private:
  static bool IsLast(const Frame& frame) {
    return frame.type == Frame::kHeaders && (frame.flags & Frame::kEndStream) != 0;
  }
  static std::vector<std::string> NamesIn(std::string_view bytes) {
    constexpr std::size_t kPrefix = 5;  // a flag, and the length
    std::vector<std::string> names;
    while (bytes.size() >= kPrefix) {
      const uint32_t length = NumberIn(bytes.substr(1, 4));
      WatchFlowInstanceResponse message;
      EXPECT_TRUE(message.ParseFromString(std::string(bytes.substr(kPrefix, length))));
      names.push_back(message.flow_instance().flow_name());
      bytes.remove_prefix(kPrefix + length);
    }
    return names;
  }

  RawHttp2 connection_;
};

Answer Named(int status, int number) {
  return RunAnswer(kRun, status, ",\"flowName\":\"" + std::to_string(number) + "\"");
}

TEST_F(GatewayWatchTest, SlowReader_GetsTheFirstStateAndTheNewest) {
  constexpr int kStates = 50;
  std::vector<Answer> answers;
  for (int i = 1; i < kStates; ++i) answers.push_back(Named(kRunning, i));
  answers.push_back(Named(kSucceeded, kStates));
  enos_.AnswerInTurn(std::move(answers));
  Start(Quick());
  SlowWatcher slow(gateway_->gateway().address());
  EXPECT_THAT(WatchToItsEnd().back(), "OK");  // another one sees the run's end
  const auto names = slow.ReadAll();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), "1");
  EXPECT_EQ(names.back(), std::to_string(kStates));
  // The one that was held, and the newest; the gateway may have been about to hand it over.
  EXPECT_LE(names.size(), 3U);
  EXPECT_TRUE(log_.WaitFor("request_id=slow"));
}

TEST_F(GatewayWatchTest, SlowReaderAtItsDeadline_IsCutOff) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  Start(Quick());
  SlowWatcher slow(gateway_->gateway().address(), "500m");
  EXPECT_TRUE(slow.IsCutOff());
  EXPECT_TRUE(log_.WaitFor("request_id=slow"));
  EXPECT_THAT(log_.Text(), HasSubstr("WATCH_TIMEOUT"));
}

// -- Shutdown

TEST_F(GatewayWatchTest, Drain_TellsWatchersToGoElsewhere) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  Start(WithLongDrain(PolledOnce()));
  const auto first = Watch();
  const auto second = Watch();
  EXPECT_EQ(first->Next(), "RUNNING");
  EXPECT_EQ(second->Next(), "RUNNING");
  auto ends = std::async(std::launch::async, [&] { return first->End(); });
  DrainPromptly();
  const RunOutcome outcome = Await(ends);
  EXPECT_EQ(outcome.told, kShutDown);
  EXPECT_EQ(outcome.error_metadata.count("execution"), 0U);
  EXPECT_EQ(second->End().told, kShutDown);
}

TEST_F(GatewayWatchTest, DrainDuringThePoll) {
  enos_.Hold();
  Start(WithLongDrain(Quick()));
  const auto watch = Watch();
  ASSERT_TRUE(enos_.WaitForHeld(1));
  DrainPromptly();
  EXPECT_EQ(watch->End().told, kShutDown);
}

TEST_F(GatewayWatchTest, DrainWithACallerThatDoesNotRead_CutsItOff) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  Start(WithLongDrain(Quick()));
  SlowWatcher slow(gateway_->gateway().address());
  ASSERT_TRUE(enos_.WaitForCalls(3));
  DrainPromptly();
  EXPECT_TRUE(slow.IsCutOff());
  EXPECT_TRUE(log_.WaitFor("request_id=slow"));
}

// Nothing polls for it any more.
TEST_F(GatewayWatchTest, DrainWithACallerThatDidNotReadTheEndOfItsRun_CutsItOff) {
  enos_.AnswerWith(RunAnswer(kRun, kSucceeded));
  Start(WithLongDrain(Quick()));
  SlowWatcher slow(gateway_->gateway().address());
  ASSERT_TRUE(enos_.WaitForCalls(1));
  EXPECT_THAT(WatchToItsEnd(), ElementsAre("SUCCEEDED ended", "OK"));
  DrainPromptly();
  EXPECT_TRUE(slow.IsCutOff());
}

// Watches begin, end, and are cancelled while the gateway shuts down, with runs that change.
TEST_F(GatewayWatchTest, DrainWhileWatchersComeAndGo_EndsInOrder) {
  enos_.AnswerWith(RunAnswer(kRun, kRunning));
  for (int round = 0; round < 5; ++round) {
    Start(Quick());
    std::atomic<bool> over{false};
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([&, i] {
        const auto channel = NewChannel(gateway_->gateway().address());
        RunCallOptions options;
        options.wait_for_ready = false;
        for (int n = i; !over; ++n) {
          RunWatch watch(channel, options);
          if (n % 3 != 0) watch.Next();
          if (n % 3 == 2) watch.Cancel();
          if (n % 3 == 2) watch.End();
        }
      });
    }
    ASSERT_TRUE(enos_.WaitForCalls(enos_.calls() + 50));
    gateway_->gateway().Drain();
    over = true;
    for (std::thread& caller : callers) caller.join();
  }
}

}  // namespace
}  // namespace enos::gateway::testing
