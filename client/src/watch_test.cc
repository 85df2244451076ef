#include "watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "enos/flow/client.h"
#include "fake_flow_service.h"
#include "rich_status.h"
#include "tests/support/files.h"

namespace enos::flow {
namespace {

using std::chrono::milliseconds;
using testing::AboutRun;
using testing::AnswerId;
using ::testing::ElementsAre;
using testing::FakeFlowService;
using ::testing::IsEmpty;
using testing::MakeInstance;

constexpr auto kWaiting = FlowInstanceState::FLOW_INSTANCE_STATE_WAITING;
constexpr auto kRunning = FlowInstanceState::FLOW_INSTANCE_STATE_RUNNING;
constexpr auto kSucceeded = FlowInstanceState::FLOW_INSTANCE_STATE_SUCCEEDED;

FlowClient ClientOf(const std::string& address) {
  ChannelOptions options;
  options.address = address;
  return FlowClient(MakeChannel(options).value());
}

const InstanceRequest kRequest{"u", "o", "7-20261122225300"};

FlowInstance State(FlowInstanceState state) {
  return MakeInstance(kRequest.flow_instance_id, state, state == kSucceeded);
}

// One stream of the gateway: the states that it sends, and how it ends.
struct Script {
  std::vector<FlowInstanceState> states;
  grpc::Status end;
};

const grpc::Status kBroken(grpc::StatusCode::UNAVAILABLE, "Socket closed");

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() : gateway_(AnswerId("i")) {
    options_.backoff.initial_backoff = options_.backoff.max_backoff = milliseconds(1);
    callbacks_.on_state = [this](const FlowInstance& instance) {
      states_.push_back(instance.state());
    };
    callbacks_.on_interruption = [this](const FlowError& error, milliseconds wait) {
      interruptions_.push_back(StatusCodeName(error.code));
      waits_.push_back(wait.count());
    };
    callbacks_.done = [this](InstanceResult result) { done_.set_value(std::move(result)); };
  }

  FlowClient Client() const { return ClientOf(gateway_.address()); }

  // The streams in turn; the last one again and again.
  void Play(std::vector<Script> scripts) {
    gateway_.OnWatch(
        [this, scripts = std::move(scripts)](auto&, const auto& request, const auto& send) {
          EXPECT_EQ(request.flow_instance_id(), kRequest.flow_instance_id);
          const Script& script = scripts[std::min<size_t>(streams_++, scripts.size() - 1)];
          for (const FlowInstanceState state : script.states) send(State(state));
          return script.end;
        });
  }

  // Says a state, then nothing more until the caller goes.
  void PlayWithoutEnd() {
    gateway_.OnWatch([this](auto& context, const auto&, const auto& send) {
      ++streams_;
      send(State(kRunning));
      while (!context.IsCancelled()) std::this_thread::yield();
      return grpc::Status::CANCELLED;
    });
  }

  InstanceResult Watched() {
    Client().WatchFlowInstance(kRequest, options_, callbacks_);
    return done_.get_future().get();
  }

  FakeFlowService gateway_;
  WatchOptions options_;
  WatchCallbacks callbacks_;
  std::atomic<size_t> streams_{0};
  std::vector<FlowInstanceState> states_;
  std::vector<std::string> interruptions_;
  std::vector<int64_t> waits_;
  std::promise<InstanceResult> done_;
};

TEST_F(WatchTest, RunEnds_EachStateThenTheRun) {
  Play({{{kWaiting, kRunning, kSucceeded}, grpc::Status::OK}});
  const InstanceResult result = Watched();
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result.instance().state(), kSucceeded);
  EXPECT_THAT(states_, ElementsAre(kWaiting, kRunning, kSucceeded));
  EXPECT_EQ(streams_, 1U);
  EXPECT_THAT(interruptions_, IsEmpty());
}

