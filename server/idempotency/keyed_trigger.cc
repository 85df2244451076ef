#include "server/idempotency/keyed_trigger.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/contract/gateway_errors.h"

namespace enos::gateway {
namespace {

// A result is noted even after the lease, for as long as this.
constexpr std::chrono::seconds kTimeToNote{60};

// Another process's record is looked at again after a time between these, at random.
constexpr std::chrono::milliseconds kSoonestLook{50};
constexpr std::chrono::milliseconds kLatestLook{500};
constexpr std::chrono::seconds kTimeToLook{2};

KeyResult ResultOf(const TriggerResult& result) {
  if (const auto* started = std::get_if<FlowStarted>(&result))
    return started->replayed ? KeyResult::kReplayed : KeyResult::kExecuted;
  const auto& error = std::get<CallError>(result);
  switch (error.reason) {
    case Reason::IDEMPOTENCY_IN_DOUBT:
      return KeyResult::kInDoubt;
    case Reason::IDEMPOTENCY_KEY_REUSED:
      return KeyResult::kReused;
    case Reason::IDEMPOTENCY_KEY_EXPIRED:
      return KeyResult::kExpired;
    case Reason::IDEMPOTENCY_STORE_UNAVAILABLE:
      return KeyResult::kStoreUnavailable;
    default:
      break;
  }
  if (error.execution == Execution::kNotExecuted) return KeyResult::kRefused;
  return error.key_held == KeyHeld::kDoubt ? KeyResult::kDoubt : KeyResult::kInProgress;
}

TriggerResult With(KeyHeld held, TriggerResult result) {
  if (auto* error = std::get_if<CallError>(&result)) error->key_held = held;
  return result;
}

// As others than the owner get it.
TriggerResult Replayed(TriggerResult result) {
  if (auto* started = std::get_if<FlowStarted>(&result)) started->replayed = true;
  return result;
}

bool IsCertainlyNotExecuted(const TriggerResult& result) {
  const auto* error = std::get_if<CallError>(&result);
  return error != nullptr && error->execution == Execution::kNotExecuted;
}

}  // namespace

KeyedTrigger::~KeyedTrigger() {
  for (const auto& [id, call] : calls_) env_.scheduler.Cancel(call->due);
  for (const auto& [id, key] : keys_) {
    env_.scheduler.Cancel(key->next_look);
    env_.tokens.Forget(key->token_wait);
  }
}

// -- Calls

KeyedTrigger::CallId KeyedTrigger::Start(StartKey start, TriggerJob job, Announce announce,
                                         TriggerDone done) {
  const CallId id = ++last_id_;
  if (ended_) {
    job = {};  // its slots first
    done(GatewayShuttingDown());
    return id;
  }
  auto& held = keys_[start.ref.id];
  if (held == nullptr) {
    held = std::make_unique<Key>();
    held->ref = start.ref;
  }
  Key& key = *held;
  Call& call = *calls_.emplace(id, std::make_unique<Call>()).first->second;
  call.id = id;
  call.key = &key;
  call.start = std::move(start);
  call.answer_by = job.answer_by;
  call.end_by = job.end_by;
  call.record = job.record;
  call.job = std::move(job);
  call.announce = std::move(announce);
  call.done = std::move(done);
  SetDue(call);
  if (key.phase == Phase::kIdle) {
    Own(key, call);
  } else if (!key.fingerprint.empty() && key.fingerprint != call.start.ref.fingerprint) {
    Answer(call, KeyReused());
  } else {
    Wait(key, call);
  }
  return id;
}

void KeyedTrigger::Wait(Key& key, Call& call) {
  if (stopped_ || key.waiters.size() >= kMostWaitingPerKey || waiting() >= env_.most_waiting)
    return Answer(call, KeyInProgress());
  call.job.record->AddEvent("enos.key.wait");
  key.waiters.push_back(&call);
  ++waiting_;
}

std::unique_ptr<KeyedTrigger::Call> KeyedTrigger::Take(Call& call) {
  Key& key = *call.key;
  if (key.owner == &call) {
    key.owner = nullptr;
  } else {
    const auto waiter = std::find(key.waiters.begin(), key.waiters.end(), &call);
    if (waiter != key.waiters.end()) {
      key.waiters.erase(waiter);
      --waiting_;
    }
  }
  env_.scheduler.Cancel(call.due);
  auto node = calls_.extract(call.id);
  return std::move(node.mapped());
}

// The slots first, then the answer: a caller that has its answer may call again at once.
void KeyedTrigger::Answer(Call& call, TriggerResult result) {
  const std::unique_ptr<Call> taken = Take(call);
  taken->job = {};
  env_.on_result(ResultOf(result));
  taken->done(std::move(result));
}

void KeyedTrigger::AnswerAll(Key& key, const TriggerResult& result) {
  if (key.owner != nullptr) Answer(*key.owner, result);
  while (!key.waiters.empty()) Answer(*key.waiters.front(), result);
}

void KeyedTrigger::AnswerReused(Key& key) {
  std::vector<Call*> calls(key.waiters.begin(), key.waiters.end());
  if (key.owner != nullptr) calls.push_back(key.owner);
  for (Call* const call : calls) {
    if (call->start.ref.fingerprint != key.fingerprint) Answer(*call, KeyReused());
  }
}

void KeyedTrigger::SetDue(Call& call) {
  env_.scheduler.Cancel(call.due);
  call.due = env_.scheduler.RunAt(call.answer_by, [this, &call] {
    call.due = 0;
    OnDue(call);
  });
}

void KeyedTrigger::OnDue(Call& call) {
  Key& key = *call.key;
  const bool is_owner = key.owner == &call;
  Answer(call, OverdueAnswer(key, is_owner));
  if (is_owner) OwnerGone(key);
}

// What a call gets whose time is over.
TriggerResult KeyedTrigger::OverdueAnswer(const Key& key, bool is_owner) const {
  switch (key.phase) {
    case Phase::kToken:
      return NotSentInTime("an access token");
    case Phase::kReserving:
    case Phase::kLooking:
      return KeyStoreUnavailable("it did not answer in time");
    case Phase::kAnnouncing:
      if (is_owner) return With(KeyHeld::kReserved, NotSentInTime("the caller's connection"));
      break;
    case Phase::kNoting:
      return With(KeyHeld::kReserved, is_owner ? *key.outcome : Replayed(*key.outcome));
    case Phase::kRemoving:
      if (key.outcome && is_owner) return With(KeyHeld::kReserved, *key.outcome);
      return With(KeyHeld::kReserved, KeyStoreUnavailable("it did not answer in time"));
    case Phase::kElsewhere:
      if (key.look_failed) return KeyStoreUnavailable("it did not answer");
      break;
    case Phase::kIdle:
    case Phase::kRunning:
      break;
  }
  return KeyInProgress();
}

bool KeyedTrigger::CallerGone(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return false;
  Key& key = *found->second->key;
  const bool is_owner = key.owner == found->second.get();
  if (is_owner && key.phase == Phase::kNoting) LogLateResult(*found->second->record, *key.outcome);
  Take(*found->second);
  return is_owner && OwnerGone(key);
}

// The owner's RPC is over, and the way that it is on perhaps with it. Whether something runs on
// that may have started the flow.
bool KeyedTrigger::OwnerGone(Key& key) {
  switch (key.phase) {
    case Phase::kToken:
      env_.tokens.Forget(std::exchange(key.token_wait, 0));
      Next(key);
      return false;
    case Phase::kAnnouncing:
      Remove(key, std::nullopt);
      return false;
    case Phase::kRunning:
      return env_.trigger.CallerGone(key.transfer);
    case Phase::kNoting:
      return true;
    default:
      return false;  // the store's answer comes, and decides
  }
}

// -- The owner's way

void KeyedTrigger::Own(Key& key, Call& call) {
  key.owner = &call;
  key.attempt = {call.start.ref, env_.new_nonce(), call.end_by};
  if (const auto rest = env_.breaker.Rest(env_.scheduler.Now()))
    return LookThenRefuse(key, EnosIsDown(*rest));
  if (env_.tokens.Current() != nullptr) return Reserve(key);
  key.phase = Phase::kToken;
  key.token_asked = env_.scheduler.Now();
  call.record->AddEvent("enos.token.wait");
  key.token_wait = env_.tokens.Wait(nullptr, [this, &key](TokenProvider::Result result) {
    key.token_wait = 0;
    OnToken(key, std::move(result));
  });
}

void KeyedTrigger::OnToken(Key& key, TokenProvider::Result result) {
  CallRecord& record = *key.owner->record;
  record.token += env_.scheduler.Now() - key.token_asked;
  auto* const error = std::get_if<CallError>(&result);
  if (error == nullptr) {
    record.AddEvent("enos.token.ready");
    return Reserve(key);
  }
  if (error->code == absl::StatusCode::kUnavailable && !error->retry_after)
    error->retry_after = kSuggestedWait;
  LookThenRefuse(key, std::move(*error));
}

// Nothing is reserved for what would be refused; but an answer that is known already needs no EnOS.
void KeyedTrigger::LookThenRefuse(Key& key, CallError refusal) {
  key.phase = Phase::kLooking;
  env_.store.Look(
      key.ref, key.owner->answer_by,
      [this, &key, refusal = std::move(refusal)](KeyFinding finding) mutable {
        if (finding.state == KeyState::kNone) refusal.key_held = KeyHeld::kNone;
        if (finding.state == KeyState::kNone || finding.state == KeyState::kUnavailable) {
          AnswerAll(key, refusal);
          Next(key);
        } else {
          OnFound(key, std::move(finding));
        }
      });
}

void KeyedTrigger::Reserve(Key& key) {
  key.phase = Phase::kReserving;
  env_.store.Reserve(key.attempt, key.owner->start.note, key.owner->answer_by,
                     [this, &key](KeyFinding finding) { OnReserved(key, std::move(finding)); });
}

void KeyedTrigger::OnReserved(Key& key, KeyFinding finding) {
  if (finding.state == KeyState::kUnavailable) {
    AnswerAll(key, KeyStoreUnavailable(finding.why));
    if (finding.never_asked) return Next(key);
    return Remove(key, std::nullopt);  // the record may be there
  }
  if (finding.state != KeyState::kMine) return OnFound(key, std::move(finding));
  key.fingerprint = key.attempt.key.fingerprint;
  AnswerReused(key);
  if (key.owner == nullptr) return Remove(key, std::nullopt);
  key.owner->job.record->AddEvent("enos.key.reserved");
  key.phase = Phase::kAnnouncing;
  key.owner->announce([this, id = key.owner->id] {
    const auto call = calls_.find(id);
    if (call != calls_.end() && call->second->key->phase == Phase::kAnnouncing)
      Run(*call->second->key);
  });
}

// What another attempt left, or is at.
void KeyedTrigger::OnFound(Key& key, KeyFinding finding) {
  if (finding.state == KeyState::kExpired) {
    AnswerAll(key, KeyExpired(finding.why));
    return Next(key);
  }
  key.fingerprint = finding.fingerprint;
  AnswerReused(key);
  switch (finding.state) {
    case KeyState::kReserved:
      key.phase = Phase::kElsewhere;
      if (Call* const owner = std::exchange(key.owner, nullptr)) Wait(key, *owner);
      return LookLater(key);
    case KeyState::kStarted:
      AnswerAll(key, Replayed(std::move(finding.started)));
      break;
    case KeyState::kDoubt:
      finding.doubt.execution = Execution::kUnknown;
      AnswerAll(key, With(KeyHeld::kDoubt, std::move(finding.doubt)));
      break;
    default:
      AnswerAll(key, KeyInDoubt());
  }
  Next(key);
}

void KeyedTrigger::Run(Key& key) {
  key.phase = Phase::kRunning;
  key.transfer = 0;
  env_.scheduler.Cancel(std::exchange(key.owner->due, 0));  // FlowTrigger keeps its times
  TriggerJob job = std::move(key.owner->job);
  job.on_settled = [this, &key](const TriggerResult* result) { OnSettled(key, result); };
  const FlowTrigger::CallId id = env_.trigger.Start(
      std::move(job), [this, &key](TriggerResult result) { OnAnswered(key, std::move(result)); });
  key.transfer = id;
}

// What the transfer came to, whatever its caller was told.
void KeyedTrigger::OnSettled(Key& key, const TriggerResult* result) {
  if (result == nullptr) return Remove(key, std::nullopt);
  if (!IsCertainlyNotExecuted(*result)) return Note(key, *result);
  for (Call* const waiter : key.waiters) waiter->is_refused = true;
  Remove(key, std::get<CallError>(*result));
}

// FlowTrigger's answer to the owner's caller: the result, which is being noted, or that there is
// none in time.
void KeyedTrigger::OnAnswered(Key& key, TriggerResult result) {
  if (key.phase == Phase::kRunning) {
    Answer(*key.owner, With(KeyHeld::kReserved, std::move(result)));
  } else {
    SetDue(*key.owner);
  }
}

void KeyedTrigger::Note(Key& key, const TriggerResult& result) {
  key.phase = Phase::kNoting;
  key.outcome = result;
  const SteadyTime until =
      std::max(key.attempt.end_by + kLeaseAfterEnd, env_.scheduler.Now() + kTimeToNote);
  auto done = [this, &key](const KeyFinding& finding) {
    const bool noted = finding.state != KeyState::kUnavailable;
    const TriggerResult outcome = With(noted ? KeyHeld::kDoubt : KeyHeld::kReserved,
                                       *std::exchange(key.outcome, std::nullopt));
    if (key.owner != nullptr) Answer(*key.owner, outcome);
    AnswerAll(key, Replayed(outcome));
    Next(key);
  };
  if (const auto* started = std::get_if<FlowStarted>(&result)) {
    env_.store.Started(key.attempt, *started, until, std::move(done));
  } else {
    env_.store.Doubt(key.attempt, std::get<CallError>(result), until, std::move(done));
  }
}

void KeyedTrigger::Remove(Key& key, std::optional<CallError> refusal) {
  key.phase = Phase::kRemoving;
  key.outcome = std::move(refusal);
  env_.store.Remove(key.attempt, key.attempt.end_by + kLeaseAfterEnd,
                    [this, &key](const KeyFinding& finding) { OnRemoved(key, finding.state); });
}

void KeyedTrigger::OnRemoved(Key& key, KeyState found) {
  if (key.outcome) {
    const KeyHeld held = found == KeyState::kNone      ? KeyHeld::kNone
                         : found == KeyState::kInDoubt ? KeyHeld::kDoubt
                                                       : KeyHeld::kReserved;
    const TriggerResult refusal = With(held, *std::exchange(key.outcome, std::nullopt));
    if (key.owner != nullptr) Answer(*key.owner, refusal);
    const std::vector<Call*> waiters(key.waiters.begin(), key.waiters.end());
    for (Call* const waiter : waiters) {
      if (waiter->is_refused) Answer(*waiter, refusal);
    }
  }
  Next(key);
}

// The first one that waits is the next owner; without any the key is not in use any more.
void KeyedTrigger::Next(Key& key) {
  key.phase = Phase::kIdle;
  key.fingerprint.clear();
  key.look_failed = false;
  if (key.waiters.empty()) {
    keys_.erase(std::string(key.ref.id));
    return ReportIdle();
  }
  Call& next = *key.waiters.front();
  key.waiters.pop_front();
  --waiting_;
  next.is_refused = false;
  Own(key, next);
}

// -- Another process holds the key

void KeyedTrigger::LookLater(Key& key) {
  const auto wait = std::chrono::duration_cast<Duration>(
      kSoonestLook + env_.random() * (kLatestLook - kSoonestLook));
  key.next_look = env_.scheduler.RunAfter(wait, [this, &key] {
    key.next_look = 0;
    Look(key);
  });
}

void KeyedTrigger::Look(Key& key) {
  if (key.waiters.empty()) return Next(key);
  env_.store.Look(key.ref, env_.scheduler.Now() + kTimeToLook,
                  [this, &key](KeyFinding finding) { OnLooked(key, std::move(finding)); });
}

void KeyedTrigger::OnLooked(Key& key, KeyFinding finding) {
  key.look_failed = finding.state == KeyState::kUnavailable;
  if (key.look_failed || finding.state == KeyState::kReserved) {
    LookLater(key);
  } else if (finding.state == KeyState::kNone) {
    Next(key);
  } else {
    OnFound(key, std::move(finding));
  }
}

// -- The drain

void KeyedTrigger::StopWaiting() {
  stopped_ = true;
  for (const auto& [id, key] : keys_) {
    while (!key->waiters.empty()) Answer(*key->waiters.front(), KeyInProgress());
  }
}

void KeyedTrigger::EndAll() {
  StopWaiting();
  ended_ = true;
  std::vector<CallId> open;  // listed first: what ends changes the list
  for (const auto& [id, call] : calls_) open.push_back(id);
  for (const CallId id : open) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) continue;
    Key& key = *found->second->key;
    Answer(*found->second, key.outcome ? OverdueAnswer(key, true) : GatewayShuttingDown());
    OwnerGone(key);
  }
}

void KeyedTrigger::WhenIdle(Task then) {
  when_idle_ = std::move(then);
  ReportIdle();
}

void KeyedTrigger::ReportIdle() {
  if (when_idle_ && keys_.empty()) std::exchange(when_idle_, nullptr)();
}

}  // namespace enos::gateway
