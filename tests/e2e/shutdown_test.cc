// SIGTERM with a thousand calls in flight: each caller gets a correct status, no call is sent
// twice, and the process exits with status 0.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "enos/flow/error.h"
#include "tests/e2e/support/calls.h"
#include "tests/e2e/support/descriptors.h"
#include "tests/support/fake_enos.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using ::testing::Optional;

constexpr int kInFlight = 1000;
constexpr int kLate = 200;
constexpr int kChannels = 10;

class ShutdownTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!EnoughDescriptorsFor(kInFlight + kLate)) {
      GTEST_SKIP() << "NOT TESTED: the hard limit of open descriptors (ulimit -Hn) must be "
                   << kInFlight + kLate + kOtherDescriptors << " or more";
    }
  }

  void Start(std::vector<std::string> flags) {
    flags.push_back("--max_in_flight=" + std::to_string(kInFlight + kLate));
    gateway_ = std::make_unique<GatewayProcess>(GatewayOptions(enos_.url(), std::move(flags)));
    for (int i = 0; i < kChannels; ++i) channels_.push_back(OwnChannel(gateway_->address()));
    enos_.Hold();
    for (int id = 1; id <= kInFlight; ++id) calls_.Start(ChannelOf(id), RequestFor(id));
    ASSERT_TRUE(enos_.WaitForHeld(kInFlight));
  }

  // Calls that arrive after it has begun to shut down, on existing connections.
  void StartLateCalls() {
    for (int id = kInFlight + 1; id <= kInFlight + kLate; ++id)
      calls_.Start(ChannelOf(id), RequestFor(id), /*wait_for_ready=*/false);
  }

  const std::shared_ptr<grpc::Channel>& ChannelOf(int id) const {
    return channels_[static_cast<size_t>(id) % channels_.size()];
  }

  int TimesArrived(int flow_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = arrived_.find(flow_id);
    return found == arrived_.end() ? 0 : found->second;
  }

  // What a late call is told must be true, whoever produced its status.
  void ExpectTrue(const CallOutcome& outcome) const {
    const int times = TimesArrived(outcome.flow_id);
    if (outcome.status.ok()) {
      EXPECT_EQ(times, 1) << outcome.flow_id;
      return;
    }
    const flow::FlowError error = flow::FlowErrorFromStatus(outcome.status);
    EXPECT_LE(times, error.execution == flow::Execution::kNotExecuted ? 0 : 1) << error.message;
  }

  mutable std::mutex mutex_;
  std::map<int, int> arrived_;  // by flow id
  FakeEnos enos_{[this](int flow_id, const std::string&) {
    const std::lock_guard lock(mutex_);
    ++arrived_[flow_id];
    return std::nullopt;
  }};
  std::unique_ptr<GatewayProcess> gateway_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  CallsAtOnce calls_;
};

TEST_F(ShutdownTest, EnosAnswers_EveryCallInFlightIsAnsweredOnceWithItsOwnResult) {
  Start({"--upstream_timeout=2m", "--drain_timeout=3m"});
  gateway_->Signal(SIGTERM);
  ASSERT_TRUE(gateway_->WaitForLine("ending"));
  StartLateCalls();
  enos_.Release();
  for (const CallOutcome& outcome : calls_.WaitForAll()) {
    ExpectTrue(outcome);
    if (outcome.flow_id > kInFlight) continue;
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
    EXPECT_EQ(outcome.flow_instance_id, std::to_string(outcome.flow_id) + "-20300101000000");
  }
  EXPECT_THAT(gateway_->Wait().status, Optional(0)) << gateway_->all_output();
}

TEST_F(ShutdownTest, EnosIsSilent_EveryCallInFlightIsToldThatItMayHaveRun) {
  Start({"--upstream_timeout=8s", "--drain_timeout=14s"});
  gateway_->Signal(SIGTERM);
  ASSERT_TRUE(gateway_->WaitForLine("ending"));
  StartLateCalls();
  for (const CallOutcome& outcome : calls_.WaitForAll()) {
    ExpectTrue(outcome);
    if (outcome.flow_id > kInFlight) continue;
    const flow::FlowError error = flow::FlowErrorFromStatus(outcome.status);
    EXPECT_EQ(error.reason_kind, flow::Reason::ENOS_TIMEOUT) << error.message;
    EXPECT_EQ(error.execution, flow::Execution::kUnknown);
    EXPECT_EQ(TimesArrived(outcome.flow_id), 1);
  }
  EXPECT_THAT(gateway_->Wait().status, Optional(0)) << gateway_->all_output();
}

}  // namespace
}  // namespace enos::e2e
