#ifndef ENOS_SERVER_IDEMPOTENCY_KEYED_TRIGGER_H_
#define ENOS_SERVER_IDEMPOTENCY_KEYED_TRIGGER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "server/base/random.h"
#include "server/base/scheduler.h"
#include "server/contract/call_outcome.h"
#include "server/idempotency/start_key.h"
#include "server/keystore/key_store.h"
#include "server/token/token_provider.h"
#include "server/trigger/flow_trigger.h"
#include "server/upstream/circuit_breaker.h"

namespace enos::gateway {

// The references must outlive the KeyedTrigger.
struct KeyedEnvironment {
  Scheduler& scheduler;
  TokenProvider& tokens;
  CircuitBreaker& breaker;
  FlowTrigger& trigger;
  KeyStore& store;
  // 32 hexadecimal digits that no other attempt of any process has: not from `random`.
  std::function<std::string()> new_nonce;
  RandomSource random;
  size_t most_waiting = 1000;  // calls that wait for another one's result, in all
  std::function<void(KeyResult)> on_result = [](KeyResult) {};
};

// Calls with an idempotency key, on top of FlowTrigger. What it adds:
//
//   token, breaker? -> reserve -> initial metadata -> FlowTrigger -> note the result -> answer
//
// Of all calls with one key in this process one is the owner, which is on that way; the others wait
// for it. Where another process holds the key, one look at the store at a time serves them all.
// The rules (docs/idempotency.md):
//
//   1. Nothing is sent before the record is committed, RESERVED, with the attempt's own nonce.
//   2. Only its owner removes a record, and only on certainty that nothing was executed.
//   3. A call that meets a lease that has ended never sends.
//   4. What is noted is what the transfer came to, whatever became of its RPC.
//
// Loop thread only.
class KeyedTrigger {
 public:
  using CallId = uint64_t;  // 0 is never one
  // Sends the RPC's initial metadata; then calls the task, unless the caller is gone.
  using Announce = absl::AnyInvocable<void(Task sent)>;

  static constexpr size_t kMostWaitingPerKey = 100;

  explicit KeyedTrigger(KeyedEnvironment environment) : env_(std::move(environment)) {}
  ~KeyedTrigger();
  KeyedTrigger(const KeyedTrigger&) = delete;
  KeyedTrigger& operator=(const KeyedTrigger&) = delete;

  // `done` is called once, from within or later, unless the caller is gone before.
  CallId Start(StartKey start, TriggerJob job, Announce announce, TriggerDone done);

  // As FlowTrigger's.
  bool CallerGone(CallId id);

  // The drain begins: who waits for another call is answered, and nobody waits from now on.
  void StopWaiting();

  // Answers every call, and from now on each that comes: for the end of the drain, after
  // FlowTrigger::EndAll. What is still to be noted is left to the store.
  void EndAll();

  // Calls `then` once no key is in use; at once if that is so.
  void WhenIdle(Task then);

  // Calls that wait for another one's result. Thread-safe.
  size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  struct Key;

  // One RPC that has not been answered.
  struct Call {
    CallId id = 0;
    Key* key = nullptr;
    StartKey start;
    TriggerJob job;  // until it is handed on
    std::shared_ptr<CallRecord> record;
    SteadyTime answer_by;
    SteadyTime end_by;
    Announce announce;
    TriggerDone done;
    TimerId due = 0;
    bool is_refused = false;  // waited when its owner was refused: gets the refusal
  };

  // Where the owner is on its way.
  enum class Phase {
    kIdle,        // there is none
    kToken,       // waits for an access token
    kReserving,   // asked the store for the record
    kLooking,     // is refused; the store is asked what is known of the key
    kAnnouncing,  // the record is committed; initial metadata is being sent
    kRunning,     // in FlowTrigger
    kNoting,      // the result is being noted
    kRemoving,    // the record is being removed
    kElsewhere,   // there is none: another process holds the key
  };

  // One key that is in use in this process.
  struct Key {
    Phase phase = Phase::kIdle;
    KeyRef ref;
    std::string fingerprint;  // the record's, where there is one
    KeyAttempt attempt;       // the owner's
    Call* owner = nullptr;    // null: none, or answered
    std::list<Call*> waiters;
    TokenProvider::WaitId token_wait = 0;
    SteadyTime token_asked;
    FlowTrigger::CallId transfer = 0;
    // What the attempt came to; kRemoving: nothing where its caller is gone.
    std::optional<TriggerResult> outcome;
    TimerId next_look = 0;
    bool look_failed = false;
  };

  // -- Calls
  void Answer(Call& call, TriggerResult result);
  std::unique_ptr<Call> Take(Call& call);
  void SetDue(Call& call);
  void OnDue(Call& call);
  TriggerResult OverdueAnswer(const Key& key, bool is_owner) const;
  void Wait(Key& key, Call& call);
  void AnswerAll(Key& key, const TriggerResult& result);
  void AnswerReused(Key& key);

  // -- The owner's way
  void Own(Key& key, Call& call);
  void Reserve(Key& key);
  void OnToken(Key& key, TokenProvider::Result result);
  void LookThenRefuse(Key& key, CallError refusal);
  void OnReserved(Key& key, KeyFinding finding);
  void Run(Key& key);
  void OnSettled(Key& key, const TriggerResult* result);
  void OnAnswered(Key& key, TriggerResult result);
  void Note(Key& key, const TriggerResult& result);
  void Remove(Key& key, std::optional<CallError> refusal);
  void OnRemoved(Key& key, KeyState found);
  void OnFound(Key& key, KeyFinding finding);
  bool OwnerGone(Key& key);

  // -- Another process holds the key
  void LookLater(Key& key);
  void Look(Key& key);
  void OnLooked(Key& key, KeyFinding finding);

  // The owner is done: the next one begins, or the key is not in use any more.
  void Next(Key& key);
  void ReportIdle();

  const KeyedEnvironment env_;
  CallId last_id_ = 0;
  absl::flat_hash_map<CallId, std::unique_ptr<Call>> calls_;
  absl::flat_hash_map<std::string, std::unique_ptr<Key>> keys_;  // by KeyRef::id
  std::atomic<size_t> waiting_{0};
  bool stopped_ = false;  // nobody waits any more
  bool ended_ = false;
  Task when_idle_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_IDEMPOTENCY_KEYED_TRIGGER_H_
