// Thousands of random histories: calls, answers, losses, refusals, tokens, deadlines, callers that
// go, a loop that is late, an EnOS that is down, the process's end. Whatever happens in whatever
// order, the promises of docs/errors.md must hold. A history that breaks one is told by its
// seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/testing/dice.h"
#include "server/testing/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = CircuitBreaker::State;

// What is known of one send once its transfer has ended.
enum class Outcome {
  kMayBeRepeated,  // certainly not executed, and the contract permits another send
  kRefused,        // certainly not executed, and final
  kPerhaps,        // executed, or nobody knows
};

struct FlowAnswerCase {
  int status = 0;
  int64_t code = 0;  // 0: no JSON body; -1: success
  Outcome outcome = Outcome::kPerhaps;
  bool is_token_refusal = false;
};

constexpr FlowAnswerCase kAnswers[] = {
    {200, -1, Outcome::kPerhaps},
    {200, -1, Outcome::kPerhaps},
    {401, 0, Outcome::kMayBeRepeated, true},
    {200, 497, Outcome::kMayBeRepeated, true},
    {200, 1203, Outcome::kMayBeRepeated, true},
    {429, 0, Outcome::kMayBeRepeated},
    {200, 429, Outcome::kMayBeRepeated},
    {503, 0, Outcome::kPerhaps},  // kMayBeRepeated where 503 is trusted
    {200, 62104, Outcome::kRefused},
    {403, 0, Outcome::kRefused},
    {200, 62109, Outcome::kPerhaps},
    {502, 0, Outcome::kPerhaps},
    {504, 0, Outcome::kPerhaps},
    {200, 0, Outcome::kPerhaps},
};

constexpr TransferEnd kBreaks[] = {TransferEnd::kNameNotResolved, TransferEnd::kConnectFailed,
                                   TransferEnd::kConnectTimeout,  TransferEnd::kTlsFailed,
                                   TransferEnd::kConnectionLost,  TransferEnd::kMalformed,
                                   TransferEnd::kTooLarge};

// How often something happened over all histories.
struct Tally {
  int started = 0, told_not_executed = 0, told_unknown = 0, resends = 0, ran_on_alone = 0,
      opened = 0, probes = 0, closed_again = 0, refused_by_breaker = 0;
};

class History : private Dice {
 public:
  History(uint64_t seed, bool with_stalls, Tally& tally)
      : Dice(seed), with_stalls_(with_stalls), tally_(tally), options_(RandomOptions()) {
    rig_.random = [this] { return Fraction(); };
  }

  void Run() {
    for (int step = 0; step < 100 && !::testing::Test::HasFailure(); ++step) {
      Step();
      Check();
    }
    Finish();
  }

 private:
  TriggerRig::Options RandomOptions() {
    TriggerRig::Options options;
    options.slots = static_cast<int64_t>(1 + Below(4));
    options.upstream.max_attempts = static_cast<int>(1 + Below(4));
    options.trigger.trust_503 = Chance(50);
    options.with_token = Chance(70);
    options.breaker.failures_to_open = static_cast<int>(1 + Below(5));
    options.breaker.first = milliseconds(50 + Below(500));
    return options;
  }

  void Step() {
    const uint64_t dice = Below(100);
    if (dice < 20) {
      NewCall();
    } else if (dice < 35) {
      MarkSent();
    } else if (dice < 58) {
      EndTransfer();
    } else if (dice < 70) {
      AnswerToken();
    } else if (dice < 76) {
      CallerGoes();
    } else if (dice < 98) {
      PassTime();
    } else if (Chance(10)) {
      rig_.trigger->EndAll();
    }
  }

  void NewCall() {
    static constexpr milliseconds kTimes[] = {milliseconds(0), milliseconds(30), milliseconds(500),
                                              seconds(2), seconds(30)};
    const Duration end_in = seconds(1 + Below(30));
    const Duration answer_in = std::min<Duration>(OneOf(kTimes), end_in);
    if (rig_.admission.in_flight() == options_.slots) return;
    rig_.Start(answer_in, end_in);
  }

  TransferId RandomTransfer() {
    const auto running = rig_.http.Running(kFlows);
    return running.empty() ? 0 : OneOf(running);
  }

