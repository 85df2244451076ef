// Thousands of random histories of one to three processes over one database: calls with few keys,
// repeats, transfers that end in all ways, statements that are done, fail, are done unnoticed or
// late, callers that go, time that passes over leases, clocks that differ, drains, and processes
// that die at every point. Whatever happens in whatever order, docs/idempotency.md must hold. A
// history that breaks it is told by its seed.
//
// Where a process dies, and what repeats of its calls are told afterwards (each point is met in
// many histories: see the end):
//
//   before its record is committed                    executed
//   committed and not heard of, or nothing sent yet   IN_DOUBT, once the lease has ended
//   sent, with or without EnOS's answer               IN_DOUBT, once the lease has ended
//   the result committed and not answered             that result: OK with the same id, or DOUBT
//   refused, the record not removed yet               IN_DOUBT, once the lease has ended
//   refused and removed, but not answered             executed
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/testing/keyed_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using End = FakeKeyStore::End;

constexpr std::string_view kFlowsPath = "/dataflow-batch-service/v2.0/flows";

constexpr std::array kKeys = {"a", "b", "c", "d"};

struct FlowAnswerCase {
  int status = 0;
  int64_t code = 0;     // 0: no JSON body; -1: success
  bool perhaps = true;  // it was executed, or nobody knows
};

constexpr FlowAnswerCase kAnswers[] = {
    {200, -1},
    {200, -1},
    {200, -1},
    {200, -1},
    {200, -1},
    {200, -1},
    {200, 62104, false},
    {200, 62104, false},
    {429, 0, false},
    {429, 0, false},
    {401, 0, false},
    {403, 0, false},
    {503, 0},
    {502, 0},
    {200, 0},
};
constexpr TransferEnd kBreaks[] = {TransferEnd::kConnectFailed, TransferEnd::kConnectTimeout,
                                   TransferEnd::kConnectionLost, TransferEnd::kMalformed};

// How often something happened over all histories.
using Tally = std::map<std::string, int>;

// A request that went, or was to go, to EnOS.
struct Send {
  std::string key;
  size_t process = 0;  // number
  TransferId id = 0;
  size_t call = 0;              // number, of that process
  std::optional<bool> perhaps;  // known once it has ended
  std::string instance_id;      // EnOS said so, and the process heard it
};

struct Process {
  Process(size_t its_number, KeyDatabase& database, const KeyedRig::Options& options)
      : number(its_number), rig(database, options) {}

  const size_t number;
  KeyedRig rig;
  size_t seen = 0;                  // of rig.http.sent()
  std::vector<std::string> key_of;  // by call number
  std::vector<int32_t> flow_of;
  std::vector<Duration> answer_by;
  std::set<size_t> gone;
  std::set<size_t> judged;
  bool ending = false;
};

class History {
 public:
  History(uint64_t seed, bool with_stalls, Tally& tally)
      : engine_(seed), with_stalls_(with_stalls), tally_(tally) {
    const size_t count = 1 + Below(3);
    is_store_good_ = Chance(40);
    all_live_ = Chance(40);
    for (size_t i = 0; i < count; ++i) processes_.push_back(NewProcess());
  }

  void Run() {
    for (int step = 0; step < 120 && !::testing::Test::HasFailure(); ++step) {
      Step();
      Check();
    }
    Finish();
  }

 private:
  uint64_t Below(uint64_t limit) { return engine_() % limit; }
  bool Chance(uint64_t percent) { return Below(100) < percent; }
  template <typename Container>
  auto& OneOf(Container& container) {
    return container[Below(std::size(container))];
  }

  std::unique_ptr<Process> NewProcess(bool calm = false) {
    KeyedRig::Options options;
    options.upstream.max_attempts = static_cast<int>(1 + Below(3));
    options.with_token = calm || Chance(80);
    options.breaker.failures_to_open = static_cast<int>(2 + Below(4));
    options.early_headers_wait = !calm && Chance(30);
    options.most_waiting = Chance(20) ? 2 : 1000;
    auto process = std::make_unique<Process>(++last_process_, database_, options);
    process->rig.random = [this] { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; };
    return process;
  }

