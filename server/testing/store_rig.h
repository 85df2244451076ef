#ifndef ENOS_SERVER_TESTING_STORE_RIG_H_
#define ENOS_SERVER_TESTING_STORE_RIG_H_

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "server/keystore/sql_key_store.h"
#include "server/loop/event_loop.h"
#include "tests/support/files.h"
#include "tests/support/wait.h"

namespace enos::gateway {

// 64 digits that differ by `number`.
inline std::string Digest(int number) {
  std::string digits = std::to_string(number);
  return std::string(64 - digits.size(), 'a') + digits;
}

inline KeyAttempt AttemptAt(int key, int nonce,
                            std::chrono::milliseconds time = std::chrono::minutes(1)) {
  KeyAttempt attempt;
  attempt.key.id = Digest(key);
  attempt.key.fingerprint = Digest(1000 + key);
  attempt.nonce = Digest(nonce).substr(32);
  attempt.end_by = std::chrono::steady_clock::now() + time;
  return attempt;
}

inline KeyNote Note(std::string key = "a-key") {
  return {std::move(key), "o1", 2791, 1795000000000, "2791-20261118"};
}

inline CallError Lost(std::string message) {
  CallError error;
  error.code = absl::StatusCode::kUnavailable;
  error.reason = Reason::ENOS_CONNECTION_LOST;
  error.execution = Execution::kUnknown;
  error.message = std::move(message);
  error.likely_flow_instance_id = "2791-1";
  error.enos_code = -77;
  error.enos_message = "it's \\ \"odd\"";
  error.http_status = 502;
  error.enos_request_id = "r-1";
  return error;
}

inline int64_t UnixMilliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The block of SQL in docs/idempotency.md that has these words.
inline std::string SqlOfDocs(const std::string& words) {
  const std::string docs = ReadFile(ENOS_SOURCE_DIR "/docs/idempotency.md");
  const std::string fence = "```sql\n";
  for (size_t at = docs.find(fence); at != std::string::npos; at = docs.find(fence, at)) {
    at += fence.size();
    const std::string sql = docs.substr(at, docs.find("```", at) - at);
    if (sql.find(words) != std::string::npos) return sql;
  }
  ADD_FAILURE() << "docs/idempotency.md has no SQL with " << words;
  return {};
}

// A store with a loop of its own, asked from a test's thread.
class StoreRig {
 public:
  using Finding = std::future<KeyFinding>;

  explicit StoreRig(std::unique_ptr<Database> database, SqlKeyStoreOptions options = Options())
      : store_(
            std::move(database), loop_, [this](Task task) { loop_.Post(std::move(task)); },
            [] { return 0.5; }, std::move(options), Events()) {
    started_ = store_.Start();
    loop_.Start();
  }
  ~StoreRig() {
    loop_.Stop();
    store_.Stop();
  }
  StoreRig(const StoreRig&) = delete;
  StoreRig& operator=(const StoreRig&) = delete;

  static SqlKeyStoreOptions Options() {
    SqlKeyStoreOptions options;
    options.enos = "https://enos.example.com";
    return options;
  }

  const absl::Status& started() const { return started_; }
  std::string why() {
    const std::lock_guard lock(mutex_);
    return why_;
  }

  Finding Reserve(const KeyAttempt& attempt, const KeyNote& note = Note()) {
    return Ask(
        [=](auto until, auto done) { store_.Reserve(attempt, note, until, std::move(done)); });
  }
  Finding Look(const KeyRef& key) {
    return Ask([=](auto until, auto done) { store_.Look(key, until, std::move(done)); });
  }
  Finding Started(const KeyAttempt& attempt, const std::string& instance) {
    return Ask([=](auto until, auto done) {
      store_.Started(attempt, {instance, "request-1"}, until, std::move(done));
    });
  }
  Finding Doubt(const KeyAttempt& attempt, const CallError& error) {
    return Ask(
        [=](auto until, auto done) { store_.Doubt(attempt, error, until, std::move(done)); });
  }
  Finding Remove(const KeyAttempt& attempt) {
    return Ask([=](auto until, auto done) { store_.Remove(attempt, until, std::move(done)); });
  }

  // Until the store has been asked all of that.
  void AwaitAsked() {
    std::promise<void> asked;
    loop_.Post([&asked] { asked.set_value(); });
    asked.get_future().wait();
  }

  // For what is asked from now on.
  void SetPatience(std::chrono::milliseconds patience) { patience_ = patience; }

 private:
  template <typename Call>
  Finding Ask(Call call) {
    auto found = std::make_shared<std::promise<KeyFinding>>();
    Finding future = found->get_future();
    loop_.Post([call = std::move(call), found, until = loop_.Now() + patience_]() mutable {
      call(until, [found](KeyFinding finding) { found->set_value(std::move(finding)); });
    });
    return future;
  }

  KeyStoreEvents Events() {
    KeyStoreEvents events;
    events.on_change = [this](const std::string& why) {
      const std::lock_guard lock(mutex_);
      why_ = why;
    };
    return events;
  }

  std::chrono::milliseconds patience_ = kGuard;
  std::mutex mutex_;
  std::string why_ = "not started";
  EventLoop loop_;
  SqlKeyStore store_;
  absl::Status started_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_STORE_RIG_H_
