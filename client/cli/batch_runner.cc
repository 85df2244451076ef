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

// How soon it is noticed what the gateway says of keys, for which the other lines wait.
constexpr milliseconds kFirstTick{5};

// Whether a gRPC library produced the error, as when a connection breaks.
bool IsBreak(const FlowError& error) {
  return error.code == grpc::StatusCode::UNAVAILABLE && error.reason.empty();
}

// Of a line that an earlier run may have started.
FlowError KeysNotKept() {
  FlowError error;
  error.code = grpc::StatusCode::FAILED_PRECONDITION;
  error.message =
      "sent by an earlier run of the command, with an idempotency key; the gateway keeps no keys "
      "now, so it is not sent again";
  return error;
}

}  // namespace

// Where finished calls leave their results; outlives the runner if a call does.
struct BatchRunner::Inbox {
  std::mutex mutex;
  std::condition_variable news;
  std::vector<std::pair<Item*, FlowResult>> results;
};

BatchRunner::BatchRunner(BatchLimits limits, BatchHooks hooks)
    : limits_(std::move(limits)), hooks_(std::move(hooks)), inbox_(std::make_shared<Inbox>()) {}

BatchEnd BatchRunner::Run(const std::vector<const BatchLine*>& lines) {
  items_.resize(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    items_[i].line = lines[i];
    items_[i].key = lines[i]->request.idempotency_key();
    if (!items_[i].key.empty()) {
      items_[i].noted = Noted::kSendingWithKey;
      items_[i].history = AttemptHistory(/*may_have_started=*/true);
    }
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
  for (const Item* const item : unsent_) {
    if (!item->history.may_have_started()) continue;
    --counts_.waiting;
    ++counts_.undecided;
  }
  return {counts_, problem_};
}

void BatchRunner::TakeResults() {
  std::vector<std::pair<Item*, FlowResult>> results;
  {
    const std::lock_guard<std::mutex> lock(inbox_->mutex);
    results.swap(inbox_->results);
  }
  // After the results were taken: what was said before they came is known by now.
  LookAtKeys();
  std::string records;
  for (auto& [item, result] : results) records += TakeResult(*item, result);
  Record(records);
}

// The line's record, if this was its last attempt.
std::string BatchRunner::TakeResult(Item& item, const FlowResult& result) {
  --counts_.in_flight;
  ++counts_.waiting;
  answered_ = true;
  if (!result.ok() && IsBreak(result.error())) {
    connect_not_before_ = std::max(connect_not_before_, hooks_.now() + kPauseAfterBreak);
  }
  const FlowResult whole = item.history.Add(result);
  const bool goes_on = !whole.ok() && (SendAgainWithoutKey(item, whole.error()) ||
                                       WaitToRepeat(item, whole.error()));
  return goes_on ? "" : Finish(item, whole);
}

void BatchRunner::Record(const std::string& records) {
  if (records.empty()) return;
  const absl::Status written = hooks_.record(records);
  if (!written.ok()) Stop(std::string(written.message()));
}

// Writes the line's record.
std::string BatchRunner::Finish(Item& item, const FlowResult& result) {
  item.done = true;
  --counts_.waiting;
  if (result.ok()) {
    ++counts_.started;
  } else if (result.error().SafeToRepeat()) {
    ++counts_.not_executed;
  } else {
    const FlowError& error = result.error();
    const bool key_tells = item.noted == Noted::kSendingWithKey &&
                           !IsFinalForKey(KeyStateName(error.key_state), error.reason);
    ++(key_tells ? counts_.undecided : counts_.unknown);
  }
  return ResultRecord(*item.line, result, item.attempts);
}

// False: there should be no further attempt.
bool BatchRunner::WaitToRepeat(Item& item, const FlowError& error) {
  if (stopping_ || (item.history.may_have_started() && keys_ != Keys::kKept)) return false;
  const auto wait = WaitBeforeRepeat(error, item.attempts, TimeLeft(item.deadline), hooks_.random(),
                                     limits_.repeat);
  if (!wait) return false;
  item.not_before = hooks_.now() + *wait;
  item.error = error;
  to_repeat_.push_back(&item);
  return true;
}

void BatchRunner::LookAtKeys() {
  const std::optional<bool> kept = hooks_.keeps_keys();
  if (kept == false && keys_ != Keys::kIgnored) SetKeys(Keys::kIgnored);
  if (kept == true && keys_ == Keys::kUntold) SetKeys(Keys::kKept);
}

// Brings the records of all that was sent and has no result into line.
void BatchRunner::SetKeys(Keys keys) {
  keys_ = keys;
  std::vector<Item*> noted;
  for (Item& item : items_) {
    if (!item.done && item.noted != Noted::kNothing) noted.push_back(&item);
  }
  const absl::Status marked = Mark(noted);
  if (!marked.ok()) Stop(std::string(marked.message()));
  if (keys != Keys::kKept) GiveUpKeys();
}

// What may have been started is not sent again without a key that counts.
void BatchRunner::GiveUpKeys() {
  const auto may_have_started = [](const Item* item) { return item->history.may_have_started(); };
  std::string records;
  for (Item* const item : to_repeat_) {
    if (may_have_started(item)) records += Finish(*item, *item->error);
  }
  for (Item* const item : unsent_) {
    if (may_have_started(item)) records += Finish(*item, KeysNotKept());
  }
  to_repeat_.erase(std::remove_if(to_repeat_.begin(), to_repeat_.end(), may_have_started),
                   to_repeat_.end());
  unsent_.erase(std::remove_if(unsent_.begin(), unsent_.end(), may_have_started), unsent_.end());
  Record(records);
}

// Of a gateway that keeps no keys. Not an attempt: nothing was tried.
bool BatchRunner::SendAgainWithoutKey(Item& item, const FlowError& error) {
  if (error.reason_kind != Reason::IDEMPOTENCY_NOT_OFFERED) return false;
  if (keys_ != Keys::kIgnored && keys_ != Keys::kRefused) SetKeys(Keys::kRefused);
  if (stopping_ || !error.SafeToRepeat()) return false;
  --item.attempts;
  item.not_before = hooks_.now();
  item.error = error;
  to_repeat_.push_back(&item);
  return true;
}

// For the next attempt; that of an earlier one which may have started the flow stays.
void BatchRunner::ChooseKey(Item& item) const {
  if (item.history.may_have_started()) return;
  if (keys_ == Keys::kRefused || keys_ == Keys::kIgnored) {
    item.key.clear();
  } else if (item.key.empty()) {
    item.key = hooks_.make_key();
  }
}

// Whether the line can be repeated with its key, by this run or the next one.
bool BatchRunner::CountsOnKey(const Item& item) const {
  if (item.key.empty() || keys_ == Keys::kIgnored) return false;
  return keys_ == Keys::kKept || item.noted == Noted::kSendingWithKey;
}

// Records what is not recorded yet, so that it survives.
absl::Status BatchRunner::Mark(const std::vector<Item*>& items) {
  const auto wanted = [this](const Item& item) {
    return CountsOnKey(item) ? Noted::kSendingWithKey : Noted::kSending;
  };
  std::string marks;
  for (const Item* const item : items) {
    if (item->noted == wanted(*item)) continue;
    marks += CountsOnKey(*item) ? SendingRecord(*item->line, item->key, limits_.gateway)
                                : SendingRecord(*item->line);
  }
  absl::Status marked = marks.empty() ? absl::OkStatus() : hooks_.mark(marks);
  if (!marked.ok()) return marked;
  for (Item* const item : items) item->noted = wanted(*item);
  return marked;
}

// The last answer of each line that waited for another attempt becomes its result.
void BatchRunner::GiveUpRepeats() {
  std::string records;
  for (Item* const item : to_repeat_) records += Finish(*item, *item->error);
  to_repeat_.clear();
  Record(records);
}

void BatchRunner::SendWhatFits() {
  const bool ready =
      counts_.in_flight < limits_.concurrency && (!unsent_.empty() || !to_repeat_.empty());
  if (!ready || !Connected()) return;
  const std::vector<Item*> picked = PickReady();
  for (Item* const item : picked) ChooseKey(*item);
  // A line that is retried has its SENDING record, and no result since.
  const absl::Status marked = Mark(picked);
  if (!marked.ok()) {
    for (Item* const item : picked) PutBack(*item);
    return Stop(std::string(marked.message()));
  }
  // Connecting and recording took a while, in which an older gateway may have been heard of.
  const bool without_keys = hooks_.keeps_keys() == false;
  for (Item* const item : picked) {
    if (without_keys && item->history.may_have_started()) {
      PutBack(*item);
    } else {
      Send(*item);
    }
  }
}

void BatchRunner::PutBack(Item& item) {
  if (item.error) {
    to_repeat_.push_back(&item);
  } else {
    unsent_.push_front(&item);
  }
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
  while (picked.size() < room) {
    const auto next = NextUnsent(/*alone=*/counts_.in_flight == 0 && picked.empty());
    if (next == unsent_.end()) break;
    picked.push_back(*next);
    unsent_.erase(next);
  }
  return picked;
}

// `alone`: nothing else is under way. See the class.
std::deque<BatchRunner::Item*>::iterator BatchRunner::NextUnsent(bool alone) {
  if (keys_ != Keys::kUntold) return unsent_.begin();
  const auto fresh = std::find_if(unsent_.begin(), unsent_.end(), [](const Item* item) {
    return !item->history.may_have_started();
  });
  if (fresh != unsent_.end()) return alone || answered_ ? fresh : unsent_.end();
  return alone ? unsent_.begin() : unsent_.end();
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
  options.request_id = item.line->request_id;
  FlowRequest request = item.line->request;
  request.set_idempotency_key(item.key);
  hooks_.call(request, options, [inbox = inbox_, &item](FlowResult result) {
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
  auto until = hooks_.now() + (keys_ == Keys::kUntold ? kFirstTick : kTick);
  for (const Item* const item : to_repeat_) until = std::min(until, item->not_before);
  std::unique_lock<std::mutex> lock(inbox_->mutex);
  inbox_->news.wait_until(lock, until, [this] { return !inbox_->results.empty(); });
}

milliseconds BatchRunner::TimeLeft(steady_clock::time_point deadline) const {
  return std::chrono::duration_cast<milliseconds>(deadline - hooks_.now());
}

}  // namespace enos::flow::cli
