// Shutdown under load.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "server/log/log.h"
#include "tests/support/fake_enos.h"
#include "tests/support/wait.h"
#include "tests/wire/support/gateway_runner.h"

namespace enos::gateway::testing {
namespace {

// What the callers of flows 1 to n were told, compared with what arrived.
void ExpectHonest(const std::vector<std::unique_ptr<Rpc>>& calls, const FakeEnos& enos) {
  const auto arrived = enos.calls_by_flow();
  std::map<std::string, int> told;
  int flow = 0;
  for (const auto& call : calls) {
    const RpcOutcome& outcome = call->Wait();
    const auto found = arrived.find(++flow);
    const int times = found == arrived.end() ? 0 : found->second;
    EXPECT_LE(times, 1) << "flow " << flow;
    if (outcome.status.ok()) {
      EXPECT_EQ(times, 1) << "flow " << flow;
    } else if (outcome.error.execution == flow::Execution::kNotExecuted) {
      EXPECT_EQ(times, 0) << "flow " << flow << ": " << Summary(outcome);
    } else if (outcome.status.error_code() != grpc::StatusCode::CANCELLED) {
      // From the caller's library, after the gateway was gone: the gateway must not have received
      // the call.
      EXPECT_EQ(times, 0) << "flow " << flow << ": " << Summary(outcome);
    }
    ++told[Summary(outcome)];
  }
  for (const auto& [summary, count] : told) std::printf("  %5d  %s\n", count, summary.c_str());
}

TEST(GatewayDrain, CallsInFlightFinish) {
  constexpr int kCalls = 500;
  FakeEnos enos;
  enos.Hold();
  GatewayRunner gateway(enos.url());
  std::vector<std::unique_ptr<Rpc>> calls;
  for (int id = 1; id <= kCalls; ++id)
    calls.push_back(std::make_unique<Rpc>(gateway.channel(), Flow(id)));
  ASSERT_TRUE(enos.WaitForHeld(kCalls));
  auto drained = std::async(std::launch::async, [&] { gateway.gateway().Drain(); });
  enos.AnswerHeld(FlowStartedAnswer());
  for (const auto& call : calls) EXPECT_EQ(Summary(call->Wait()), "OK");
  drained.get();
  EXPECT_EQ(enos.calls(), std::uint64_t{kCalls});
}

// What is still open by then: some callers are waiting, some are gone.
TEST(GatewayDrain, CallsThatDoNotFinishInTimeAreAnsweredByTheGateway) {
  constexpr int kCalls = 100;
  FakeEnos enos;
  enos.Hold();
  Settings settings = SettingsFor(enos.url());
  settings.drain_timeout = std::chrono::milliseconds(50);
  GatewayRunner gateway(std::move(settings));
  std::vector<std::unique_ptr<Rpc>> calls;
  for (int id = 1; id <= kCalls; ++id)
    calls.push_back(std::make_unique<Rpc>(gateway.channel(), Flow(id)));
  ASSERT_TRUE(enos.WaitForHeld(kCalls));
  for (int i = 0; i < kCalls / 2; ++i) calls[static_cast<std::size_t>(i)]->Cancel();
  gateway.gateway().Drain();
  for (int i = kCalls / 2; i < kCalls; ++i) {
    EXPECT_EQ(Summary(calls[static_cast<std::size_t>(i)]->Wait()),
              "DEADLINE_EXCEEDED ENOS_TIMEOUT UNKNOWN");
  }
}

// Calls run, arrive and are refused while the gateway shuts down; each gets its status.
TEST(GatewayDrain, UnderLoadNoCallIsLostAndNoneSentTwice) {
  constexpr int kThreads = 4;
  constexpr int kCallsEach = 150;
  for (int round = 0; round < 5; ++round) {
    FakeEnos enos;
    GatewayRunner gateway(SettingsWithSlots(enos.url(), 100));
    std::vector<std::unique_ptr<Rpc>> calls(kThreads * kCallsEach);
    std::vector<std::thread> callers;
    for (int thread = 0; thread < kThreads; ++thread) {
      callers.emplace_back([&, thread] {
        const auto channel = NewChannel(gateway.gateway().address());
        for (int i = 0; i < kCallsEach; ++i) {
          const int id = thread * kCallsEach + i + 1;
          RpcOptions options = Flow(id);
          options.timeout = std::chrono::seconds(20);
          options.wait_for_ready = false;
          auto& call = calls[static_cast<std::size_t>(id - 1)];
          call = std::make_unique<Rpc>(channel, options);
          if (i % 10 == 0) call->Cancel();
          if (i % 7 == 0) call->Wait();
        }
      });
    }
    ASSERT_TRUE(enos.WaitForCalls(static_cast<std::uint64_t>(20 + 40 * round)));
    gateway.gateway().Drain();
    for (std::thread& caller : callers) caller.join();
    ExpectHonest(calls, enos);
  }
}

// A forced end, with calls arriving, in flight and abandoned, on connections that break at the same
// time.
TEST(GatewayDrain, ByForceWhileCallersComeAndGoEndsInOrder) {
  for (int round = 0; round < 10; ++round) {
    FakeEnos enos;
    enos.Hold();
    Settings settings = SettingsWithSlots(enos.url(), 20);
    settings.drain_timeout = std::chrono::milliseconds(round);
    GatewayRunner gateway(std::move(settings));
    // In flight whatever the others do: on a busy machine those give up too soon.
    std::vector<std::unique_ptr<Rpc>> under_way;
    for (int i = 0; i < 5; ++i)
      under_way.push_back(std::make_unique<Rpc>(gateway.channel(), Flow(1)));
    EXPECT_TRUE(enos.WaitForCalls(5));
    std::atomic<bool> over{false};
    std::promise<void> in_full_swing;
    std::atomic<int> given_up{0};
    std::vector<std::thread> callers;
    for (int thread = 0; thread < 4; ++thread) {
      callers.emplace_back([&] {
        while (!over) {
          const auto channel = NewChannel(gateway.gateway().address());
          std::vector<std::unique_ptr<Rpc>> calls;
          for (int i = 0; i < 8; ++i) calls.push_back(std::make_unique<Rpc>(channel, Flow(1)));
          calls.front()->EndsWithin(std::chrono::milliseconds(5));
          if (++given_up == 8) in_full_swing.set_value();
        }
      });
    }
    in_full_swing.get_future().wait();
    gateway.gateway().Drain();
    over = true;
    for (std::thread& caller : callers) caller.join();
  }
}

// A log whose writer blocks, on the logging thread, at the first line with that text.
class StuckLog {
 public:
  explicit StuckLog(const std::string& text) {
    LogOptions options;
    options.synchronous = true;
    options.writer = [this, text](std::string_view line) {
      if (line.find(text) != std::string_view::npos) released_.wait();
    };
    StartLog(std::move(options));
  }
  ~StuckLog() { StopLog(kGuard); }

  void Release() { release_.set_value(); }

 private:
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
};

// The upstream loop answers the calls; it may be late, after the connections are closed.
TEST(GatewayDrain, ByForceWaitsForALoopThatIsLate) {
  constexpr int kCalls = 20;
  StuckLog log("call failed");
  FakeEnos enos;
  enos.Hold();
  Settings settings = SettingsWithSlots(enos.url(), kCalls);
  settings.drain_timeout = std::chrono::milliseconds(1);
  GatewayRunner gateway(std::move(settings));
  std::vector<std::unique_ptr<Rpc>> calls;
  for (int id = 1; id <= kCalls; ++id)
    calls.push_back(std::make_unique<Rpc>(gateway.channel(), Flow(id)));
  ASSERT_TRUE(enos.WaitForHeld(kCalls));
  auto drained = std::async(std::launch::async, [&] { gateway.gateway().Drain(); });
  for (const auto& call : calls) EXPECT_FALSE(call->Wait().status.ok());
  EXPECT_EQ(drained.wait_for(std::chrono::milliseconds(500)), std::future_status::timeout);
  log.Release();
  Await(drained);
}

}  // namespace
}  // namespace enos::gateway::testing
