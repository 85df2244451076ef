#include "server/testing/keyed_rig.h"

#include <gtest/gtest.h>

#include <utility>

namespace enos::gateway {
namespace {

constexpr std::string_view kFlowsPath = "/dataflow-batch-service/v2.0/flows";
using std::chrono::milliseconds;

std::string NewNonce() {
  static int last = 0;
  return std::to_string(++last);
}

KeyFinding Unavailable() {
  KeyFinding finding;
  finding.why = "connection lost";
  return finding;
}

}  // namespace

KeyFinding KeyDatabase::Find(const KeyRef& key, const std::string& nonce) const {
  KeyFinding finding;
  const auto found = records.find(key.id);
  finding.state = KeyState::kNone;
  if (found == records.end()) {
    if (key.id < oldest) finding.state = KeyState::kExpired;
    return finding;
  }
  const Record& record = found->second;
  finding.fingerprint = record.fingerprint;
  finding.started = record.started;
  finding.doubt = record.doubt;
  finding.state = record.state;
  if (record.state != KeyState::kReserved) return finding;
  if (record.nonce == nonce) {
    finding.state = KeyState::kMine;
  } else if (record.lease_until <= now) {
    finding.state = KeyState::kInDoubt;
  }
  return finding;
}

KeyDatabase::Record* KeyDatabase::Own(const KeyAttempt& attempt) {
  const auto found = records.find(attempt.key.id);
  const bool is_own = found != records.end() && found->second.nonce == attempt.nonce &&
                      found->second.state == KeyState::kReserved;
  return is_own ? &found->second : nullptr;
}

bool KeyDatabase::DoLate() {
  if (late.empty()) return false;
  Late first = std::move(late.front());
  late.pop_front();
  first.statement(first.sent);
  return true;
}

void FakeKeyStore::Reserve(const KeyAttempt& attempt, const KeyNote& /*note*/, SteadyTime /*until*/,
                           Done done) {
  attempts_[attempt.key.id] = attempt.nonce;
  operations_.push_back({"reserve",
                         [&database = database_, attempt](SteadyTime now) {
                           KeyDatabase::Record record;
                           record.fingerprint = attempt.key.fingerprint;
                           record.nonce = attempt.nonce;
                           record.lease_until =
                               database.now +
                               std::chrono::duration_cast<milliseconds>(attempt.end_by - now) +
                               kLeaseAfterEnd;
                           if (attempt.key.id >= database.oldest)
                             database.records.emplace(attempt.key.id, record);
                           return database.Find(attempt.key, attempt.nonce);
                         },
                         std::move(done)});
}

void FakeKeyStore::Look(const KeyRef& key, SteadyTime /*until*/, Done done) {
  operations_.push_back(
      {"look", [&database = database_, key](SteadyTime /*now*/) { return database.Find(key); },
       std::move(done)});
}

void FakeKeyStore::Started(const KeyAttempt& attempt, const FlowStarted& started,
                           SteadyTime /*until*/, Done done) {
  operations_.push_back({"started",
                         [&database = database_, attempt, started](SteadyTime /*now*/) {
                           if (auto* record = database.Own(attempt)) {
                             record->state = KeyState::kStarted;
                             record->started = started;
                           }
                           return database.Find(attempt.key, attempt.nonce);
                         },
                         std::move(done)});
}

void FakeKeyStore::Doubt(const KeyAttempt& attempt, const CallError& error, SteadyTime /*until*/,
                         Done done) {
  operations_.push_back({"doubt",
                         [&database = database_, attempt, error](SteadyTime /*now*/) {
                           if (auto* record = database.Own(attempt)) {
                             record->state = KeyState::kDoubt;
                             record->doubt = error;
                           }
                           return database.Find(attempt.key, attempt.nonce);
                         },
                         std::move(done)});
}

void FakeKeyStore::Remove(const KeyAttempt& attempt, SteadyTime /*until*/, Done done) {
  operations_.push_back({"remove",
                         [&database = database_, attempt](SteadyTime /*now*/) {
                           const auto* record = database.Own(attempt);
                           KeyFinding finding;
                           finding.state = KeyState::kNone;
                           if (record != nullptr && record->lease_until <= database.now) {
                             finding.state = KeyState::kInDoubt;
                           } else if (record != nullptr) {
                             database.records.erase(attempt.key.id);
                           }
                           return finding;
                         },
                         std::move(done)});
}

bool FakeKeyStore::Do(End end) {
  if (operations_.empty()) return false;
  Operation operation = std::move(operations_.front());
  operations_.pop_front();
  KeyFinding finding = Unavailable();
  if (end == End::kLate) {
    database_.late.push_back({std::move(operation.statement), scheduler_.Now()});
  } else if (end == End::kNeverAsked) {
    finding.never_asked = true;
  } else if (end != End::kFailed) {
    KeyFinding found = operation.statement(scheduler_.Now());
    if (end == End::kDone) finding = std::move(found);
  }
  operation.done(std::move(finding));
  return true;
}

void FakeKeyStore::DoWithoutAnswer() {
  if (operations_.empty()) return;
  operations_.front().statement(scheduler_.Now());
  operations_.pop_front();
}

void FakeKeyStore::DoAll() {
  while (Do()) {
  }
}

std::vector<std::string> FakeKeyStore::pending() const {
  std::vector<std::string> names;
  names.reserve(operations_.size());
  for (const Operation& operation : operations_) names.push_back(operation.name);
  return names;
}

std::string KeyedRig::Call::instance_id() const {
  const auto* started = result ? std::get_if<FlowStarted>(&*result) : nullptr;
  return started == nullptr ? "" : started->flow_instance_id;
}

bool KeyedRig::Call::replayed() const {
  const auto* started = result ? std::get_if<FlowStarted>(&*result) : nullptr;
  return started != nullptr && started->replayed;
}

CallError KeyedRig::Call::error() const {
  const auto* failed = result ? std::get_if<CallError>(&*result) : nullptr;
  if (failed == nullptr) ADD_FAILURE() << "the call did not fail";
  return failed == nullptr ? CallError() : *failed;
}

KeyedRig::KeyedRig(KeyDatabase& database, const Options& options)
    : UpstreamRig(options),
      store(database, scheduler),
      trigger(Environment(), TriggerOptions()),
      keyed({scheduler, tokens, breaker, trigger, store, &NewNonce, [this] { return random(); },
             options.most_waiting, [this](KeyResult result) { results.push_back(result); }}),
      options_(options) {}

KeyedRig::Call& KeyedRig::Start(const std::string& key, int32_t flow, Duration answer_in,
                                Duration end_in) {
  dataflow::v1::UpdateAndTriggerFlowRequest request;
  request.set_user_id("user");
  request.set_org_id("org");
  request.set_flow_id(flow);
  request.set_idempotency_key(key);
  Call& call = calls.emplace_back();
  call.number = calls.size();
  TriggerJob job;
  call.record = job.record;
  job.call.query = "action=updateAndTrigger&orgId=org&userId=user";
  job.call.body = key + " " + std::to_string(call.number);
  job.answer_by = scheduler.Now() + answer_in;
  job.end_by = scheduler.Now() + end_in;
  job.slot = admission.TryEnter();
  call.id = keyed.Start(
      StartKeyOf(request), std::move(job),
      [this, &call](Task sent) {
        call.was_announced = true;
        if (options_.early_headers_wait) {
          call.headers_sent = std::move(sent);
        } else {
          sent();
        }
      },
      [&call](TriggerResult result) {
        ++call.times_done;
        call.result = std::move(result);
      });
  return call;
}

size_t KeyedRig::Sends() const { return http.CountOf(kFlowsPath); }

TransferId KeyedRig::FlowTransfer() const {
  const auto running = http.Running(kFlowsPath);
  return running.empty() ? 0 : running.front();
}

void KeyedRig::Succeed(const std::string& instance_id) {
  AnswerFlow(200, R"({"code":0,"data":{"flowInstanceId":")" + instance_id + "\"}}");
}

void KeyedRig::AnswerFlow(int status, std::string body) {
  http.Answer(FlowTransfer(), status, std::move(body));
}

}  // namespace enos::gateway
