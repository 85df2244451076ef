#include "server/keystore/sql_key_store.h"

#include <pthread.h>

#include <algorithm>
#include <set>
#include <utility>

#include "server/base/text.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;

// How long an operation waits that was told to try again.
constexpr milliseconds kAgainAfter{100};
// Of the queue, while it looks for keys that are not in the batch yet.
constexpr size_t kMostLookedAt = 1024;
// Expired operations are taken out of the queue when there are that many.
constexpr size_t kMostDropped = 1000;
constexpr milliseconds kKeptBeyondTtl = std::chrono::hours(1);

SteadyTime Now() { return std::chrono::steady_clock::now(); }

KeyFinding Unavailable(std::string why) {
  KeyFinding finding;
  finding.state = KeyState::kUnavailable;
  finding.why = std::move(why);
  return finding;
}

KeyOperation OperationOf(KeyOperationKind kind, const KeyAttempt& attempt) {
  KeyOperation operation;
  operation.kind = kind;
  operation.attempt = attempt;
  return operation;
}

// Names a replica, among a few.
std::string NameFrom(const RandomSource& random) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string name;
  for (int i = 0; i < 16; ++i) name += kHex[static_cast<size_t>(random() * 16) & 15];
  return name;
}

}  // namespace

SqlKeyStore::SqlKeyStore(std::unique_ptr<Database> database, Scheduler& scheduler, Post post,
                         RandomSource random, SqlKeyStoreOptions options, KeyStoreEvents events)
    : database_(std::move(database)),
      scheduler_(scheduler),
      post_(std::move(post)),
      random_(std::move(random)),
      options_(std::move(options)),
      events_(std::move(events)),
      batches_(database_->dialect(), options_.ttl),
      sweeper_(NameFrom(random_)) {}

SqlKeyStore::~SqlKeyStore() { Stop(); }

absl::Status SqlKeyStore::Start() {
  SqlResult result = ConnectOnce();
  const bool cannot_work = result.end == SqlEnd::kRefused || database_->exclusive();
  if (result.end != SqlEnd::kDone && cannot_work) return absl::FailedPreconditionError(result.why);
  if (result.end == SqlEnd::kDone) {
    Up();
  } else {
    Down(result.why);
  }
  sweep_at_ = idle_check_at_ = Now();
  thread_ = std::thread([this] { Work(); });
  return absl::OkStatus();
}

void SqlKeyStore::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// -- On the loop

void SqlKeyStore::Reserve(const KeyAttempt& attempt, const KeyNote& note, SteadyTime until,
                          Done done) {
  KeyOperation operation = OperationOf(KeyOperationKind::kReserve, attempt);
  operation.note = note;
  Ask(std::move(operation), until, std::move(done));
}

void SqlKeyStore::Look(const KeyRef& key, SteadyTime until, Done done) {
  KeyOperation operation;
  operation.attempt.key = key;
  Ask(std::move(operation), until, std::move(done));
}

void SqlKeyStore::Started(const KeyAttempt& attempt, const FlowStarted& started, SteadyTime until,
                          Done done) {
  KeyOperation operation = OperationOf(KeyOperationKind::kStarted, attempt);
  operation.started = started;
  Ask(std::move(operation), until, std::move(done));
}

void SqlKeyStore::Doubt(const KeyAttempt& attempt, const CallError& error, SteadyTime until,
                        Done done) {
  KeyOperation operation = OperationOf(KeyOperationKind::kDoubt, attempt);
  operation.doubt = error;
  Ask(std::move(operation), until, std::move(done));
}

void SqlKeyStore::Remove(const KeyAttempt& attempt, SteadyTime until, Done done) {
  Ask(OperationOf(KeyOperationKind::kRemove, attempt), until, std::move(done));
}

void SqlKeyStore::Ask(KeyOperation operation, SteadyTime until, Done done) {
  auto asked = std::make_shared<Asked>();
  asked->operation = std::move(operation);
  asked->asked = scheduler_.Now();
  asked->until = until;
  asked->done = std::move(done);
  // What notes a result, or removes a record, stands for a call that was let in: it is never
  // refused, so that a database that returns learns all of it. A call asks for one of those.
  const bool begins = asked->operation.kind == KeyOperationKind::kReserve ||
                      asked->operation.kind == KeyOperationKind::kLook;
  const bool full = begins && waiting_ >= options_.most_waiting;
  ++waiting_;
  asked->timer = scheduler_.RunAt(full ? asked->asked : until, [this, asked] { Expire(asked); });
  if (full) return;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(asked));
  }
  changed_.notify_one();
}

