#include "sandbox/faults/fault_plan.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace enos::sandbox {
namespace {

// True where the fault still is to happen; counts it.
bool Use(Fault& fault) {
  if (!fault.times.has_value()) return true;
  if (*fault.times == 0) return false;
  --*fault.times;
  return true;
}

// The first of the faults that meet this action and are not used up.
template <typename List, typename Action>
std::optional<Fault> NextOf(List& list, Action action) {
  for (auto& planned : list) {
    if (planned.action.value_or(action) != action || !Use(planned.fault)) continue;
    Fault next = planned.fault;
    next.executes = RunsFlow(planned.fault);
    return next;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<FlowFault> ParseFlowFault(std::string_view text) {
  const std::size_t colon = text.find(':');
  FlowFault flow;
  if (colon == std::string_view::npos ||
      !absl::SimpleAtoi(std::string(text.substr(0, colon)), &flow.flow_id)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text), "\" does not begin with a flow id and a colon"));
  }
  absl::string_view rest(text.data() + colon + 1, text.size() - colon - 1);
  if (absl::ConsumePrefix(&rest, "get:")) {
    flow.action = RunAction::kGet;
  } else if (absl::ConsumePrefix(&rest, "cancel:")) {
    flow.action = RunAction::kCancel;
  }
  absl::StatusOr<Fault> fault = ParseFault(std::string(rest));
  if (!fault.ok()) return fault.status();
  flow.fault = *std::move(fault);
  return flow;
}

absl::StatusOr<TokenFault> ParseTokenFault(std::string_view text) {
  TokenFault token;
  absl::string_view rest(text.data(), text.size());
  if (absl::ConsumePrefix(&rest, "get:")) {
    token.action = TokenAction::kGet;
  } else if (absl::ConsumePrefix(&rest, "refresh:")) {
    token.action = TokenAction::kRefresh;
  }
  absl::StatusOr<Fault> fault = ParseFault(std::string(rest));
  if (!fault.ok()) return fault.status();
  token.fault = *std::move(fault);
  return token;
}

absl::StatusOr<TimeFault> ParseTimeFault(std::string_view text) {
  TimeFault time;
  absl::string_view rest(text.data(), text.size());
  if (absl::ConsumePrefix(&rest, "current:")) {
    time.action = TimeAction::kCurrentTime;
  } else if (absl::ConsumePrefix(&rest, "zone:")) {
    time.action = TimeAction::kTimeZone;
  }
  absl::StatusOr<Fault> fault = ParseFault(std::string(rest));
  if (!fault.ok()) return fault.status();
  time.fault = *std::move(fault);
  return time;
}

std::vector<Fault> DefaultRandomFaults() {
  std::vector<Fault> faults;
  for (const char* text : {"reset",
                           "close",
                           "half-head",
                           "half-answer",
                           "half-answer-reset",
                           "length-too-long",
                           "length-too-short",
                           "trickle=1ms",
                           "close-after",
                           "close-silently",
                           "reset-silently",
                           "http-503",
                           "http-503+retry-after=1",
                           "code-429",
                           "http-429+retry-after=1",
                           "http-401",
                           "code-497",
                           "code-1203",
                           "http-500",
                           "code-99500",
                           "code-62109",
                           "http-504",
                           "html-502",
                           "not-json",
                           "not-utf8",
                           "no-code",
                           "empty-id",
                           "redirect",
                           "latency=100ms-500ms"}) {
    absl::StatusOr<Fault> fault = ParseFault(text);
    if (fault.ok()) faults.push_back(*std::move(fault));
  }
  return faults;
}

FaultPlan::FaultPlan(FaultPlanOptions options)
    : for_tokens_(std::move(options.token_faults)),
      for_time_(std::move(options.time_faults)),
      random_share_(options.random_share),
      random_read_share_(options.random_read_share),
      random_kinds_(options.random_kinds.empty() ? DefaultRandomFaults()
                                                 : std::move(options.random_kinds)),
      random_(options.seed) {
  for (FlowFault& flow : options.flow_faults) {
    by_flow_[{flow.flow_id, flow.action}].push_back(std::move(flow.fault));
  }
}

std::optional<Fault> FaultPlan::NextForFlow(std::int32_t flow_id, RunAction action) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto planned = by_flow_.find({flow_id, action});
  if (planned == by_flow_.end()) {
    return Random(action == RunAction::kTrigger ? random_share_ : random_read_share_);
  }
  for (Fault& fault : planned->second) {
    if (!Use(fault)) continue;
    Fault next = fault;
    next.executes = RunsFlow(fault);
    return next;
  }
  return std::nullopt;
}

std::optional<Fault> FaultPlan::Random(double share) {
  if (std::uniform_real_distribution<double>(0, 1)(random_) >= share) return std::nullopt;
  std::uniform_int_distribution<std::size_t> pick(0, random_kinds_.size() - 1);
  Fault next = random_kinds_[pick(random_)];
  const bool open = !next.executes.has_value() && !AnswersSuccess(next) && RunsFlow(next);
  next.executes = open ? std::bernoulli_distribution(0.5)(random_) : RunsFlow(next);
  return next;
}

std::optional<Fault> FaultPlan::NextForToken(TokenAction action) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return NextOf(for_tokens_, action);
}

std::optional<Fault> FaultPlan::NextForTime(TimeAction action) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::optional<Fault> next = NextOf(for_time_, action);
  return next.has_value() ? next : Random(random_read_share_);
}

double FaultPlan::NextShare() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::uniform_real_distribution<double>(0, 1)(random_);
}

}  // namespace enos::sandbox
