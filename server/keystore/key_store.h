#ifndef ENOS_SERVER_KEYSTORE_KEY_STORE_H_
#define ENOS_SERVER_KEYSTORE_KEY_STORE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "server/base/scheduler.h"
#include "server/contract/call_error.h"
#include "server/enos/flow_answer.h"

namespace enos::gateway {

// Which record of the store, and what a call with its key has to agree with.
struct KeyRef {
  std::string id;                      // SHA-256 of organization and key; 64 hexadecimal digits,
                                       // of which a UUIDv7's time takes the place of the first 12
  std::string fingerprint;             // SHA-256 of all that the call asks for; likewise
  std::optional<int64_t> key_time_ms;  // of a UUIDv7: the Unix time in it
};

// What people who look into the store are told; nothing of it decides anything. Texts are as they
// came from the caller: valid UTF-8, any character.
struct KeyNote {
  std::string key;
  std::string org_id;
  int32_t flow_id = 0;
  int64_t trigger_time_ms = 0;
  std::string likely_flow_instance_id;
};

// How long the lease of a record outlives the end of its attempt's transfer.
inline constexpr std::chrono::seconds kLeaseAfterEnd{5};

// An attempt that owns a record, or wants to.
struct KeyAttempt {
  KeyRef key;
  std::string nonce;  // 32 hexadecimal digits, of this attempt alone
  SteadyTime end_by;  // when its transfer must have ended; see kLeaseAfterEnd
};

enum class KeyState {
  kNone,      // no record
  kExpired,   // no record, and none is made: the time in the key is out of the window, so there may
              // have been one
  kMine,      // RESERVED, committed, with the attempt's own nonce
  kReserved,  // RESERVED by another attempt, whose lease lives
  kInDoubt,   // RESERVED by another attempt, whose lease has ended
  kStarted,
  kDoubt,
  kUnavailable,  // the store could not be asked, or its answer did not come in time
};

// What the store says of one key, as committed.
struct KeyFinding {
  KeyState state = KeyState::kUnavailable;
  std::string fingerprint;   // the record's; empty where there is none
  FlowStarted started;       // kStarted
  CallError doubt;           // kDoubt: code, reason, message and what EnOS said, as of that attempt
  std::string why;           // kExpired, kUnavailable: for people, without a secret
  bool never_asked = false;  // kUnavailable: the store did nothing of it, and will not
};

// The memory of idempotency keys (proto: UpdateAndTriggerFlowRequest.idempotency_key). Called, and
// calls back, on the event loop's thread; never blocks it. `done` is called once, never from
// within. Operations of one key are done in the order in which they were asked for.
//
// Each is tried again until it is done or its time is over (`until`), so that an unclear commit is
// read back: with the same nonce, every operation may be repeated. Where the time is over while a
// statement is under way, what became of it stays unknown: kUnavailable says so.
class KeyStore {
 public:
  using Done = absl::AnyInvocable<void(KeyFinding)>;

  virtual ~KeyStore() = default;

  // Makes the record, RESERVED, if there is none and the time in the key is within the window. What
  // is found then: kMine, or what keeps the attempt from being made.
  virtual void Reserve(const KeyAttempt& attempt, const KeyNote& note, SteadyTime until,
                       Done done) = 0;

  // What is found: anything but kMine.
  virtual void Look(const KeyRef& key, SteadyTime until, Done done) = 0;

  // The attempt's result, into its own record, even after the lease: kStarted or kDoubt, then. A
  // record that is not the attempt's is left alone.
  virtual void Started(const KeyAttempt& attempt, const FlowStarted& started, SteadyTime until,
                       Done done) = 0;
  virtual void Doubt(const KeyAttempt& attempt, const CallError& error, SteadyTime until,
                     Done done) = 0;

  // Removes the attempt's own record: kNone, or kUnavailable. Only for what was certainly not
  // executed, and only while the lease lives: afterwards somebody may have been told that the key
  // is in doubt for good, and it stays so: kInDoubt.
  virtual void Remove(const KeyAttempt& attempt, SteadyTime until, Done done) = 0;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_KEYSTORE_KEY_STORE_H_
