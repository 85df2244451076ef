#include "enos/flow/repeat.h"

#include <algorithm>
#include <thread>

#include "absl/random/random.h"

namespace enos::flow {

using std::chrono::milliseconds;

namespace {

// The limit of the random wait after this many attempts, doubling without overflow.
milliseconds BackoffLimit(int attempts_made, const RepeatOptions& options) {
  milliseconds limit = std::max(options.initial_backoff, milliseconds(0));
  for (int i = 1; i < attempts_made && limit < options.max_backoff; ++i) {
    limit = limit > options.max_backoff / 2 ? options.max_backoff : limit * 2;
  }
  return std::clamp(limit, milliseconds(0), std::max(options.max_backoff, milliseconds(0)));
}

// Whether a call with this code is refused again, whoever made the error: of those that leave the
// execution open, libraries and proxies make them.
bool IsRefusal(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return true;
    default:
      return false;
  }
}

}  // namespace

RepeatHooks RepeatHooks::Real() {
  return {[] { return std::chrono::steady_clock::now(); },
          [](milliseconds wait) { std::this_thread::sleep_for(wait); },
          [] {
            thread_local absl::BitGen generator;
            return absl::Uniform<double>(generator, 0.0, 1.0);
          }};
}

milliseconds BackoffWait(int attempts_made, double random, const RepeatOptions& options) {
  const double limit = static_cast<double>(BackoffLimit(attempts_made, options).count());
  return milliseconds(static_cast<int64_t>(limit * random));
}

bool IsWorthRepeating(const FlowError& error) {
  if (!error.SafeToRepeat()) return error.SafeToRepeatWithSameKey() && !IsRefusal(error.code);
  return error.code == grpc::StatusCode::UNAVAILABLE ||
         error.code == grpc::StatusCode::RESOURCE_EXHAUSTED;
}

std::optional<milliseconds> WaitBeforeRepeat(const FlowError& error, int attempts_made,
                                             milliseconds time_left, double random,
                                             const RepeatOptions& options) {
  if (!IsWorthRepeating(error) || attempts_made >= options.max_attempts) return std::nullopt;
  milliseconds wait{};
  if (error.retry_after) {
    wait = *error.retry_after;
  } else {
    wait = BackoffWait(attempts_made, random, options);
  }
  if (wait >= time_left) return std::nullopt;
  return wait;
}

FlowResult AttemptHistory::Add(FlowResult answer) {
  if (answer.ok()) return answer;
  FlowError error = answer.error();
  if (!error.SafeToRepeat()) {
    may_have_started_ = true;
    if (!error.likely_flow_instance_id.empty()) {
      likely_flow_instance_id_ = error.likely_flow_instance_id;
    }
  } else if (error.key_state == KeyState::kNone &&
             error.reason_kind != Reason::IDEMPOTENCY_KEY_EXPIRED) {
    may_have_started_ = false;
  } else if (may_have_started_) {
    error.execution = Execution::kUnknown;
    error.message +=
        " That is said of the last call alone: an earlier one may have started the flow.";
    error.likely_flow_instance_id = likely_flow_instance_id_;
  }
  return error;
}

FlowResult RepeatWhileSafe(const Attempt& attempt, milliseconds timeout,
                           const RepeatOptions& options, const RepeatHooks& hooks) {
  const auto start = hooks.now();
  // By subtraction, not by adding to `start`: a huge timeout must not overflow the clock.
  const auto time_left = [&] {
    return timeout - std::chrono::ceil<milliseconds>(hooks.now() - start);
  };
  AttemptHistory history;
  FlowResult result = history.Add(attempt(timeout, false));
  for (int attempts_made = 1; !result.ok(); ++attempts_made) {
    const auto wait =
        WaitBeforeRepeat(result.error(), attempts_made, time_left(), hooks.random(), options);
    if (!wait) break;
    if (*wait > milliseconds(0)) hooks.sleep(*wait);
    const milliseconds left = time_left();
    if (left <= milliseconds(0)) break;  // slept too long: the last answer stands
    result = history.Add(attempt(left, history.may_have_started()));
  }
  return result;
}

}  // namespace enos::flow