void SqlKeyStore::Expire(const AskedPtr& asked) {
  asked->timer = 0;
  const bool in_time = scheduler_.Now() < asked->until;
  KeyFinding none = Unavailable(in_time ? "too many operations wait for the store of keys"
                                        : "the store of keys did not answer in time");
  none.never_asked = in_time;
  Answer(asked, std::move(none));
  if (++dropped_ >= kMostDropped) DropAnswered();
}

void SqlKeyStore::Answer(const AskedPtr& asked, KeyFinding finding) {
  if (asked->answered.exchange(true)) return;
  --waiting_;
  scheduler_.Cancel(std::exchange(asked->timer, 0));
  if (events_.on_operation) {
    events_.on_operation(asked->operation.kind, finding.state != KeyState::kUnavailable,
                         scheduler_.Now() - asked->asked);
  }
  std::exchange(asked->done, nullptr)(std::move(finding));
}

// While the database is away its queue would grow by all who give up.
void SqlKeyStore::DropAnswered() {
  dropped_ = 0;
  const std::lock_guard lock(mutex_);
  queue_.erase(std::remove_if(queue_.begin(), queue_.end(),
                              [](const AskedPtr& asked) { return asked->answered.load(); }),
               queue_.end());
}

// -- On the thread

void SqlKeyStore::Work() {
  pthread_setname_np(pthread_self(), "enos-keystore");
  Batch batch;
  while (Next(&batch)) {
    if (!connected_ && !Connect()) {
      PutBack(std::move(batch));
      continue;
    }
    if (batch.empty()) {
      CheckIdle();
    } else {
      Do(batch);
    }
    if (connected_ && Now() >= sweep_at_) Sweep();
  }
}

// Waits until there is something to do; false: this is the end.
bool SqlKeyStore::Next(Batch* batch) {
  batch->clear();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_ && !connected_) return false;
    const SteadyTime next = NextTime();
    if (connected_ || next <= Now()) *batch = Take();
    if (!batch->empty()) return true;
    if (stopping_) return false;
    if (next <= Now()) return true;
    // Operations that have to wait a little are looked at again soon.
    const bool wait = connected_ && !queue_.empty();
    changed_.wait_until(lock, wait ? std::min(next, Now() + kAgainAfter) : next);
  }
}

SteadyTime SqlKeyStore::NextTime() const {
  return connected_ ? std::min(sweep_at_, idle_check_at_) : retry_at_;
}

// At most one operation of a key, in the order in which they were asked for. With mutex_.
SqlKeyStore::Batch SqlKeyStore::Take() {
  Batch batch;
  std::set<std::string_view> keys;
  std::deque<AskedPtr> left;
  const SteadyTime now = Now();
  for (size_t i = 0; i < kMostLookedAt && !queue_.empty() && batch.size() < options_.most_in_batch;
       ++i) {
    AskedPtr asked = std::move(queue_.front());
    queue_.pop_front();
    if (asked->answered || asked->until <= now) continue;
    const bool first = keys.insert(asked->operation.attempt.key.id).second;
    const bool fits = batch.empty() || (!asked->alone && !batch[0]->alone);
    if (first && fits && asked->not_before <= now) {
      batch.push_back(std::move(asked));
    } else {
      left.push_back(std::move(asked));
    }
  }
  queue_.insert(queue_.begin(), std::make_move_iterator(left.begin()),
                std::make_move_iterator(left.end()));
  return batch;
}

void SqlKeyStore::PutBack(Batch batch) {
  const std::lock_guard lock(mutex_);
  queue_.insert(queue_.begin(), std::make_move_iterator(batch.begin()),
                std::make_move_iterator(batch.end()));
}

bool SqlKeyStore::Connect() {
  const SqlResult result = ConnectOnce();
  if (result.end != SqlEnd::kDone) Down(result.why);
  return connected_;
}

SqlResult SqlKeyStore::ConnectOnce() {
  SqlResult result = database_->Connect();
  if (result.end != SqlEnd::kDone) return result;
  const std::string warning = std::exchange(result.why, {});
  if (result = Prepare(); result.end != SqlEnd::kDone) return result;
  // Afterwards an own record is nobody's but this process's.
  if (database_->exclusive() && !was_open_)
    result = database_->Run(EndLeasesSql(database_->dialect()));
  if (result.end != SqlEnd::kDone) return result;
  if (!warning.empty() && !was_open_ && events_.on_warning) events_.on_warning(warning);
  connected_ = was_open_ = true;
  return result;
}

