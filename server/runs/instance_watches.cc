#include "server/runs/instance_watches.h"

#include <algorithm>
#include <utility>

#include "server/contract/gateway_errors.h"

namespace enos::gateway {
namespace {

constexpr std::chrono::milliseconds kNoWait{0};

// Whether a poll that failed so may be tried again: it failed in transit, or with 5xx, 62109 or
// 429. A result code decides before an HTTP status, as everywhere.
bool MayPass(const CallError& error) {
  switch (error.reason) {
    case Reason::ENOS_UNREACHABLE:
    case Reason::ENOS_CONNECTION_LOST:
    case Reason::ENOS_UNAVAILABLE:
    case Reason::ENOS_TIMEOUT:
    case Reason::ENOS_INTERNAL:
    case Reason::ENOS_RATE_LIMITED:
      return true;
    default:
      return error.enos_code.value_or(0) == 0 && error.http_status >= 500;
  }
}

}  // namespace

InstanceWatches::InstanceWatches(UpstreamEnvironment& environment, ZoneSource& zones,
                                 ApiVersion api_version, WatchOptions options, OnPolled on_polled)
    : env_(environment),
      zones_(zones),
      api_version_(api_version),
      options_(options),
      on_polled_(std::move(on_polled)) {}

InstanceWatches::~InstanceWatches() {
  env_.scheduler.Cancel(queue_timer_);
  for (auto& [target, watched] : runs_) env_.scheduler.Cancel(watched->timer);
}

InstanceWatches::WatchId InstanceWatches::Start(const InstanceTarget& target, Watcher watcher) {
  const WatchId id = ++last_id_;
  if (ended_) {
    watcher.on_end({GatewayShuttingDown(), {}});
    return id;
  }
  auto& watched = runs_[target];
  const bool is_first = watched == nullptr;
  if (is_first) watched = std::make_unique<Watched>();
  if (watched->last != nullptr) watcher.on_state(watched->last);
  watched->watchers.emplace(id, std::move(watcher));
  targets_.emplace(id, target);
  if (is_first) Poll(target);
  return id;
}

void InstanceWatches::Stop(WatchId id) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  const auto run = runs_.find(found->second);
  run->second->watchers.erase(id);
  if (run->second->watchers.empty()) {
    env_.scheduler.Cancel(run->second->timer);
    runs_.erase(run);
    ServeQueueSoon();
  }
  targets_.erase(found);
}

void InstanceWatches::EndAll() {
  ended_ = true;
  while (!runs_.empty()) {
    const InstanceTarget target = runs_.begin()->first;
    End(target, {GatewayShuttingDown(), {}});
  }
}

void InstanceWatches::Poll(const InstanceTarget& target) {
  Watched& watched = *runs_.at(target);
  watched.timer = 0;
  for (auto it = watched.watchers.begin(); it != watched.watchers.end();) {
    auto refusal = it->second.check();
    if (!refusal) {
      ++it;
      continue;
    }
    it->second.on_end({std::move(refusal), {}});
    targets_.erase(it->first);
    it = watched.watchers.erase(it);
  }
  if (watched.watchers.empty()) {
    runs_.erase(target);
    return;
  }
  watched.slot = polls_.TryEnter();
  if (!watched.slot) {
    watched.is_queued = true;
    queue_.push_back(target);
    return;
  }
  RunRequest request;
  request.target = target;
  request.answer_by = env_.scheduler.Now() + options_.poll_timeout;
  watched.poll = std::make_unique<InstanceRead>(
      env_, zones_, api_version_, std::move(request), /*once=*/true,
      [this, target](InstanceResult result) { OnPoll(target, std::move(result)); });
  watched.poll->Start();
}

void InstanceWatches::OnPoll(const InstanceTarget& target, InstanceResult result) {
  if (on_polled_) on_polled_(result);
  Watched& watched = *runs_.at(target);
  const auto poll = std::move(watched.poll);  // which called this, and is needed to its end
  watched.slot = {};
  ServeQueueSoon();
  if (auto* answer = std::get_if<InstanceAnswer>(&result)) {
    OnAnswer(target, watched, std::move(*answer));
  } else {
    OnFailure(target, watched, std::get<CallError>(std::move(result)));
  }
}

void InstanceWatches::OnAnswer(const InstanceTarget& target, Watched& watched,
                               InstanceAnswer answer) {
  watched.failures = 0;
  auto message = std::make_shared<dataflow::v1::WatchFlowInstanceResponse>();
  *message->mutable_flow_instance() = std::move(answer.instance);
  std::string bytes = message->SerializeAsString();
  if (watched.last == nullptr || bytes != watched.last_bytes) {
    watched.last = message;
    watched.last_bytes = std::move(bytes);
    for (auto& [id, watcher] : watched.watchers) watcher.on_state(watched.last);
  }
  if (message->flow_instance().ended())
    return End(target, {std::nullopt, std::move(answer.enos_request_id)});
  PollLater(target, watched, kNoWait);
}

// A run that was just started may not be found at once. The next poll is one interval away, unless
// EnOS asked for a longer wait with 429, or the breaker would not let it be sent.
void InstanceWatches::OnFailure(const InstanceTarget& target, Watched& watched, CallError error) {
  const bool not_there_yet = watched.last == nullptr && error.reason == Reason::ENOS_NOT_FOUND;
  if ((!not_there_yet && !MayPass(error)) || ++watched.failures >= options_.failures)
    return End(target, {std::move(error), {}});
  const bool too_often = error.reason == Reason::ENOS_RATE_LIMITED;
  const auto asked = too_often ? error.retry_after.value_or(kNoWait) : kNoWait;
  const auto rest = env_.breaker.Rest(env_.scheduler.Now()).value_or(kNoWait);
  PollLater(target, watched, std::max(asked, rest));
}

// After three quarters to five quarters of the interval.
void InstanceWatches::PollLater(const InstanceTarget& target, Watched& watched, Duration at_least) {
  const auto jittered =
      std::chrono::duration_cast<Duration>(options_.interval * (0.75 + 0.5 * env_.random()));
  watched.timer =
      env_.scheduler.RunAfter(std::max(jittered, at_least), [this, target] { Poll(target); });
}

// Not at once: who gave a slot back is called by one who watches, or calls some.
void InstanceWatches::ServeQueueSoon() {
  if (queue_.empty() || queue_timer_ != 0) return;
  queue_timer_ = env_.scheduler.RunAfter(Duration::zero(), [this] {
    queue_timer_ = 0;
    while (!queue_.empty() && polls_.in_flight() < kMostPolls) {
      const InstanceTarget target = std::move(queue_.front());
      queue_.pop_front();
      const auto run = runs_.find(target);
      if (run != runs_.end() && std::exchange(run->second->is_queued, false)) Poll(target);
    }
  });
}

void InstanceWatches::End(const InstanceTarget& target, const InstanceEnd& end) {
  const auto run = runs_.find(target);
  const std::unique_ptr<Watched> watched = std::move(run->second);
  runs_.erase(run);
  env_.scheduler.Cancel(watched->timer);
  for (auto& [id, watcher] : watched->watchers) {
    targets_.erase(id);
    watcher.on_end(end);
  }
}

}  // namespace enos::gateway
