#ifndef ENOS_SERVER_TESTING_KEYED_RIG_H_
#define ENOS_SERVER_TESTING_KEYED_RIG_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/idempotency/keyed_trigger.h"
#include "server/testing/upstream_rig.h"

namespace enos::gateway {

// For tests: the database behind several FakeKeyStores. Its clock stands still until a test moves
// it.
struct KeyDatabase {
  // At the gateway's time.
  using Statement = absl::AnyInvocable<KeyFinding(SteadyTime)>;

  struct Record {
    std::string fingerprint;
    std::string nonce;
    KeyState state = KeyState::kReserved;
    std::chrono::milliseconds lease_until{0};
    FlowStarted started;
    CallError doubt;
  };

  KeyFinding Find(const KeyRef& key, const std::string& nonce = "") const;
  // The attempt's own record, if it is RESERVED; else null.
  Record* Own(const KeyAttempt& attempt);

  // The oldest statement of those whose connection is lost is done after all. False: there is none.
  bool DoLate();

  std::map<std::string, Record> records;  // by KeyRef::id
  std::string oldest;                     // KeyRef::id; what is less is out of the window
  std::chrono::milliseconds now{1'000'000};
  struct Late {
    Statement statement;
    SteadyTime sent;
  };
  std::deque<Late> late;
};

// One process's store over it. Operations wait until the test does them, in order.
class FakeKeyStore final : public KeyStore {
 public:
  FakeKeyStore(KeyDatabase& database, Scheduler& scheduler)
      : database_(database), scheduler_(scheduler) {}

  void Reserve(const KeyAttempt& attempt, const KeyNote& note, SteadyTime until,
               Done done) override;
  void Look(const KeyRef& key, SteadyTime until, Done done) override;
  void Started(const KeyAttempt& attempt, const FlowStarted& started, SteadyTime until,
               Done done) override;
  void Doubt(const KeyAttempt& attempt, const CallError& error, SteadyTime until,
             Done done) override;
  void Remove(const KeyAttempt& attempt, SteadyTime until, Done done) override;

  // How the oldest operation ends: done; done, which nobody learns; not done; not done yet, and
  // nobody learns that it will be (KeyDatabase::DoLate); not even asked for. False: there is none.
  enum class End { kDone, kUnclear, kFailed, kLate, kNeverAsked };
  bool Do(End end = End::kDone);
  // The database does it, and the process does not live to hear of it.
  void DoWithoutAnswer();
  // Nonce of the last attempt that was to be reserved, by KeyRef::id.
  const std::map<std::string, std::string>& attempts() const { return attempts_; }
  // All of them, and those that come of that.
  void DoAll();
  // What waits, oldest first: "reserve", "look", "started", "doubt", "remove".
  std::vector<std::string> pending() const;

 private:
  struct Operation {
    std::string name;
    KeyDatabase::Statement statement;
    Done done;
  };

  KeyDatabase& database_;
  Scheduler& scheduler_;
  std::deque<Operation> operations_;
  std::map<std::string, std::string> attempts_;
};

// For tests: one gateway process with calls that have keys.
class KeyedRig : public UpstreamRig {
 public:
  struct Options : UpstreamRig::Options {
    size_t most_waiting = 1000;
    bool early_headers_wait = false;  // until the test calls HeadersSent
  };

  // One RPC, as its caller sees it. Stays where it is.
  struct Call {
    size_t number = 0;  // "key number" is the body of what is sent
    std::shared_ptr<CallRecord> record;
    KeyedTrigger::CallId id = 0;
    std::optional<TriggerResult> result;
    int times_done = 0;
    bool was_announced = false;
    Task headers_sent;  // waits for the test

    bool is_done() const { return times_done > 0; }
    // The instance id; empty when it is not done or failed.
    std::string instance_id() const;
    bool replayed() const;
    // Empty where it is not done or succeeded.
    CallError error() const;
    Reason reason() const { return error().reason; }
  };

  explicit KeyedRig(KeyDatabase& database) : KeyedRig(database, Options()) {}
  KeyedRig(KeyDatabase& database, const Options& options);

  // A call with that key; `flow` tells calls with different fields apart.
  Call& Start(const std::string& key = "key", int32_t flow = 3377,
              Duration answer_in = std::chrono::seconds(10),
              Duration end_in = std::chrono::seconds(30));

  size_t Sends() const;
  TransferId FlowTransfer() const;
  // What EnOS says to the oldest flow call, and what the store makes of it.
  void Succeed(const std::string& instance_id = "3377-1");
  void AnswerFlow(int status, std::string body = "");

  FakeKeyStore store;
  Admission admission{1000};
  FlowTrigger trigger;
  std::vector<KeyResult> results;
  KeyedTrigger keyed;
  std::deque<Call> calls;

 private:
  const Options options_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TESTING_KEYED_RIG_H_
