#include "tests/hostile/polite.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "enos/flow/client.h"

namespace enos::hostile {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// So that they leave some of the processor to the hostile ones.
constexpr milliseconds kThought{5};
constexpr milliseconds kTimeout{20'000};

flow::FlowRequest MakeRequest() {
  flow::FlowRequest request;
  request.set_user_id("polite");
  request.set_org_id("o1");
  request.set_flow_id(3377);
  request.mutable_trigger_time()->set_seconds(1'600'000'000);
  return request;
}

std::string Outcome(const flow::FlowError& error) {
  return absl::StrCat(flow::StatusCodeName(error.code), " ", error.reason, " ",
                      flow::ExecutionName(error.execution), ": ", error.message);
}

}  // namespace

PoliteCallers::PoliteCallers(const flow::ChannelOptions& gateway, int number) {
  for (int i = 0; i < number; ++i) threads_.emplace_back([this, gateway] { Run(gateway); });
}

void PoliteCallers::Run(const flow::ChannelOptions& gateway) {
  auto channel = flow::MakeChannel(gateway);
  if (!channel.ok()) {
    std::fprintf(stderr, "hostile: %s\n", std::string(channel.status().message()).c_str());
    std::exit(2);
  }
  const flow::FlowClient client(*std::move(channel));
  const flow::FlowRequest request = MakeRequest();
  while (!ending_) {
    const auto begin = Clock::now();
    const flow::FlowResult result = client.TriggerFlow(request, {kTimeout});
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      times_.push_back(took);
      if (result.ok()) {
        ++served_;
      } else {
        ++failures_[Outcome(result.error())];
      }
    }
    std::this_thread::sleep_for(kThought);
  }
}

void PoliteCallers::Stop() {
  ending_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

milliseconds PoliteCallers::Percentile99() {
  if (times_.empty()) return milliseconds(0);
  const auto at = times_.begin() + static_cast<std::ptrdiff_t>(times_.size() * 99 / 100);
  std::nth_element(times_.begin(), at, times_.end());
  return *at;
}

}  // namespace enos::hostile