  void MarkSent() {
    if (const TransferId id = RandomTransfer()) rig_.http.MarkSent(id);
  }

  void EndTransfer() {
    const TransferId id = RandomTransfer();
    if (id == 0) return;
    if (Chance(60)) {
      const FlowAnswerCase& answer = OneOf(kAnswers);
      const bool trusted = answer.status == 503 && options_.trigger.trust_503;
      outcomes_[id] = trusted ? Outcome::kMayBeRepeated : answer.outcome;
      token_refusals_[CallOf(id)] += answer.is_token_refusal ? 1 : 0;
      std::string body;
      if (answer.code != 0)
        body = answer.code < 0 ? std::string(kStartedJson) : FlowErrorJson(answer.code);
      static constexpr const char* kRetryAfter[] = {"", "", "0", "1", "5", "100"};
      const bool closes = IsProbe(id) && answer.status != 503;
      rig_.http.Answer(id, answer.status, body, OneOf(kRetryAfter));
      if (closes) {
        EXPECT_EQ(rig_.breaker.state(), State::kClosed) << "EnOS has answered";
      }
    } else {
      const bool maybe_sent = rig_.http.MaybeSent(id) || Chance(50);
      outcomes_[id] = maybe_sent ? Outcome::kPerhaps : Outcome::kMayBeRepeated;
      rig_.http.Fail(id, OneOf(kBreaks), maybe_sent);
    }
  }

  void AnswerToken() {
    const auto running = rig_.http.Running(kTokenService);
    if (running.empty()) return;
    static constexpr int64_t kLives[] = {1, 5, 60, 7200};
    static constexpr int64_t kCodes[] = {1001, 1002, 1003, 1005, 1203, 1204};
    const uint64_t dice = Below(100);
    if (dice < 40) {
      rig_.GiveToken("T" + std::to_string(++last_token_), OneOf(kLives));
    } else if (dice < 65) {
      rig_.GiveToken("T" + std::to_string(last_token_), OneOf(kLives));
    } else if (dice < 80) {
      rig_.http.Answer(running[0], 200, TokenErrorJson(OneOf(kCodes)));
    } else {
      const bool maybe_sent = Chance(50);  // drawn first: compilers order arguments differently
      rig_.http.Fail(running[0], OneOf(kBreaks), maybe_sent);
    }
  }

  void CallerGoes() {
    if (rig_.calls.empty()) return;
    TriggerRig::Call& call = OneOf(rig_.calls);
    if (call.is_done()) {
      rig_.trigger->CallerGone(call.id);  // is ignored, or changes nothing
    } else {
      rig_.Leave(call);
    }
  }

  void PassTime() {
    static constexpr milliseconds kSteps[] = {milliseconds(0),  milliseconds(1),   milliseconds(20),
                                              milliseconds(50), milliseconds(300), seconds(1),
                                              seconds(5),       seconds(20)};
    if (with_stalls_ && Chance(30)) {
      rig_.scheduler.Stall(OneOf(kSteps));
    } else {
      rig_.scheduler.Advance(OneOf(kSteps));
      for (const TransferId id : rig_.http.Running(kFlows)) {
        EXPECT_LT(rig_.scheduler.Now(), rig_.calls[CallOf(id) - 1].job.end_by)
            << "nothing outlives its call's end";
      }
    }
  }

  // The number of the call that a transfer is a send of.
  size_t CallOf(TransferId id) const {
    const std::string& path = rig_.http.at(id).request.path_and_query;
    static const std::string kUser = "userId=caller";
    return std::stoul(path.substr(path.find(kUser) + kUser.size()));
  }

  Outcome OutcomeOf(const FakeHttpClient::Sent& sent) const {
    if (sent.running || sent.dropped)
      return sent.maybe_sent ? Outcome::kPerhaps : Outcome::kMayBeRepeated;
    return outcomes_.at(sent.id);
  }

  // What must hold after every step.
  void Check() {
    CheckNewSends();
    for (const TriggerRig::Call& call : rig_.calls) CheckCall(call);
    EXPECT_LE(rig_.admission.in_flight(), options_.slots);
  }