  void Step() {
    Process& process = *OneOf(processes_);
    const uint64_t dice = Below(100);
    if (dice < 18) {
      NewCall(process);
    } else if (dice < 50) {
      DoStore(process);
    } else if (dice < 60) {
      MarkSent(process);
    } else if (dice < 78) {
      EndTransfer(process);
    } else if (dice < 81) {
      AnswerToken(process);
    } else if (dice < 85) {
      SendHeaders(process);
    } else if (dice < 87) {
      CallerGoes(process);
    } else if (dice < 97) {
      PassTime();
    } else if (dice < 99) {
      if (!all_live_) Die(process);
    } else if (Chance(50)) {
      Drain(process);
    }
  }

  // -- What happens

  void NewCall(Process& process) {
    static constexpr milliseconds kTimes[] = {milliseconds(30), milliseconds(500), seconds(2),
                                              seconds(30)};
    const Duration end_in = seconds(1 + Below(30));
    const Duration answer_in = std::min<Duration>(OneOf(kTimes), end_in);
    const std::string key = OneOf(kKeys);
    Call(process, key, Chance(4) ? 3378 : 3377, answer_in, end_in);
  }

  void Call(Process& process, const std::string& key, int32_t flow, Duration answer_in,
            Duration end_in) {
    process.key_of.push_back(key);
    process.flow_of.push_back(flow);
    process.answer_by.push_back(process.rig.scheduler.Now() + answer_in - SteadyTime());
    // Before the call, which may be answered at once.
    process.rig.Start(key, flow, answer_in, end_in);
  }

  void DoStore(Process& process) {
    if (database_.late.size() > 0 && Chance(10)) {
      database_.DoLate();
      ++tally_["statements done late"];
      return;
    }
    const auto pending = process.rig.store.pending();
    if (pending.empty()) return;
    const uint64_t dice = Below(100);
    const End end = is_store_good_ || dice < 85 ? End::kDone
                    : dice < 90                 ? End::kUnclear
                    : dice < 95                 ? End::kFailed
                                                : End::kLate;
    process.rig.store.Do(end);
  }

  void MarkSent(Process& process) {
    const auto running = process.rig.http.Running(kFlowsPath);
    if (!running.empty()) process.rig.http.MarkSent(OneOf(running));
  }

