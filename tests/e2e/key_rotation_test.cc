// EnOS keys that change in their mounted files while callers call without pause: two gateways that
// share the files, as replicas do, and a sandbox that accepts the old key and the next one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/enos/json_value.h"
#include "server/testing/mounted_files.h"
#include "tests/e2e/support/calls.h"
#include "tests/support/programs.h"

namespace enos::e2e {
namespace {

using gateway::MountedFiles;
using sandbox::JsonValue;
using ::testing::HasSubstr;
using ::testing::Not;

// Different from every other word that might appear.
constexpr char kOldSecret[] = "0ld-s3cr3t-Of-The-Test";
constexpr char kNewSecret[] = "n3w-s3cr3t-Of-The-Test";
constexpr char kWrongSecret[] = "wr0ng-s3cr3t-Of-The-Test";

// None of the ids that the sandbox treats specially.
constexpr int kFirstFlow = 1'000'000;

// Callers that start one flow after another, each flow once, until this object is destroyed.
class Callers {
 public:
  explicit Callers(const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses) {
      for (int i = 0; i < 2; ++i) threads_.emplace_back([this, address] { Run(address); });
    }
  }
  ~Callers() { Stop(); }
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  void Stop() {
    ending_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  // Waits until this many more calls have been answered.
  void WaitForMore(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    const size_t wanted = answered_.size() + count;
    EXPECT_TRUE(changed_.wait_for(lock, kGuard, [&] { return answered_.size() >= wanted; }));
  }

  std::set<int> answered() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return answered_;
  }

  // The flows from this id on have not been called so far.
  int next_flow() const { return next_flow_; }

 private:
  void Run(const std::string& address) {
    const auto channel = OwnChannel(address);
    while (!ending_) {
      const int flow = next_flow_++;
      const CallOutcome outcome = Call(channel, RequestFor(flow));
      EXPECT_TRUE(outcome.status.ok()) << flow << ": " << outcome.status.error_message();
      const std::lock_guard<std::mutex> lock(mutex_);
      answered_.insert(flow);
      changed_.notify_all();
    }
  }

  std::atomic<bool> ending_{false};
  std::atomic<int> next_flow_{kFirstFlow};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<int> answered_;
  std::vector<std::thread> threads_;
};

MountedFiles::Contents Keys(const std::string& secret) {
  return {{"access_key", kAccessKey}, {"secret_key", secret + "\n"}};
}

class KeyRotationTest : public testing::Test {
 protected:
  ProcessOptions Options() const {
    ProcessOptions options =
        GatewayOptions(sandbox_.url(), {"--reload_interval=100ms", "--log_level=trace"});
    options.environment = {{"ENOS_ACCESS_KEY_FILE", keys_.path("access_key")},
                           {"ENOS_SECRET_KEY_FILE", keys_.path("secret_key")}};
    return options;
  }

  std::vector<std::string> Addresses() const { return {one_.address(), two_.address()}; }

  void WaitForBoth(const std::string& line) {
    EXPECT_TRUE(one_.WaitForLine(line));
    EXPECT_TRUE(two_.WaitForLine(line));
  }

  // Each flow below `end` was sent and started once: those of `old` signed with the old key, those
  // from `first_new` on with the new one, the others with either.
  void ExpectEachOnce(int end, const std::set<int>& old, int first_new) const {
    const auto view = sandbox::ParseJson(sandbox_.View("/_sandbox/calls?limit=10000000"));
    ASSERT_TRUE(view);
    ASSERT_EQ(view->Find("forgotten")->integer, 0);
    std::map<int, int> calls;
    for (const JsonValue& call : view->Find("calls")->items) {
      const int flow = static_cast<int>(call.Find("flowId")->integer);
      ++calls[flow];
      EXPECT_TRUE(call.Find("executed")->flag) << flow;
      const bool with_new = call.Find("signedWithNextKey")->flag;
      if (old.count(flow) > 0) {
        EXPECT_FALSE(with_new) << flow;
      }
      if (flow >= first_new) {
        EXPECT_TRUE(with_new) << flow;
      }
    }
    EXPECT_EQ(calls.size(), static_cast<size_t>(end - kFirstFlow));
    for (const auto& [flow, count] : calls) EXPECT_EQ(count, 1) << flow;
  }

  // While the callers call: what they sent was started once, and signed with the key of its time.
  void SwapForTheNewKey(Callers& callers) {
    const std::set<int> old = callers.answered();
    keys_.Swap(Keys(kNewSecret));
    WaitForBoth("keys reloaded");
    const int first_new = callers.next_flow();
    callers.WaitForMore(50);
    callers.Stop();
    ExpectEachOnce(callers.next_flow(), old, first_new);
    ExpectNoSecretPrinted();
  }

  void ExpectNoSecretPrinted() const {
    // The first thing that a sandbox prints is the settings for a gateway, including its key.
    const std::string of_sandbox = sandbox_.all_output();
    const size_t ready = of_sandbox.find("ready");
    ASSERT_NE(ready, std::string::npos);
    for (const std::string& text :
         {of_sandbox.substr(ready), one_.all_output(), two_.all_output()}) {
      for (const char* const secret : {kOldSecret, kNewSecret, kWrongSecret}) {
        EXPECT_THAT(text, Not(HasSubstr(secret)));
      }
    }
  }

  MountedFiles keys_{Keys(kOldSecret)};
  SandboxProcess sandbox_{{std::string("--secret_key=") + kOldSecret,
                           std::string("--next_secret_key=") + kNewSecret,
                           "--keep_calls=10000000"}};
  GatewayProcess one_{Options()};
  GatewayProcess two_{Options()};
};

TEST_F(KeyRotationTest, KeySwappedUnderLoad_NoCallIsLostAndTheNewOneSigns) {
  Callers callers(Addresses());
  callers.WaitForMore(50);
  SwapForTheNewKey(callers);
}

TEST_F(KeyRotationTest, WrongKeyThenTheRightOne_OldOneSignsUntilThen) {
  Callers callers(Addresses());
  keys_.Swap(Keys(kWrongSecret));
  WaitForBoth("keys not reloaded, the old ones stay in use");
  callers.WaitForMore(50);
  SwapForTheNewKey(callers);
}

}  // namespace
}  // namespace enos::e2e
