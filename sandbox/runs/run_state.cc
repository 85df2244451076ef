#include "sandbox/runs/run_state.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace enos::sandbox {
namespace {

using Life = RunFault::Life;

// Shares of the run's time.
constexpr double kStart = 0.1;
constexpr double kMiddle = 0.5;
constexpr double kNever = 1e300;

struct Span {
  double begin = 0;
  double end = 0;
};

// Of a failing run the last two tasks run side by side, and the first of them fails.
Span SpanOf(int task, const RunFault& fault) {
  const double each = (1 - kStart) / fault.tasks;
  const bool last = task == fault.tasks - 1;
  const bool beside = fault.life == Life::kFails && last && task > 0;
  Span span{kStart + each * (beside ? task - 1 : task), kStart + each * (task + 1)};
  if (last) span.end = fault.life == Life::kNeverEnds ? kNever : 1;
  return span;
}

int FailingTask(const RunFault& fault) { return std::max(0, fault.tasks - 2); }

int StatusOfTask(int task, const RunFault& fault, double share) {
  const Span span = SpanOf(task, fault);
  if (share < span.begin) return kStatusInit;
  if (share < span.end) return kStatusRunning;
  if (fault.life == Life::kFails && task == FailingTask(fault)) return kStatusFail;
  return task == fault.tasks - 1 ? fault.task_status.value_or(kStatusSuccess) : kStatusSuccess;
}

std::string NameOf(int task) {
  static constexpr std::array kNames = {"extract", "transform", "report"};
  const auto index = static_cast<std::size_t>(task);
  return index < kNames.size() ? kNames[index] : absl::StrCat("task-", task + 1);
}

int StatusOfRun(const RunFault& fault, double share) {
  if (share < kStart) return kStatusInit;
  const bool fails = fault.life == Life::kFails;
  const double failure = fails && fault.tasks > 0 ? SpanOf(FailingTask(fault), fault).end : 1;
  if (fails && share >= failure) return kStatusFail;
  if (fault.life == Life::kNeverEnds || share < 1) {
    return fault.running_status.value_or(kStatusRunning);
  }
  return fault.end_status.value_or(kStatusSuccess);
}

RunState Uncancelled(const RunFault& fault, absl::Time begin, absl::Duration run_time,
                     absl::Time now) {
  // The quotient of a run time of zero is infinite, or nothing at its very begin.
  const double share = now >= begin + run_time
                           ? std::max(1.0, absl::FDivDuration(now - begin, run_time))
                           : absl::FDivDuration(now - begin, run_time);
  RunState state;
  state.status = StatusOfRun(fault, share);
  if (share >= kStart) state.start = begin + kStart * run_time;
  if (share >= 1 && fault.life != Life::kNeverEnds) state.end = begin + run_time;
  state.tasks.reserve(static_cast<std::size_t>(fault.tasks));
  for (int task = 0; task < fault.tasks; ++task) {
    state.tasks.push_back({task + 1, NameOf(task), StatusOfTask(task, fault, share)});
  }
  return state;
}

}  // namespace

std::string StatusName(int status) {
  static constexpr std::array kNames = {"FAIL",    "INIT",           "SUCCESS", "RUNNING",
                                        "SUSPEND", "INTERNAL_ERROR", "WAIT",    "READY",
                                        "TIMEOUT", "CANCEL",         "RERUN",   "SKIP"};
  const int index = status - kStatusFail;
  return index >= 0 && index < static_cast<int>(kNames.size())
             ? kNames[static_cast<std::size_t>(index)]
             : "UNKNOWN";
}

RunState StateAt(const FlowRun& run, const RunFault& fault, absl::Duration run_time,
                 absl::Time now) {
  const absl::Time begin =
      std::max(run.received, absl::FromUnixMillis(run.request.trigger_time_ms));
  absl::Time cancelled = run.cancelled.value_or(absl::InfiniteFuture());
  if (fault.life == Life::kIsCancelled) cancelled = std::min(cancelled, begin + kMiddle * run_time);
  if (now < cancelled) return Uncancelled(fault, begin, run_time, now);
  RunState state = Uncancelled(fault, begin, run_time, cancelled);
  if (state.end.has_value()) return Uncancelled(fault, begin, run_time, now);
  state.status = kStatusCancel;
  state.end = cancelled;
  for (TaskState& task : state.tasks) {
    if (task.status == kStatusInit || task.status == kStatusRunning) task.status = kStatusCancel;
  }
  return state;
}

}  // namespace enos::sandbox
