// Random histories: reads, cancels and watches, answers and losses of every kind, tokens,
// deadlines, callers that go, a loop that is late, the process's end. No path may lead from here to
// a flow that is started; each call is answered once and in time; nothing is left behind. A history
// that breaks a promise is told by its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "server/contract/gateway_errors.h"
#include "server/testing/dice.h"
#include "server/testing/log_capture.h"
#include "server/testing/runs_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TransferEnd kBreaks[] = {TransferEnd::kNameNotResolved, TransferEnd::kConnectFailed,
                                   TransferEnd::kConnectTimeout,  TransferEnd::kTlsFailed,
                                   TransferEnd::kConnectionLost,  TransferEnd::kMalformed,
                                   TransferEnd::kTooLarge};

constexpr int kStatuses[] = {200, 200, 200, 200, 302, 400, 401, 403, 404, 429, 500, 502, 503, 504};
constexpr int64_t kCodes[] = {401, 429, 497, 500, 502, 503, 777, 1203, 62102, 62103, 62104, 62109};

constexpr char kTimes[] = R"(,"startTime":"2023-11-15 06:13:20")";

// How often something happened over all histories.
struct Tally {
  int read = 0, cancelled = 0, failed = 0, resends = 0, watched_to_the_end = 0, watches_failed = 0,
      states = 0;
};