// The tables: this version's, and of the same EnOS.
SqlResult SqlKeyStore::Prepare() {
  const std::string read = ReadMetaSql(database_->dialect());
  SqlResult meta = database_->Run(read);
  // Others may be making them at the same time, which PostgreSQL refuses to one of them.
  for (int i = 0; i < 5 && meta.end != SqlEnd::kLost && meta.rows.empty(); ++i) {
    const SqlResult made = database_->Run(CreateTablesSql(options_.enos, database_->dialect()));
    if (made.end == SqlEnd::kLost) return made;
    meta = database_->Run(read);
    if (made.end != SqlEnd::kDone && meta.end != SqlEnd::kDone) meta.why = made.why;
  }
  if (meta.end != SqlEnd::kDone) return meta;
  return CheckMeta(meta.rows, options_.enos);
}

void SqlKeyStore::Do(const Batch& batch) {
  std::vector<const KeyOperation*> operations;
  operations.reserve(batch.size());
  for (const AskedPtr& asked : batch) operations.push_back(&asked->operation);
  const SqlResult result = database_->Run(batches_.Make(operations, Now()));
  if (result.end == SqlEnd::kDone) {
    Up();
    return Finish(batch, result.rows);
  }
  const bool all_locked = result.end == SqlEnd::kAgain && database_->exclusive();
  if (result.end != SqlEnd::kLost && !all_locked) return DoEach(batch, result);
  if (all_locked) {
    for (const AskedPtr& asked : batch) asked->not_before = Now() + kAgainAfter;
  } else {
    Down(result.why);
  }
  PutBack(batch);
}

// One of them spoiled it for all.
void SqlKeyStore::DoEach(const Batch& batch, const SqlResult& failed) {
  if (batch.size() > 1) {
    for (size_t i = 0; i < batch.size(); ++i) {
      if (!connected_)
        return PutBack({batch.begin() + static_cast<std::ptrdiff_t>(i), batch.end()});
      Do({batch[i]});
    }
    return;
  }
  if (failed.end == SqlEnd::kAgain) {
    batch[0]->not_before = Now() + kAgainAfter;
    batch[0]->alone = true;
    return PutBack(batch);
  }
  post_([this, asked = batch[0], why = failed.why] { Answer(asked, Unavailable(why)); });
}

void SqlKeyStore::Finish(const Batch& batch, const std::vector<SqlRow>& rows) {
  std::vector<const KeyOperation*> operations;
  operations.reserve(batch.size());
  for (const AskedPtr& asked : batch) operations.push_back(&asked->operation);
  auto findings = ReadFindings(operations, options_.ttl, rows);
  if (findings.empty()) {
    Down("the table enos_idempotency_meta has no row");
    return PutBack(batch);
  }
  Batch again;
  std::vector<std::pair<AskedPtr, KeyFinding>> answers;
  answers.reserve(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) {
    if (findings[i]) {
      answers.emplace_back(batch[i], *std::move(findings[i]));
    } else {
      again.push_back(batch[i]);
    }
  }
  if (!again.empty()) PutBack(std::move(again));
  post_([this, answers = std::move(answers)]() mutable {
    for (auto& [asked, finding] : answers) Answer(asked, std::move(finding));
  });
}

void SqlKeyStore::Sweep() {
  const SqlDialect& dialect = database_->dialect();
  SqlResult result = database_->Run(SweepTurnSql(sweeper_, 2 * options_.sweep_interval, dialect));
  const bool mine =
      result.end == SqlEnd::kDone && !result.rows.empty() && result.rows[0].at(0) == sweeper_;
  if (mine) result = database_->Run(SweepSql(sweeper_, options_.ttl + kKeptBeyondTtl, dialect));
  if (result.end == SqlEnd::kLost) return Down(result.why);
  const bool more = mine && result.end == SqlEnd::kDone && !result.rows.empty();
  // What waits meanwhile comes first.
  sweep_at_ = more ? Now() : Now() + options_.sweep_interval;
}

void SqlKeyStore::CheckIdle() {
  idle_check_at_ = Now() + options_.idle_check;
  const SqlResult result = database_->Run(ReadMetaSql(database_->dialect()));
  if (result.end == SqlEnd::kDone) {
    Up();
  } else {
    Down(result.why);
  }
}

void SqlKeyStore::Up() {
  failures_ = 0;
  idle_check_at_ = Now() + options_.idle_check;
  if (reported_ == "") return;
  reported_ = "";
  if (events_.on_change) events_.on_change("");
}

void SqlKeyStore::Down(const std::string& why) {
  connected_ = false;
  // The first time at once: a server that was started anew has closed the connection.
  retry_at_ = ++failures_ == 1 ? Now() : Now() + options_.backoff.Wait(failures_, random_);
  if (failures_ == 1 && reported_ == "") return;
  if (reported_ && !reported_->empty()) return;
  reported_ = why;
  if (events_.on_change) events_.on_change(why);
}

}  // namespace enos::gateway
