#include "tests/soak/callers.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "enos/flow/channel.h"
#include "tests/soak/upstream.h"

namespace enos::soak {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kMostAttempts = 3;
constexpr milliseconds kLongestWait{1500};  // a caller asked to wait longer gives up
constexpr milliseconds kLongestThought{20};
constexpr std::int64_t kFirstTriggerTime = 1'600'000'000;

std::int64_t Between(std::mt19937_64& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

std::int32_t PickFlow(std::mt19937_64& random) {
  const auto dice = Between(random, 0, 999);
  if (dice < 5) return kFlowHangsBefore;
  if (dice < 10) return kFlowHangsAfter;
  if (dice < 20) return kFlowIsSlow;
  if (dice < 25) return 62103;
  if (dice < 30) return 62104;
  if (dice < 35) return 99404;
  if (dice < 40) return -1;  // not valid
  return static_cast<std::int32_t>(Between(random, 1, 5000));
}

milliseconds PickTimeout(std::mt19937_64& random) {
  const auto dice = Between(random, 0, 99);
  if (dice < 10) return milliseconds(Between(random, 1, 30));
  if (dice < 40) return milliseconds(Between(random, 30, 500));
  return milliseconds(Between(random, 500, 15'000));
}

// With the stub itself: the client library always sets a deadline.
flow::FlowResult CallWithoutDeadline(const std::shared_ptr<grpc::Channel>& channel,
                                     const flow::FlowRequest& request) {
  const auto stub = dataflow::v1::FlowService::NewStub(channel);
  grpc::ClientContext context;
  dataflow::v1::UpdateAndTriggerFlowResponse response;
  const grpc::Status status = stub->UpdateAndTriggerFlow(&context, request, &response);
  if (status.ok()) return flow::TriggeredFlow{response.flow_instance_id(), ""};
  return flow::FlowErrorFromStatus(status);
}

}  // namespace

flow::FlowRequest MakeRequest(std::uint64_t call_id, std::int32_t flow_id) {
  flow::FlowRequest request;
  request.set_user_id("soak");
  request.set_org_id("o1");
  request.set_flow_id(flow_id);
  // Another time for each call, so that each has another instance id.
  request.mutable_trigger_time()->set_seconds(kFirstTriggerTime +
                                              static_cast<std::int64_t>(call_id));
  auto* parameter = request.add_parameters();
  parameter->set_key("call_id");
  parameter->set_value(absl::StrCat(call_id));
  return request;
}

void Callers::SetGateway(const std::string& address) {
  flow::ChannelOptions options;
  options.address = address;
  auto channel = flow::MakeChannel(options);
  if (!channel.ok()) {
    std::fprintf(stderr, "soak: %s\n", std::string(channel.status().message()).c_str());
    std::exit(2);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  channel_ = *std::move(channel);
}

std::shared_ptr<grpc::Channel> Callers::channel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return channel_;
}

void Callers::Start() {
  for (int i = 0; i < options_.callers; ++i) {
    threads_.emplace_back([this, i] { Run(static_cast<std::uint64_t>(i)); });
  }
}

void Callers::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  end_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  channel_.reset();
}

bool Callers::Pause(milliseconds time) {
  std::unique_lock<std::mutex> lock(mutex_);
  return !end_.wait_for(lock, time, [this] { return ended_; });
}

void Callers::Run(std::uint64_t number) {
  Random random(options_.seed * 100'003 + number);
  std::vector<Told> told;
  while (Pause(milliseconds(Between(random, 0, kLongestThought.count())))) {
    const std::uint64_t call_id = ++next_call_;
    if (call_id > options_.max_calls) {
      --next_call_;
      break;
    }
    Call(call_id, random, told);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  told_.insert(told_.end(), told.begin(), told.end());
}

void Callers::Call(std::uint64_t call_id, Random& random, std::vector<Told>& told) {
  const flow::FlowRequest request = MakeRequest(call_id, PickFlow(random));
  for (int attempt = 1;; ++attempt) {
    const auto begin = Clock::now();
    const flow::FlowResult result = Attempt(request, random);
    NoteTime(std::chrono::duration_cast<milliseconds>(Clock::now() - begin));
    told.push_back(Record(call_id, result));
    if (result.ok() || !result.error().SafeToRepeat() || attempt == kMostAttempts) return;
    const milliseconds wait =
        result.error().retry_after.value_or(milliseconds(Between(random, 0, 200)));
    if (wait > kLongestWait || !Pause(wait)) return;
    told.back().last = false;
  }
}

flow::FlowResult Callers::Attempt(const flow::FlowRequest& request, Random& random) {
  const auto dice = Between(random, 0, 99);
  if (dice < 10) return CallToBeCancelled(request, random);
  if (dice < 20) return CallWithoutDeadline(channel(), request);
  return flow::FlowClient(channel()).TriggerFlow(request, {PickTimeout(random)});
}

flow::FlowResult Callers::CallToBeCancelled(const flow::FlowRequest& request, Random& random) {
  auto done = std::make_shared<std::promise<flow::FlowResult>>();
  auto result = done->get_future();
  auto pending = flow::FlowClient(channel()).TriggerFlowAsync(
      request, {PickTimeout(random)},
      [done](flow::FlowResult value) { done->set_value(std::move(value)); });
  if (result.wait_for(milliseconds(Between(random, 0, 150))) == std::future_status::timeout) {
    ++cancelled_;
    pending.Cancel();
  }
  return result.get();
}

void Callers::NoteTime(milliseconds took) {
  if (took > kHung) ++hung_;
  std::int64_t slowest = slowest_ms_;
  while (took.count() > slowest && !slowest_ms_.compare_exchange_weak(slowest, took.count())) {
  }
}

}  // namespace enos::soak
