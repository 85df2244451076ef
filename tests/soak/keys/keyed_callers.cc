#include "tests/soak/keys/keyed_callers.h"

#include <grpcpp/create_channel.h>

#include <future>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "enos/flow/idempotency_key.h"
#include "tests/soak/callers.h"
#include "tests/soak/upstream.h"

namespace enos::soak {
namespace {

using std::chrono::milliseconds;

constexpr std::int32_t kFlow = 3377;
constexpr std::int32_t kFlowRefused = 62104;  // by the sandbox
constexpr std::size_t kMostRecent = 40;
// How often a caller asks before it gives up. A lease lasts 8 s.
constexpr int kMostAttempts = 30;

std::uint64_t Between(std::mt19937_64& random, std::uint64_t low, std::uint64_t high) {
  return std::uniform_int_distribution<std::uint64_t>(low, high)(random);
}

milliseconds PickTimeout(std::mt19937_64& random) {
  const auto dice = Between(random, 0, 99);
  if (dice < 10) return milliseconds(Between(random, 5, 100));
  if (dice < 40) return milliseconds(Between(random, 100, 1000));
  return milliseconds(Between(random, 1000, 6000));
}

// Slow ones are still under way when they are repeated.
std::int32_t PickFlow(std::mt19937_64& random) {
  const auto dice = Between(random, 0, 99);
  if (dice < 4) return kFlowRefused;
  if (dice < 14) return kFlowIsSlow;
  return kFlow;
}

std::uint64_t CallIdOf(const flow::FlowRequest& request) {
  std::uint64_t call_id = 0;
  const bool is_number = absl::SimpleAtoi(request.parameters(0).value(), &call_id);
  return is_number ? call_id : 0;
}

// Whether another attempt would tell more.
bool Knows(const flow::FlowResult& result) {
  if (result.ok()) return true;
  const flow::FlowError& error = result.error();
  if (error.key_state == flow::KeyState::kDoubt) return true;
  const bool certain =
      error.execution == flow::Execution::kNotExecuted && error.key_state == flow::KeyState::kNone;
  return certain && error.code != grpc::StatusCode::UNAVAILABLE &&
         error.code != grpc::StatusCode::RESOURCE_EXHAUSTED;
}

}  // namespace

KeyedCallers::KeyedCallers(Replicas& replicas, std::string mesh, std::uint64_t seed,
                           std::uint64_t first_call)
    : replicas_(replicas),
      mesh_(grpc::CreateChannel(std::move(mesh), grpc::InsecureChannelCredentials())),
      seed_(seed),
      next_call_(first_call) {}

void KeyedCallers::Start(int callers,
                         const std::vector<std::unique_ptr<LanguageCaller>>& languages) {
  const auto start = [this](LanguageCaller* language) {
    threads_.emplace_back(
        [this, language, number = seed_ * 1000 + threads_.size()] { Run(number, language); });
  };
  for (int i = 0; i < callers; ++i) start(nullptr);
  for (const auto& language : languages) start(language.get());
}

void KeyedCallers::Stop() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  end_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool KeyedCallers::Pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !end_.wait_for(lock, time, [this] { return ended_; });
}

void KeyedCallers::Run(std::uint64_t number, LanguageCaller* language) {
  Random random(number);
  std::vector<KeyedTold> told;
  while (Pause(milliseconds(Between(random, 0, 20)))) Call(Pick(random), language, random, told);
  const std::lock_guard lock(mutex_);
  told_.insert(told_.end(), told.begin(), told.end());
}

flow::FlowRequest KeyedCallers::NewRequest(Random& random) {
  const std::uint64_t call_id = next_call_++;
  flow::FlowRequest request = MakeRequest(call_id, PickFlow(random));
  const bool uuid = Between(random, 0, 1) == 0;
  request.set_idempotency_key(uuid ? flow::NewIdempotencyKey()
                                   : absl::StrCat("start-", seed_, "-", call_id));
  return request;
}

flow::FlowRequest KeyedCallers::Pick(Random& random) {
  const bool joins = Between(random, 0, 99) < 30;
  {
    const std::lock_guard lock(mutex_);
    if (joins && !recent_.empty()) return recent_[Between(random, 0, recent_.size() - 1)];
  }
  flow::FlowRequest request = NewRequest(random);
  const std::lock_guard lock(mutex_);
  recent_.push_back(request);
  if (recent_.size() > kMostRecent) recent_.pop_front();
  return request;
}

void KeyedCallers::Call(const flow::FlowRequest& request, LanguageCaller* language, Random& random,
                        std::vector<KeyedTold>& told) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const absl::Time begin = absl::Now();
    const flow::FlowResult result =
        language == nullptr ? Attempt(request, random)
                            : language->Call(replicas_.Address(Between(random, 0, 1000)), request,
                                             PickTimeout(random));
    told.push_back(RecordKeyed(CallIdOf(request), begin, result));
    told.back().repeat = attempt > 0;
    const auto took =
        static_cast<std::uint64_t>(absl::ToInt64Milliseconds(told.back().end - begin));
    for (std::uint64_t slowest = slowest_ms_;
         took > slowest && !slowest_ms_.compare_exchange_weak(slowest, took);) {
    }
    if (Knows(result)) return;
    const auto wait = result.error().retry_after.value_or(milliseconds(100));
    // At the end they ask on, so that little stays open, but do not wait long.
    Pause(std::min(wait, milliseconds(500)) + milliseconds(Between(random, 0, 200)));
  }
}

flow::FlowResult KeyedCallers::Attempt(const flow::FlowRequest& request, Random& random) {
  const auto way = Between(random, 0, 99);
  const bool eager = way < 40;
  const bool meshed = !eager && way < 60;
  if (eager) ++eager_;
  if (meshed) ++meshed_;
  const auto replica = replicas_.Channel(Between(random, 0, 1000), eager);
  if (replica == nullptr) return flow::FlowError();
  const flow::FlowClient client(meshed ? mesh_ : replica);
  auto done = std::make_shared<std::promise<flow::FlowResult>>();
  auto result = done->get_future();
  auto pending = client.TriggerFlowAsync(
      request, {PickTimeout(random)},
      [done](flow::FlowResult value) { done->set_value(std::move(value)); });
  if (Between(random, 0, 99) < 5 &&
      result.wait_for(milliseconds(Between(random, 0, 200))) == std::future_status::timeout) {
    ++cancelled_;
    pending.Cancel();
  }
  return result.get();
}

}  // namespace enos::soak
