#ifndef ENOS_SERVER_KEYSTORE_SQL_KEY_STORE_H_
#define ENOS_SERVER_KEYSTORE_SQL_KEY_STORE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "server/base/backoff.h"
#include "server/base/random.h"
#include "server/base/scheduler.h"
#include "server/keystore/database.h"
#include "server/keystore/key_statements.h"
#include "server/keystore/key_store.h"

namespace enos::gateway {

struct SqlKeyStoreOptions {
  std::string enos;  // the address of the EnOS that the keys belong to
  std::chrono::milliseconds ttl = std::chrono::hours(24);
  // Operations; with more, the next one that a call begins with is refused at once.
  size_t most_waiting = 20000;
  size_t most_in_batch = 64;
  // Between turns of removing what is old; a connection that nothing else uses is tried more often.
  std::chrono::milliseconds sweep_interval = std::chrono::minutes(1);
  std::chrono::milliseconds idle_check = std::chrono::seconds(5);
  Backoff backoff{std::chrono::milliseconds(100), std::chrono::seconds(3),
                  std::chrono::milliseconds(20)};
};

struct KeyStoreEvents {
  // On the loop's thread: an operation was answered, `ok` unless it is kUnavailable.
  std::function<void(KeyOperationKind kind, bool ok, Duration took)> on_operation;
  // On any thread: whether the database answers, if that changed; an empty `why` means it does.
  std::function<void(const std::string& why)> on_change;
  // On any thread: something that an operator should know.
  std::function<void(const std::string& text)> on_warning;
};

// The memory of keys in a database. A thread takes what was asked for while it was busy, and does
// it in one transaction; the loop's thread never waits for it.
class SqlKeyStore final : public KeyStore {
 public:
  using Post = std::function<void(Task)>;  // to the loop's thread, from any

  // `random` is called on the store's thread.
  SqlKeyStore(std::unique_ptr<Database> database, Scheduler& scheduler, Post post,
              RandomSource random, SqlKeyStoreOptions options, KeyStoreEvents events);
  ~SqlKeyStore() override;

  // Connects and starts the thread. A database that is merely not reachable is no error: it is
  // tried again. The error's message is one line.
  absl::Status Start();
  // What was asked for before is still done, if the database answers. Then nothing is called back.
  // The loop must have stopped, or be the caller.
  void Stop();

  void Reserve(const KeyAttempt& attempt, const KeyNote& note, SteadyTime until,
               Done done) override;
  void Look(const KeyRef& key, SteadyTime until, Done done) override;
  void Started(const KeyAttempt& attempt, const FlowStarted& started, SteadyTime until,
               Done done) override;
  void Doubt(const KeyAttempt& attempt, const CallError& error, SteadyTime until,
             Done done) override;
  void Remove(const KeyAttempt& attempt, SteadyTime until, Done done) override;

 private:
  // An operation on its way. The thread reads it; what is the loop's, only the loop touches.
  struct Asked {
    KeyOperation operation;
    SteadyTime asked;
    SteadyTime until;
    // The thread's, after it was told to try again: not before, and not with others, whom it would
    // hold up.
    SteadyTime not_before;
    bool alone = false;
    std::atomic<bool> answered{false};  // set by the loop; the thread then leaves it out
    Done done;                          // the loop's
    TimerId timer = 0;                  // the loop's
  };
  using AskedPtr = std::shared_ptr<Asked>;
  using Batch = std::vector<AskedPtr>;

  // On the loop.
  void Ask(KeyOperation operation, SteadyTime until, Done done);
  void Expire(const AskedPtr& asked);
  void Answer(const AskedPtr& asked, KeyFinding finding);
  void DropAnswered();

  // On the thread.
  void Work();
  bool Next(Batch* batch);
  SteadyTime NextTime() const;
  Batch Take();
  void PutBack(Batch batch);
  bool Connect();
  SqlResult ConnectOnce();
  SqlResult Prepare();
  void Do(const Batch& batch);
  void DoEach(const Batch& batch, const SqlResult& failed);
  void Finish(const Batch& batch, const std::vector<SqlRow>& rows);
  void Sweep();
  void CheckIdle();
  void Up();
  void Down(const std::string& why);

  const std::unique_ptr<Database> database_;
  Scheduler& scheduler_;
  const Post post_;
  const RandomSource random_;
  const SqlKeyStoreOptions options_;
  const KeyStoreEvents events_;
  const KeyBatches batches_;

  // The loop's.
  size_t waiting_ = 0;
  size_t dropped_ = 0;  // answered while still in the queue, about

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<AskedPtr> queue_;  // under mutex_
  bool stopping_ = false;       // under mutex_

  // The thread's.
  bool connected_ = false;
  bool was_open_ = false;  // at least once
  int failures_ = 0;
  std::optional<std::string> reported_;  // the last `why`
  std::string sweeper_;
  SteadyTime retry_at_;
  SteadyTime sweep_at_;
  SteadyTime idle_check_at_;
  std::thread thread_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_SQL_KEY_STORE_H_