  void EndTransfer(Process& process) {
    const auto running = process.rig.http.Running(kFlowsPath);
    if (running.empty()) return;
    const TransferId id = OneOf(running);
    Send& send = SendOf(process, id);
    if (Chance(75)) {
      const FlowAnswerCase& answer = OneOf(kAnswers);
      send.perhaps = answer.perhaps;
      std::string body;
      if (answer.code > 0) body = FlowErrorJson(answer.code);
      if (answer.code < 0) {
        send.instance_id = "3377-" + std::to_string(++last_instance_);
        body = R"({"code":0,"data":{"flowInstanceId":")" + send.instance_id + "\"}}";
        instances_[send.instance_id] = {send.key, process.flow_of.at(send.call - 1)};
      }
      process.rig.http.Answer(id, answer.status, body);
    } else {
      const bool maybe_sent = process.rig.http.MaybeSent(id) || Chance(50);
      send.perhaps = maybe_sent;
      process.rig.http.Fail(id, OneOf(kBreaks), maybe_sent);
    }
  }

  void AnswerToken(Process& process) {
    const auto running = process.rig.http.Running(kTokenService);
    if (running.empty()) return;
    if (Chance(70)) {
      process.rig.GiveToken("T" + std::to_string(++last_token_), Chance(50) ? 5 : 7200);
    } else {
      process.rig.http.Fail(running[0], TransferEnd::kConnectFailed, false);
    }
  }

  void SendHeaders(Process& process) {
    for (KeyedRig::Call& call : process.rig.calls) {
      if (call.headers_sent && Chance(50)) std::exchange(call.headers_sent, nullptr)();
    }
  }

  void CallerGoes(Process& process) {
    if (process.rig.calls.empty()) return;
    const size_t number = 1 + Below(process.rig.calls.size());
    KeyedRig::Call& call = process.rig.calls[number - 1];
    if (call.is_done()) return;
    process.gone.insert(number);
    process.rig.keyed.CallerGone(call.id);
  }

  void PassTime() {
    static constexpr milliseconds kSteps[] = {milliseconds(1), milliseconds(20), milliseconds(300),
                                              seconds(1),      seconds(5),       seconds(20)};
    Pass(OneOf(kSteps));
  }

  void Pass(milliseconds time) {
    database_.now += time;
    // A fail-over to a machine whose clock is ahead, by less than leases are longer than attempts.
    // With more, or back, what was told in doubt for good may still be executed, once.
    if (!clock_jumped_ && Chance(2)) {
      clock_jumped_ = true;
      database_.now += milliseconds(Below(4900));
    }
    for (const auto& process : processes_) {
      if (Chance(2))
        process->rig.scheduler.StepWallClock(milliseconds(Below(20'000)) - seconds(10));
      if (with_stalls_ && Chance(20)) {  // stopped, or the loop is busy
        process->rig.scheduler.Stall(time);
      } else {
        process->rig.scheduler.Advance(time);
        CheckInTime(*process);
      }
    }
  }

  // kill -9. Of what the store was asked for, the database may have got something.
  void Die(Process& process) {
    NotePoints(process);
    while (!process.rig.store.pending().empty() && Chance(50)) {
      ++tally_["dead: " + process.rig.store.pending().front() + " committed, not answered"];
      process.rig.store.DoWithoutAnswer();
    }
    for (const std::string& name : process.rig.store.pending())
      ++tally_["dead: " + name + " not committed"];
    Replace(process);
  }

  void NotePoints(const Process& process) {
    for (const TransferId id : process.rig.http.Running(kFlowsPath))
      ++tally_[process.rig.http.MaybeSent(id) ? "dead: sent" : "dead: reserved, not sent"];
    for (const KeyedRig::Call& call : process.rig.calls) {
      if (call.headers_sent && !call.is_done()) ++tally_["dead: reserved, headers not sent"];
    }
  }

  void Replace(Process& process) {
    CheckNewSends(process);
    CheckCalls(process);
    for (Send& send : sends_) {
      if (send.process == process.number && !send.perhaps)
        send.perhaps = process.rig.http.at(send.id).maybe_sent;
    }
    for (auto& slot : processes_) {
      if (slot.get() == &process) {
        slot = NewProcess();
        return;
      }
    }
  }

  // A drain in steps, then the process ends by itself.
  void Drain(Process& process) {
    if (!std::exchange(process.ending, true)) return process.rig.keyed.StopWaiting();
    bool idle = false;
    process.rig.trigger.EndAll();
    process.rig.keyed.EndAll();
    process.rig.keyed.WhenIdle([&] { idle = true; });
    for (const KeyedRig::Call& call : process.rig.calls) {
      EXPECT_TRUE(call.is_done() || process.gone.count(call.number) > 0) << "call " << call.number;
    }
    while (process.rig.store.Do()) Check();
    process.rig.scheduler.Advance(seconds(1));  // to the next look, if one was due
    while (process.rig.store.Do()) Check();
    EXPECT_TRUE(idle) << "keys are left in use after the drain";
    ++tally_["drains"];
    Replace(process);
  }

  // -- What must hold

  Process* ProcessOf(const Send& send) {
    for (const auto& process : processes_)
      if (process->number == send.process) return process.get();
    return nullptr;
  }

  Send& SendOf(const Process& process, TransferId id) {
    return *std::find_if(sends_.begin(), sends_.end(), [&](const Send& send) {
      return send.process == process.number && send.id == id;
    });
  }

  // Whether it may have been executed, or still may be.
  bool IsPerhaps(const Send& send) {
    if (send.perhaps) return *send.perhaps;
    const FakeHttpClient::Sent& sent = ProcessOf(send)->rig.http.at(send.id);
    return sent.running || sent.maybe_sent;
  }

  bool MayBeExecuted(const std::string& key) {
    return std::any_of(sends_.begin(), sends_.end(),
                       [&](const Send& send) { return send.key == key && IsPerhaps(send); });
  }

  void Check() {
    for (const auto& process : processes_) {
      CheckNewSends(*process);
      CheckCalls(*process);
    }
    CheckRecords();
  }

  void CheckNewSends(Process& process) {
    for (; process.seen < process.rig.http.sent().size(); ++process.seen) {
      const FakeHttpClient::Sent& sent = process.rig.http.sent()[process.seen];
      if (sent.request.path_and_query.find(kFlowsPath) != 0) continue;
      const std::string body = sent.body();
      const size_t space = body.find(' ');
      Send send;
      send.key = body.substr(0, space);
      send.process = process.number;
      send.id = sent.id;
      send.call = std::stoul(body.substr(space));
      CheckSend(process, send);
      sends_.push_back(send);
    }
  }

  void CheckSend(const Process& process, const Send& send) {
    EXPECT_FALSE(MayBeExecuted(send.key)) << "key " << send.key << " is sent a second time";
    EXPECT_EQ(told_final_.count(send.key), 0U) << send.key << " was in doubt for good";
    const std::string id = IdOf(send.key);
    const auto record = database_.records.find(id);
    // Rule 1: committed with the attempt's own nonce.
    ASSERT_NE(record, database_.records.end()) << send.key << " is sent without a record";
    EXPECT_EQ(record->second.nonce, process.rig.store.attempts().at(id));
    EXPECT_EQ(record->second.state, KeyState::kReserved);
    ++tally_["sends"];
  }

  void CheckCalls(Process& process) {
    for (const KeyedRig::Call& call : process.rig.calls) {
      EXPECT_LE(call.times_done, 1);
      const bool gone = process.gone.count(call.number) > 0;
      EXPECT_FALSE(gone && call.is_done()) << "answered after it was gone";
      if (!call.is_done() || !process.judged.insert(call.number).second) continue;
      const std::string& key = process.key_of.at(call.number - 1);
      if (const auto* started = std::get_if<FlowStarted>(&*call.result)) {
        CheckOk(process, call, key, *started);
      } else {
        CheckError(process, call, key, std::get<CallError>(*call.result));
      }
    }
  }

  void CheckOk(const Process& process, const KeyedRig::Call& call, const std::string& key,
               const FlowStarted& started) {
    const auto run = instances_.find(started.flow_instance_id);
    ASSERT_NE(run, instances_.end()) << "OK with an id that EnOS never gave";
    EXPECT_EQ(run->second.first, key);
    EXPECT_EQ(run->second.second, process.flow_of.at(call.number - 1)) << "of other fields";
    if (!started.replayed) {
      EXPECT_TRUE(executed_told_.insert(key).second) << "two calls say that they started " << key;
    }
    ++tally_[started.replayed ? "replayed" : "executed"];
  }

  void CheckError(const Process& process, const KeyedRig::Call& call, const std::string& key,
                  const CallError& error) {
    ++tally_[ErrorReason_Name(error.reason)];
    const bool own = std::any_of(sends_.begin(), sends_.end(), [&](const Send& send) {
      return send.process == process.number && send.call == call.number && IsPerhaps(send);
    });
    if (error.execution == Execution::kNotExecuted) {
      EXPECT_FALSE(own) << "told NOT_EXECUTED of a call that may have been";
    } else {
      EXPECT_NE(error.code, absl::StatusCode::kUnavailable);
    }
    switch (error.key_held) {
      case KeyHeld::kNone:
        EXPECT_EQ(error.execution, Execution::kNotExecuted);
        EXPECT_FALSE(MayBeExecuted(key)) << "told NONE of key " << key << ", which may be executed";
        ++tally_["NOT_EXECUTED, key NONE"];
        break;
      case KeyHeld::kDoubt:  // NOT_EXECUTED: this call was refused, but too late to free its key
        told_final_.insert(key);
        ++tally_["told DOUBT"];
        break;
      case KeyHeld::kReserved:
        ++tally_["told RESERVED"];
        break;
      case KeyHeld::kReused:
        EXPECT_EQ(error.reason, Reason::IDEMPOTENCY_KEY_REUSED);
        break;
      case KeyHeld::kNotLookedUp:
        break;
    }
  }

  // Rules 2 and 4, on the records themselves.
  void CheckRecords() {
    for (const char* key : kKeys) {
      const auto found = database_.records.find(IdOf(key));
      if (found == database_.records.end()) {
        EXPECT_FALSE(MayBeExecuted(key)) << "the record of " << key << " was removed";
        continue;
      }
      const KeyDatabase::Record& record = found->second;
      std::string heard;
      for (const Send& send : sends_)
        if (send.key == key && !send.instance_id.empty()) heard = send.instance_id;
      if (record.state == KeyState::kStarted) {
        EXPECT_EQ(record.started.flow_instance_id, heard);
      } else if (record.state == KeyState::kDoubt) {
        EXPECT_TRUE(MayBeExecuted(key));
        EXPECT_EQ(heard, "") << "EnOS's answer was heard";
      }
    }
  }

  void CheckInTime(const Process& process) {
    for (const KeyedRig::Call& call : process.rig.calls) {
      if (call.is_done() || process.gone.count(call.number) > 0) continue;
      EXPECT_LT(process.rig.scheduler.Now() - SteadyTime(), process.answer_by.at(call.number - 1))
          << "call " << call.number << " is late";
    }
  }

  // Everything comes to rest; then a repeat of each key is told what is right.
  void Finish() {
    for (int i = 0; i < 30 && !::testing::Test::HasFailure(); ++i) {
      while (database_.DoLate()) {
      }
      for (const auto& process : processes_) {
        SendHeaders(*process);
        while (process->rig.store.Do()) Check();
      }
      Pass(seconds(5));
      Check();
    }
    for (const auto& process : processes_) {
      bool idle = false;
      process->rig.keyed.WhenIdle([&] { idle = true; });
      EXPECT_TRUE(idle) << "keys are left in use";
      EXPECT_EQ(process->rig.keyed.waiting(), 0U);
      EXPECT_EQ(process->rig.admission.in_flight(), 0);
      for (const KeyedRig::Call& call : process->rig.calls)
        EXPECT_EQ(call.times_done, process->gone.count(call.number) > 0 ? 0 : 1);
    }
    if (is_store_good_ && all_live_) CheckNoted();
    for (const char* key : kKeys) RepeatAtLast(key);
  }

  // Rule 4: with a store and processes that work, what EnOS made of a call is in its record.
  void CheckNoted() {
    for (Send& send : sends_) {
      if (!IsPerhaps(send)) continue;
      const auto record = database_.records.find(IdOf(send.key));
      ASSERT_NE(record, database_.records.end());
      EXPECT_EQ(record->second.state,
                send.instance_id.empty() ? KeyState::kDoubt : KeyState::kStarted);
      ++tally_["noted, all being well"];
    }
  }

  void RepeatAtLast(const std::string& key) {
    if (::testing::Test::HasFailure()) return;
    const auto found = database_.records.find(IdOf(key));
    const auto before = found == database_.records.end() ? KeyState::kNone : found->second.state;
    if (before != KeyState::kNone && found->second.fingerprint != FingerprintOf(key)) return;
    const size_t sends = sends_.size();
    processes_.push_back(NewProcess(/*calm=*/true));
    Process& last = *processes_.back();
    Call(last, key, 3377, seconds(10), seconds(30));
    last.rig.store.DoAll();
    Check();
    const KeyedRig::Call& call = last.rig.calls.back();
    switch (before) {
      case KeyState::kNone:
        EXPECT_EQ(sends_.size(), sends + 1) << "nothing holds it, and it is not executed";
        ++tally_["at last: executed"];
        break;
      case KeyState::kStarted:
        EXPECT_TRUE(call.replayed());
        ++tally_["at last: OK, replayed"];
        break;
      case KeyState::kDoubt:
        EXPECT_EQ(call.error().key_held, KeyHeld::kDoubt);
        ++tally_["at last: DOUBT"];
        break;
      default:
        EXPECT_EQ(call.reason(), Reason::IDEMPOTENCY_IN_DOUBT);
        ++tally_["at last: IN_DOUBT"];
    }
  }

  static dataflow::v1::UpdateAndTriggerFlowRequest RequestOf(const std::string& key) {
    dataflow::v1::UpdateAndTriggerFlowRequest request;
    request.set_user_id("user");
    request.set_org_id("org");
    request.set_flow_id(3377);
    request.set_idempotency_key(key);
    return request;
  }
  static const std::string& IdOf(const std::string& key) {
    static std::map<std::string, std::string> ids;
    std::string& id = ids[key];
    if (id.empty()) id = StartKeyOf(RequestOf(key)).ref.id;
    return id;
  }
  static std::string FingerprintOf(const std::string& key) {
    return StartKeyOf(RequestOf(key)).ref.fingerprint;
  }

  std::mt19937_64 engine_;
  const bool with_stalls_;
  Tally& tally_;
  KeyDatabase database_;
  size_t last_process_ = 0;
  int last_token_ = 1;
  int last_instance_ = 0;
  bool is_store_good_ = false;
  bool all_live_ = false;
  bool clock_jumped_ = false;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<Send> sends_;
  std::map<std::string, std::pair<std::string, int32_t>> instances_;  // of EnOS: key, flow
  std::set<std::string> executed_told_;  // keys of which somebody was told OK, not replayed
  std::set<std::string> told_final_;     // keys of which somebody was told DOUBT
};

class KeyedTriggerModel : public ::testing::TestWithParam<bool> {};

TEST_P(KeyedTriggerModel, AnyHistory_KeepsThePromises) {
  constexpr uint64_t kHistories = 6000;
  Tally tally;
  for (uint64_t seed = 1; seed <= kHistories; ++seed) {
    History(seed, GetParam(), tally).Run();
    ASSERT_FALSE(HasFailure()) << "in the history of seed " << seed;
  }
  // Else the test would test nothing.
  for (const char* what :
       {"executed", "replayed", "sends", "told DOUBT", "told RESERVED", "NOT_EXECUTED, key NONE",
        "IDEMPOTENCY_IN_DOUBT", "IDEMPOTENCY_IN_PROGRESS", "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_STORE_UNAVAILABLE", "statements done late", "noted, all being well",
        "at last: executed", "at last: OK, replayed", "at last: DOUBT", "at last: IN_DOUBT"})
    EXPECT_GT(tally[what], 500) << what;
  for (const char* what : {"reserve not committed", "reserve committed, not answered",
                           "reserved, headers not sent", "reserved, not sent", "sent"})
    EXPECT_GT(tally[std::string("dead: ") + what], 100) << what;
  for (const char* operation : {"started", "doubt", "remove"}) {
    EXPECT_GT(tally[std::string("dead: ") + operation + " not committed"], 30) << operation;
    EXPECT_GT(tally[std::string("dead: ") + operation + " committed, not answered"], 30);
  }
  EXPECT_GT(tally["drains"], 200);
}

INSTANTIATE_TEST_SUITE_P(Loop, KeyedTriggerModel, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Late" : "InTime"; });

}  // namespace
}  // namespace enos::gateway