class History : private Dice {
 public:
  History(uint64_t seed, Tally& tally) : Dice(seed), tally_(tally), rig_(RandomOptions()) {
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
  RunsRig::Options RandomOptions() {
    RunsRig::Options options;
    options.upstream.max_attempts = static_cast<int>(1 + Below(4));
    options.with_token = Chance(70);
    options.breaker.failures_to_open = static_cast<int>(1 + Below(8));
    options.breaker.first = milliseconds(50 + Below(500));
    options.runs.api_version = Chance(50) ? ApiVersion::kV20 : ApiVersion::kV21;
    options.runs.watch.interval = milliseconds(1000 + Below(2000));
    options.runs.watch.failures = static_cast<int>(1 + Below(5));
    options.runs.watch.poll_timeout = seconds(1 + Below(10));
    api_version_ = options.runs.api_version;
    return options;
  }

  void Step() {
    const uint64_t dice = Below(100);
    if (dice < 20) {
      Begin();
    } else if (dice < 28) {
      MarkSent();
    } else if (dice < 60) {
      EndTransfer();
    } else if (dice < 68) {
      AnswerToken();
    } else if (dice < 76) {
      SomebodyGoes();
    } else if (dice < 99) {
      PassTime();
    } else if (Chance(10)) {
      rig_.runs->EndAll();
    }
  }

  void Begin() {
    static constexpr milliseconds kTimesLeft[] = {milliseconds(0), milliseconds(30),
                                                  milliseconds(500), seconds(2), seconds(30)};
    const InstanceTarget target = RunOf(static_cast<int>(Below(3)), Chance(70) ? "user" : "u2");
    const Duration answer_in = OneOf(kTimesLeft);
    const uint64_t dice = Below(3);
    if (dice == 0) return void(rig_.StartWatch(target));
    due_[rig_.calls.size() + 1] = rig_.scheduler.Now() + answer_in;
    dice == 1 ? rig_.Get(target, answer_in) : rig_.Cancel(target, answer_in);
  }

  // Of a call or poll, or who asks for the zone; 0: none runs.
  TransferId RandomTransfer() {
    auto running = rig_.http.Running(FlowInstancesPath(api_version_));
    for (const TransferId id : rig_.http.Running(TimePath(api_version_))) running.push_back(id);
    return running.empty() ? 0 : OneOf(running);
  }

  void MarkSent() {
    if (const TransferId id = RandomTransfer()) rig_.http.MarkSent(id);
  }

  void EndTransfer() {
    const TransferId id = RandomTransfer();
    if (id == 0) return;
    const uint64_t dice = Below(100);
    if (dice < 20) {
      const bool maybe_sent = rig_.http.MaybeSent(id) || Chance(50);
      return rig_.http.Fail(id, OneOf(kBreaks), maybe_sent);
    }
    static constexpr const char* kRetryAfter[] = {"", "", "0", "1", "100"};
    const int status = OneOf(kStatuses);
    std::string body = Chance(30) ? FlowErrorJson(OneOf(kCodes)) : "";
    const char* retry_after = OneOf(kRetryAfter);
    if (dice < 50) return rig_.http.Answer(id, status, std::move(body), retry_after);
    const std::string& path = rig_.http.at(id).request.path_and_query;
    if (path.find("getTimeZone") != std::string::npos)
      return rig_.http.Answer(id, 200, ZoneJson(Chance(80) ? "GMT+8" : "nowhere"));
    rig_.TellRun(id, static_cast<int>(Below(14)) - 2, Chance(50) ? kTimes : "");
  }

  void AnswerToken() {
    const auto running = rig_.http.Running(kTokenService);
    if (running.empty()) return;
    static constexpr int64_t kLives[] = {1, 5, 60, 7200};
    const uint64_t dice = Below(100);
    if (dice < 70) {
      rig_.GiveToken("T" + std::to_string(++last_token_), OneOf(kLives));
    } else if (dice < 80) {
      rig_.http.Answer(running[0], 200, TokenErrorJson(1002));
    } else {
      rig_.BreakToken();
    }
  }

  void SomebodyGoes() {
    if (Chance(50) && !rig_.calls.empty()) {
      const RunsRig::Call& call = OneOf(rig_.calls);
      gone_[call.number] = gone_[call.number] || !call.is_done();
      rig_.runs->CallerGone(call.id);
    } else if (!rig_.watches.empty()) {
      RunsRig::Watch& watch = OneOf(rig_.watches);
      if (Chance(30)) {
        watch.refusal = CallerNotAllowed();
      } else {
        stopped_[watch.id] = stopped_[watch.id] || !watch.is_over();
        rig_.runs->watches().Stop(watch.id);
      }
    }
  }

  void PassTime() {
    static constexpr milliseconds kSteps[] = {milliseconds(0),   milliseconds(1), milliseconds(50),
                                              milliseconds(300), seconds(1),      seconds(5)};
    if (Chance(10)) {
      rig_.scheduler.Stall(OneOf(kSteps));
      is_late_ = true;
      rig_.scheduler.RunDue();
    } else {
      rig_.scheduler.Advance(OneOf(kSteps));
    }
  }

  // What must hold after every step.
  void Check() {
    CheckNewSends();
    size_t open = 0;
    for (const RunsRig::Call& call : rig_.calls) {
      EXPECT_LE(call.times_done, 1);
      EXPECT_FALSE(call.is_done() && gone_[call.number]) << "told, though its caller is gone";
      if (!call.is_done() && !gone_[call.number]) ++open;
      if (call.is_done() && !is_late_) {
        EXPECT_LE(call.done_at, due_.at(call.number));
      }
    }
    EXPECT_EQ(rig_.admission.in_flight(), static_cast<int64_t>(open));
    for (const RunsRig::Watch& watch : rig_.watches) {
      EXPECT_LE(watch.times_ended, 1);
      EXPECT_FALSE(watch.is_over() && stopped_[watch.id]) << "told, though it was stopped";
    }
  }

  // Every request is one of those that this part may make, whatever came before it.
  void CheckNewSends() {
    const std::string instances(FlowInstancesPath(api_version_));
    const std::string time(TimePath(api_version_));
    for (; seen_ < rig_.http.sent().size(); ++seen_) {
      const FakeHttpClient::Sent& sent = rig_.http.sent()[seen_];
      const std::string& path = sent.request.path_and_query;
      EXPECT_EQ(path.find("updateAndTrigger"), std::string::npos) << path;
      const bool has_body = sent.request.body != nullptr;
      const bool known = path.find(kTokenService) == 0 ||
                         (path.find(instances + "?action=get&") == 0 && !has_body) ||
                         (path.find(instances + "?action=cancel&") == 0 && has_body) ||
                         (path == time + "?action=getTimeZone" && !has_body);
      EXPECT_TRUE(known) << path;
    }
  }

  void Finish() {
    for (const RunsRig::Watch& watch : rig_.watches) {
      if (watch.is_over() || stopped_[watch.id]) continue;
      stopped_[watch.id] = true;
      rig_.runs->watches().Stop(watch.id);
    }
    for (int i = 0; i < 20; ++i) {
      rig_.scheduler.Advance(seconds(3));
      Check();
    }
    EXPECT_EQ(rig_.admission.in_flight(), 0);
    EXPECT_TRUE(rig_.http.Running(FlowInstancesPath(api_version_)).empty());
    Count();
    rig_.runs->EndAll();
    Check();
    const size_t with = rig_.scheduler.pending();
    rig_.runs.reset();
    EXPECT_EQ(rig_.scheduler.pending(), with) << "timers were left behind";
  }

  void Count() {
    for (const RunsRig::Call& call : rig_.calls) {
      EXPECT_EQ(call.times_done, gone_[call.number] ? 0 : 1);
      tally_.failed += call.failed ? 1 : 0;
      const bool is_read = !call.answer.instance.flow_instance_id().empty();
      if (call.succeeded()) ++(is_read ? tally_.read : tally_.cancelled);
      tally_.resends += std::max(0, call.record->attempts - 1);
    }
    for (const RunsRig::Watch& watch : rig_.watches) {
      if (watch.is_over()) ++(watch.failed ? tally_.watches_failed : tally_.watched_to_the_end);
      tally_.states += static_cast<int>(watch.states.size());
      for (size_t i = 1; i < watch.states.size(); ++i) {
        EXPECT_FALSE(watch.states[i - 1].ended());
        EXPECT_NE(watch.states[i - 1].SerializeAsString(), watch.states[i].SerializeAsString());
      }
    }
  }

  Tally& tally_;
  ApiVersion api_version_ = ApiVersion::kV20;
  RunsRig rig_;
  int last_token_ = 1;
  bool is_late_ = false;  // the loop was
  size_t seen_ = 0;       // of rig_.http.sent()
  std::map<size_t, SteadyTime> due_;
  std::map<size_t, bool> gone_;
  std::map<InstanceWatches::WatchId, bool> stopped_;
};

TEST(FlowRunsModel, AnyHistory_StartsNothingAndKeepsThePromises) {
  const LogCapture log;  // what fails here is no news
  constexpr uint64_t kHistories = 4000;
  Tally tally;
  for (uint64_t seed = 1; seed <= kHistories; ++seed) {
    History(seed, tally).Run();
    ASSERT_FALSE(HasFailure()) << "in the history of seed " << seed;
  }
  // Else the test would test nothing.
  EXPECT_GT(tally.read, 500);
  EXPECT_GT(tally.cancelled, 500);
  EXPECT_GT(tally.failed, 500);
  EXPECT_GT(tally.resends, 500);
  EXPECT_GT(tally.watched_to_the_end, 500);
  EXPECT_GT(tally.watches_failed, 500);
  EXPECT_GT(tally.states, 500);
}

}  // namespace
}  // namespace enos::gateway