TEST_F(WatchTest, Unavailable_WatchedAgainAndNoStateTwice) {
  Play({{{kWaiting}, kBroken},
        {{kWaiting}, AboutRun(grpc::StatusCode::UNAVAILABLE, "GATEWAY_SHUTTING_DOWN")},
        {{}, AboutRun(grpc::StatusCode::UNAVAILABLE, "GATEWAY_OVERLOADED", milliseconds(3))},
        {{kWaiting, kRunning}, kBroken},
        {{kRunning, kSucceeded}, grpc::Status::OK}});
  const InstanceResult result = Watched();
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_THAT(states_, ElementsAre(kWaiting, kRunning, kSucceeded));
  EXPECT_EQ(streams_, 5U);
  EXPECT_EQ(interruptions_, std::vector<std::string>(4, "UNAVAILABLE"));
  EXPECT_EQ(waits_[2], 3) << "as RetryInfo says";
}

TEST_F(WatchTest, EndedButTheStreamBroke_TheRun) {
  Play({{{kSucceeded}, kBroken}});
  EXPECT_TRUE(Watched().ok());
  EXPECT_EQ(streams_, 1U);
}

TEST_F(WatchTest, Refused_TypedErrorAndNotAgain) {
  Play({{{}, AboutRun(grpc::StatusCode::NOT_FOUND, "ENOS_NOT_FOUND")}});
  const InstanceResult result = Watched();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason_kind, Reason::ENOS_NOT_FOUND);
  EXPECT_EQ(result.error().execution, Execution::kStartsNothing);
  EXPECT_EQ(streams_, 1U);
}

TEST_F(WatchTest, StreamOkBeforeTheEnd_Error) {
  Play({{{kRunning}, grpc::Status::OK}});
  const InstanceResult result = Watched();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::INTERNAL);
  EXPECT_EQ(result.error().execution, Execution::kStartsNothing);
}

TEST_F(WatchTest, DeadlineInMidStream_WatchTimeout) {
  PlayWithoutEnd();
  options_.timeout = milliseconds(100);
  const InstanceResult result = Watched();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(result.error().reason, "WATCH_TIMEOUT");
  EXPECT_EQ(result.error().execution, Execution::kStartsNothing);
}

TEST_F(WatchTest, NoTimeAtAll_WatchTimeoutAndNothingSent) {
  PlayWithoutEnd();
  options_.timeout = milliseconds(0);
  EXPECT_EQ(Watched().error().reason, "WATCH_TIMEOUT");
  EXPECT_EQ(streams_, 0U);
}

TEST_F(WatchTest, WaitLongerThanTheTimeLeft_LastError) {
  Play(
      {{{}, AboutRun(grpc::StatusCode::UNAVAILABLE, "GATEWAY_OVERLOADED", std::chrono::hours(2))}});
  options_.timeout = std::chrono::hours(1);
  EXPECT_EQ(Watched().error().reason_kind, Reason::GATEWAY_OVERLOADED);
}

TEST_F(WatchTest, NobodyThere_TriedUntilTheDeadline) {
  options_.timeout = milliseconds(200);
  ClientOf("127.0.0.1:1").WatchFlowInstance(kRequest, options_, callbacks_);
  EXPECT_FALSE(done_.get_future().get().ok());
  EXPECT_GT(interruptions_.size(), 1U);
}

TEST_F(WatchTest, CancelledInMidStream_CancelledAndNoMoreStates) {
  PlayWithoutEnd();
  std::promise<void> seen;
  callbacks_.on_state = [&](const FlowInstance&) { seen.set_value(); };
  PendingCall watch = Client().WatchFlowInstance(kRequest, options_, callbacks_);
  seen.get_future().get();
  watch.Cancel();
  const InstanceResult result = done_.get_future().get();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, grpc::StatusCode::CANCELLED);
  EXPECT_EQ(result.error().execution, Execution::kStartsNothing);
  EXPECT_THAT(interruptions_, IsEmpty()) << "it is our own doing";
  watch.Cancel();  // after the end: nothing happens
}

TEST_F(WatchTest, CancelledWhileItWaits_EndsAtOnce) {
  Play({{{kRunning}, kBroken}});
  options_.backoff.initial_backoff = options_.backoff.max_backoff = std::chrono::hours(24);
  std::promise<void> waiting;
  callbacks_.on_interruption = [&](const FlowError&, milliseconds) { waiting.set_value(); };
  PendingCall watch = Client().WatchFlowInstance(kRequest, options_, callbacks_);
  waiting.get_future().get();
  watch.Cancel();
  EXPECT_EQ(done_.get_future().get().error().code, grpc::StatusCode::CANCELLED);
}

