// Many calls in flight take memory and descriptors, but no threads.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/support/calls.h"
#include "tests/e2e/support/descriptors.h"
#include "tests/support/fake_enos.h"
#include "tests/support/programs.h"
#include "tests/support/sanitized.h"

namespace enos::e2e {
namespace {

constexpr int kMany = kSanitized ? 2000 : 10000;
constexpr int kFew = 10;
constexpr int kChannels = 50;

class ManyCallsTest : public testing::Test {
 protected:
  // Starts this many calls, waits until all of them wait for EnOS, and returns the gateway's
  // threads.
  int ThreadsWithInFlight(int count, Process& gateway) {
    enos_.Hold();
    CallsAtOnce calls;
    for (int i = 0; i < count; ++i) {
      calls.Start(channels_[static_cast<size_t>(i) % channels_.size()], RequestFor(i + 1));
    }
    EXPECT_TRUE(enos_.WaitForHeld(static_cast<size_t>(count)));
    const int threads = gateway.threads();
    enos_.Release();
    int ok = 0;
    std::string first_error;
    for (const CallOutcome& outcome : calls.WaitForAll()) {
      if (outcome.status.ok())
        ++ok;
      else if (first_error.empty())
        first_error = outcome.status.error_message();
    }
    EXPECT_EQ(ok, count) << first_error;
    return threads;
  }

  FakeEnos enos_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
};

TEST_F(ManyCallsTest, AllInFlightAtOnce_TakeNoThreadsOfTheirOwn) {
  if (!EnoughDescriptorsFor(kMany)) {
    GTEST_SKIP() << "NOT TESTED: the hard limit of open descriptors (ulimit -Hn) is too low for "
                 << kMany << " connections; it must be " << kMany + kOtherDescriptors << " or more";
  }
  // Enough time for a slow machine; the number of calls is the default's.
  std::vector<std::string> flags = {"--upstream_timeout=10m", "--drain_timeout=11m"};
  if (kMany < 10000) flags.push_back("--max_in_flight=" + std::to_string(kMany));
  GatewayProcess gateway(GatewayOptions(enos_.url(), flags));
  for (int i = 0; i < kChannels; ++i) channels_.push_back(OwnChannel(gateway.address()));

  const int few = ThreadsWithInFlight(kFew, gateway);
  const long before_kb = gateway.rss_kb();
  const int many = ThreadsWithInFlight(kMany, gateway);
  EXPECT_GT(few, 0);
  // gRPC starts its own pool's threads when they are first needed: a few per core.
  EXPECT_LE(many, few + 4 * static_cast<int>(std::thread::hardware_concurrency()));
  RecordProperty("calls", kMany);
  RecordProperty("threads", many);
  RecordProperty("rss_before_kb", std::to_string(before_kb));
  RecordProperty("peak_rss_kb", std::to_string(gateway.peak_rss_kb()));
  std::printf("%d calls in flight: %d threads, resident memory %ld MB before, %ld MB at most\n",
              kMany, many, before_kb / 1024, gateway.peak_rss_kb() / 1024);
  gateway.Signal(SIGTERM);
  EXPECT_EQ(gateway.Wait().status, 0) << gateway.all_output();
}

}  // namespace
}  // namespace enos::e2e