  void CheckNewSends() {
    for (; seen_ < rig_.http.sent().size(); ++seen_) {
      const FakeHttpClient::Sent& sent = rig_.http.sent()[seen_];
      if (rig_.http.CountOf(kFlows) == 0 || sent.request.path_and_query.find(kFlows) != 0) continue;
      CheckBreaker(sent);
      const size_t number = CallOf(sent.id);
      EXPECT_FALSE(settled_[number]) << "call " << number << " is sent after its end";
      for (const FakeHttpClient::Sent& earlier : sends_[number]) {
        const FakeHttpClient::Sent& now = rig_.http.at(earlier.id);
        EXPECT_FALSE(now.running) << "call " << number << " is sent twice at the same time";
        EXPECT_EQ(OutcomeOf(now), Outcome::kMayBeRepeated)
            << "call " << number << " is sent again, though it may have been executed";
        ++tally_.resends;
      }
      sends_[number].push_back(sent);
    }
  }

  // The breaker's change in whose time a transfer was started; null: before the first.
  const TriggerRig::BreakerChange* ChangeBefore(TransferId id) const {
    const TriggerRig::BreakerChange* last = nullptr;
    for (const auto& change : rig_.breaker_changes) {
      if (change.started < id) last = &change;  // ids are 1, 2, 3 ...
    }
    return last;
  }

  bool IsProbe(TransferId id) const {
    const auto* change = ChangeBefore(id);
    return change != nullptr && change == &rig_.breaker_changes.back() &&
           change->state == State::kHalfOpen;
  }

  void CheckBreaker(const FakeHttpClient::Sent& sent) {
    const auto* change = ChangeBefore(sent.id);
    if (change == nullptr || change->state == State::kClosed) return;
    EXPECT_NE(change->state, State::kOpen) << "sent while the breaker is open";
    ++tally_.probes;
    for (TransferId earlier = change->started + 1; earlier < sent.id; ++earlier) {
      const FakeHttpClient::Sent& other = rig_.http.at(earlier);
      EXPECT_FALSE(other.running && other.request.path_and_query.find(kFlows) == 0)
          << "two probes at the same time";
    }
  }

  void CheckBreakerChanges() {
    using Changes = std::vector<TriggerRig::BreakerChange>;
    const Changes& changes = rig_.breaker_changes;
    for (size_t i = 0; i < changes.size(); ++i) {
      const State before = i == 0 ? State::kClosed : changes[i - 1].state;
      if (changes[i].state == State::kOpen) ++tally_.opened;
      if (changes[i].state == State::kClosed) {
        EXPECT_EQ(before, State::kHalfOpen);
        ++tally_.closed_again;
      }
      if (changes[i].state == State::kHalfOpen) {
        EXPECT_EQ(before, State::kOpen);
        EXPECT_GE(changes[i].at - changes[i - 1].at, options_.breaker.first / 2);
      }
    }
  }

  void CheckCall(const TriggerRig::Call& call) {
    EXPECT_LE(call.times_done, 1);
    EXPECT_FALSE(call.caller_gone && call.is_done());
    const auto& sends = sends_[call.number];
    EXPECT_LE(sends.size(), static_cast<size_t>(options_.upstream.max_attempts + 1));
    EXPECT_LE(token_refusals_[call.number], 2);
    const bool is_settled = call.is_done() || call.caller_gone;
    const bool was_settled = std::exchange(settled_[call.number], is_settled);
    if (is_settled && !was_settled && rig_.TransferOf(call) != 0) ++tally_.ran_on_alone;
    if (!call.is_done()) return;
    const bool perhaps = std::any_of(sends.begin(), sends.end(), [&](const auto& sent) {
      return OutcomeOf(rig_.http.at(sent.id)) == Outcome::kPerhaps;
    });
    if (std::holds_alternative<FlowStarted>(*call.result)) {
      EXPECT_TRUE(perhaps) << "call " << call.number << " is told OK and did not arrive";
    } else if (call.error().execution == Execution::kNotExecuted) {
      EXPECT_FALSE(perhaps) << "call " << call.number << " is told NOT_EXECUTED and may have run";
    } else {
      EXPECT_NE(call.error().code, absl::StatusCode::kUnavailable) << "may be repeated by meshes";
    }
    if (!with_stalls_) {
      EXPECT_LE(call.done_at, call.job.answer_by) << "call " << call.number << " is late";
    }
  }

