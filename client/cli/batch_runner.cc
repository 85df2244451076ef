#include "batch_runner.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "batch_record.h"

namespace enos::flow::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The longest delay before results and a stop request are noticed.
constexpr milliseconds kTick{100};

// A connection that broke fails its calls a moment before the channel's state shows it; what is
// sent in that moment would end as UNKNOWN as well.
constexpr milliseconds kPauseAfterBreak{100};

// Whether a gRPC library produced the error, as when a connection breaks.
bool IsBreak(const FlowError& error) {
  return error.code == grpc::StatusCode::UNAVAILABLE && error.reason.empty();
}

}  // namespace

// Where finished calls leave their results; outlives the runner if a call does.
struct BatchRunner::Inbox {
  std::mutex mutex;
  std::condition_variable news;
  std::vector<std::pair<Item*, FlowResult>> results;
};

BatchRunner::BatchRunner(BatchLimits limits, BatchHooks hooks)
    : limits_(limits), hooks_(std::move(hooks)), inbox_(std::make_shared<Inbox>()) {}

BatchEnd BatchRunner::Run(const std::vector<const BatchLine*>& lines) {
  items_.resize(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    items_[i].line = lines[i];
    unsent_.push_back(&items_[i]);
  }
  counts_.waiting = lines.size();
  for (;;) {
    TakeResults();
    if (!stopping_ && hooks_.stop()) stopping_ = true;
    if (stopping_) GiveUpRepeats();
    if (!stopping_) SendWhatFits();
    hooks_.progress(counts_);
    const bool nothing_to_send = stopping_ || (unsent_.empty() && to_repeat_.empty());
    if (nothing_to_send && to_repeat_.empty() && counts_.in_flight == 0) break;
    WaitForNews();
  }
  return {counts_, problem_};
}

void BatchRunner::TakeResults() {
  std::vector<std::pair<Item*, FlowResult>> results;
  {
    const std::lock_guard<std::mutex> lock(inbox_->mutex);
    results.swap(inbox_->results);
  }
  std::string records;
  for (auto& [item, result] : results) {
    --counts_.in_flight;
    ++counts_.waiting;
    if (!result.ok() && IsBreak(result.error())) {
      connect_not_before_ = std::max(connect_not_before_, hooks_.now() + kPauseAfterBreak);
    }
    if (result.ok() || !WaitToRepeat(*item, result.error())) records += Finish(*item, result);
  }
  if (records.empty()) return;
  const absl::Status written = hooks_.record(records);
  if (!written.ok()) Stop(std::string(written.message()));
}

// Writes the line's record.
std::string BatchRunner::Finish(Item& item, const FlowResult& result) {
  --counts_.waiting;
  if (result.ok()) {
    ++counts_.started;
  } else {
    ++(result.error().SafeToRepeat() ? counts_.not_executed : counts_.unknown);
  }
  return ResultRecord(*item.line, result, item.attempts);
}

// False: there should be no further attempt.
bool BatchRunner::WaitToRepeat(Item& item, const FlowError& error) {
  if (stopping_) return false;
  const auto wait = WaitBeforeRepeat(error, item.attempts, TimeLeft(item.deadline), hooks_.random(),
                                     limits_.repeat);
  if (!wait) return false;
  item.not_before = hooks_.now() + *wait;
  item.error = error;
  to_repeat_.push_back(&item);
  return true;
}

// The last answer of each line that waited for another attempt becomes its result.
void BatchRunner::GiveUpRepeats() {
  std::string records;
  for (Item* const item : to_repeat_) records += Finish(*item, *item->error);
  to_repeat_.clear();
  if (records.empty()) return;
  const absl::Status written = hooks_.record(records);
  if (!written.ok()) Stop(std::string(written.message()));
}

void BatchRunner::SendWhatFits() {
  const bool ready =
      counts_.in_flight < limits_.concurrency && (!unsent_.empty() || !to_repeat_.empty());
  if (!ready || !Connected()) return;
  const std::vector<Item*> picked = PickReady();
  std::string marks;
  for (const Item* const item : picked) {
    // A line that is retried has its SENDING record, and no result since.
    if (item->attempts == 0) marks += SendingRecord(*item->line);
  }
  if (!marks.empty()) {
    const absl::Status marked = hooks_.mark(marks);
    if (!marked.ok()) {
      for (Item* const item : picked) {
        if (item->attempts == 0) {
          unsent_.push_front(item);
        } else {
          to_repeat_.push_back(item);
        }
      }
      return Stop(std::string(marked.message()));
    }
  }
  for (Item* const item : picked) Send(*item);
}

// As many as there is room for; retries go first.
std::vector<BatchRunner::Item*> BatchRunner::PickReady() {
  const size_t room = limits_.concurrency - counts_.in_flight;
  const auto now = hooks_.now();
  std::vector<Item*> picked;
  std::vector<Item*> later;
  for (Item* const item : to_repeat_) {
    (item->not_before <= now && picked.size() < room ? picked : later).push_back(item);
  }
  to_repeat_.swap(later);
  while (picked.size() < room && !unsent_.empty()) {
    picked.push_back(unsent_.front());
    unsent_.pop_front();
  }
  return picked;
}

// An asynchronous call without a connection would end without anybody knowing whether it was
// executed, so calls are made only once there is a connection.
bool BatchRunner::Connected() {
  const auto now = hooks_.now();
  if (now < connect_not_before_) return false;
  const auto error = hooks_.connect(kTick);
  if (!error) {
    connects_failed_ = 0;
    connect_deadline_ = {};
    return true;
  }
  if (connect_deadline_ == steady_clock::time_point()) {
    connect_deadline_ = now + std::min<milliseconds>(limits_.call.timeout, std::chrono::hours(24));
  }
  const milliseconds left = TimeLeft(connect_deadline_);
  if (error->code == grpc::StatusCode::DEADLINE_EXCEEDED && left > milliseconds(0)) return false;
  const auto wait =
      WaitBeforeRepeat(*error, ++connects_failed_, left, hooks_.random(), limits_.repeat);
  if (wait) {
    connect_not_before_ = hooks_.now() + *wait;
  } else {
    Stop(error->message);
  }
  return false;
}

void BatchRunner::Send(Item& item) {
  if (item.attempts++ == 0) item.deadline = hooks_.now() + limits_.call.timeout;
  --counts_.waiting;
  ++counts_.in_flight;
  CallOptions options = limits_.call;
  options.timeout = std::max(TimeLeft(item.deadline), milliseconds(1));
  hooks_.call(item.line->request, options, [inbox = inbox_, &item](FlowResult result) {
    const std::lock_guard<std::mutex> lock(inbox->mutex);
    inbox->results.emplace_back(&item, std::move(result));
    inbox->news.notify_one();
  });
}

void BatchRunner::Stop(std::string problem) {
  stopping_ = true;
  if (!problem_) problem_ = std::move(problem);
}

void BatchRunner::WaitForNews() {
  auto until = hooks_.now() + kTick;
  for (const Item* const item : to_repeat_) until = std::min(until, item->not_before);
  std::unique_lock<std::mutex> lock(inbox_->mutex);
  inbox_->news.wait_until(lock, until, [this] { return !inbox_->results.empty(); });
}

milliseconds BatchRunner::TimeLeft(steady_clock::time_point deadline) const {
  return std::chrono::duration_cast<milliseconds>(deadline - hooks_.now());
}

}  // namespace enos::flow::cli