TEST_F(WatchTest, CancelledInItsOwnCallback_NoDeadlock) {
  PlayWithoutEnd();
  std::promise<PendingCall> handle;
  auto ready = handle.get_future();
  callbacks_.on_state = [&](const FlowInstance&) { ready.get().Cancel(); };
  handle.set_value(Client().WatchFlowInstance(kRequest, options_, callbacks_));
  EXPECT_EQ(done_.get_future().get().error().code, grpc::StatusCode::CANCELLED);
}

TEST_F(WatchTest, TokenReplaced_NewStreamHasTheNewOne) {
  const TempFolder folder;
  const std::string path = folder.Write("token", "first");
  std::vector<std::string> tokens;
  gateway_.OnWatch([&](auto& context, const auto&, const auto& send) {
    const auto found = context.client_metadata().find("authorization");
    tokens.emplace_back(found->second.data(), found->second.size());
    if (tokens.size() == 2) {
      send(State(kSucceeded));
      return grpc::Status::OK;
    }
    send(State(kRunning));
    WriteFile(path, "second");
    return AboutRun(grpc::StatusCode::UNAUTHENTICATED, "CALLER_UNAUTHENTICATED");
  });
  ClientOptions options;
  options.channel.address = gateway_.address();
  options.token_file = path;
  MakeClient(options)->WatchFlowInstance(kRequest, options_, callbacks_);
  EXPECT_TRUE(done_.get_future().get().ok());
  EXPECT_THAT(tokens, ElementsAre("Bearer first", "Bearer second"));
}

struct AgainCase {
  const char* name;
  grpc::StatusCode code;
  const char* reason;
  bool had_state;
  bool has_token;
  bool again;
};

class MeansWatchAgainTest : public ::testing::TestWithParam<AgainCase> {};

TEST_P(MeansWatchAgainTest, ErrorAndWhatCameBefore_Decide) {
  FlowError error;
  error.code = GetParam().code;
  error.reason = GetParam().reason;
  EXPECT_EQ(MeansWatchAgain(error, GetParam().had_state, GetParam().has_token), GetParam().again);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, MeansWatchAgainTest,
    ::testing::Values(
        AgainCase{"unavailable", grpc::StatusCode::UNAVAILABLE, "", false, false, true},
        AgainCase{"drain", grpc::StatusCode::UNAVAILABLE, "GATEWAY_SHUTTING_DOWN", true, false,
                  true},
        AgainCase{"cut_by_a_proxy", grpc::StatusCode::INTERNAL, "", true, false, true},
        AgainCase{"cancelled_by_a_drain", grpc::StatusCode::CANCELLED, "", true, false, true},
        AgainCase{"proxy_before_any_state", grpc::StatusCode::INTERNAL, "", false, false, false},
        AgainCase{"no_such_method", grpc::StatusCode::UNIMPLEMENTED, "", false, false, false},
        AgainCase{"deadline", grpc::StatusCode::DEADLINE_EXCEEDED, "", true, false, false},
        AgainCase{"token_ran_out", grpc::StatusCode::UNAUTHENTICATED, "CALLER_UNAUTHENTICATED",
                  true, true, true},
        AgainCase{"token_refused", grpc::StatusCode::UNAUTHENTICATED, "CALLER_UNAUTHENTICATED",
                  false, true, false},
        AgainCase{"no_token", grpc::StatusCode::UNAUTHENTICATED, "CALLER_UNAUTHENTICATED", true,
                  false, false},
        AgainCase{"vanished", grpc::StatusCode::NOT_FOUND, "ENOS_NOT_FOUND", true, true, false},
        AgainCase{"enos_busy", grpc::StatusCode::RESOURCE_EXHAUSTED, "ENOS_RATE_LIMITED", true,
                  false, false}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace enos::flow