  void Finish() {
    bool idle = false;
    rig_.trigger->WhenIdle([&] { idle = true; });
    for (int i = 0; i < 20; ++i) {
      rig_.scheduler.Advance(seconds(5));
      Check();
    }
    EXPECT_TRUE(idle);
    EXPECT_EQ(rig_.admission.in_flight(), 0);
    EXPECT_TRUE(rig_.http.Running(kFlows).empty());
    EXPECT_FALSE(rig_.breaker.Rest(rig_.scheduler.Now()).has_value()) << "it is stuck";
    CheckBreakerChanges();
    for (const TriggerRig::Call& call : rig_.calls) {
      EXPECT_EQ(call.times_done, call.caller_gone ? 0 : 1);
      EXPECT_EQ(call.times_settled, 1);
      CheckSettled(call);
      Count(call);
    }
    const size_t pending = rig_.scheduler.pending();
    rig_.trigger.reset();
    EXPECT_EQ(rig_.scheduler.pending(), pending) << "calls left timers behind";
  }

  // It is what the caller was told, or more certain: the caller's time may have been over first.
  static void CheckSettled(const TriggerRig::Call& call) {
    if (!call.settled) {
      EXPECT_TRUE(call.caller_gone);
    } else if (call.is_done() && std::holds_alternative<FlowStarted>(*call.result)) {
      EXPECT_TRUE(std::holds_alternative<FlowStarted>(*call.settled));
    } else if (call.is_done() && call.error().execution == Execution::kNotExecuted) {
      const auto* error = std::get_if<CallError>(&*call.settled);
      ASSERT_NE(error, nullptr);
      EXPECT_EQ(error->execution, Execution::kNotExecuted);
    }
  }

  void Count(const TriggerRig::Call& call) {
    if (!call.is_done()) return;
    if (std::holds_alternative<FlowStarted>(*call.result)) {
      ++tally_.started;
    } else if (call.error().execution == Execution::kNotExecuted) {
      ++tally_.told_not_executed;
      const bool is_down = call.error().message.find("was not sent") != std::string::npos;
      if (is_down) ++tally_.refused_by_breaker;
    } else {
      ++tally_.told_unknown;
    }
  }

  const bool with_stalls_;
  Tally& tally_;
  const TriggerRig::Options options_;
  TriggerRig rig_{options_};
  int last_token_ = 1;
  size_t seen_ = 0;  // of rig_.http.sent()
  std::map<TransferId, Outcome> outcomes_;
  std::map<size_t, std::vector<FakeHttpClient::Sent>> sends_;  // by call
  std::map<size_t, int> token_refusals_;
  std::map<size_t, bool> settled_;  // before the step: done, or its caller gone
};

class FlowTriggerModel : public ::testing::TestWithParam<bool> {};

TEST_P(FlowTriggerModel, AnyHistory_KeepsThePromises) {
  constexpr uint64_t kHistories = 6000;
  Tally tally;
  for (uint64_t seed = 1; seed <= kHistories; ++seed) {
    History(seed, GetParam(), tally).Run();
    ASSERT_FALSE(HasFailure()) << "in the history of seed " << seed;
  }
  // Else the test would test nothing.
  EXPECT_GT(tally.started, 500);
  EXPECT_GT(tally.told_not_executed, 500);
  EXPECT_GT(tally.told_unknown, 500);
  EXPECT_GT(tally.resends, 500);
  EXPECT_GT(tally.ran_on_alone, 500);
  EXPECT_GT(tally.opened, 500);
  EXPECT_GT(tally.probes, 500);
  EXPECT_GT(tally.closed_again, 300);
  EXPECT_GT(tally.refused_by_breaker, 500);
}

INSTANTIATE_TEST_SUITE_P(Loop, FlowTriggerModel, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Late" : "InTime"; });

}  // namespace
}  // namespace enos::gateway
