#include "batch_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace enos::flow::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

FlowError Error(grpc::StatusCode code, Execution execution) {
  FlowError error;
  error.code = code;
  error.execution = execution;
  error.retry_after = milliseconds(1);
  return error;
}

FlowError Busy() { return Error(grpc::StatusCode::UNAVAILABLE, Execution::kNotExecuted); }
FlowError Lost() { return Error(grpc::StatusCode::UNKNOWN, Execution::kUnknown); }

// A gateway and a results file made of functions; what happened, in order, is in events_: "mark"
// with the lines marked, "call" with the flow.
class BatchRunnerTest : public ::testing::Test {
 protected:
  BatchRunnerTest() {
    hooks_.connect = [this](auto) { return Next(connects_); };
    hooks_.call = [this](const FlowRequest& request, const CallOptions&, auto done) {
      const std::string& key = request.idempotency_key();
      Note(absl::StrCat("call ", request.flow_id(), key.empty() ? "" : " ", key));
      Answer(request.flow_id(), std::move(done));
    };
    hooks_.mark = [this](const std::string& records) {
      Note(absl::StrCat("mark ", std::count(records.begin(), records.end(), '\n'),
                        absl::StrContains(records, "idempotency_key") ? " with keys" : ""));
      marks_ += records;
      return mark_status_;
    };
    hooks_.record = [this](const std::string& records) {
      records_ += records;
      return record_status_;
    };
    hooks_.progress = [this](const BatchCounts& counts) {
      EXPECT_EQ(counts.total(), lines_.size());
      most_in_flight_ = std::max(most_in_flight_, counts.in_flight);
    };
    hooks_.stop = [this] { return stop_.load(); };
    hooks_.keeps_keys = [this] { return keeps_keys_; };
    hooks_.make_key = [this] { return absl::StrCat("k", ++keys_made_); };
    hooks_.now = [] { return std::chrono::steady_clock::now(); };
    hooks_.random = [] { return 0.5; };
    limits_.call.timeout = std::chrono::hours(1);
    limits_.repeat.max_attempts = 1;
  }

  // Flows 1, 2 and so on, one per line. An earlier run may have started those with keys.
  BatchEnd Run(int count, std::map<int, std::string> keys = {}) {
    lines_.resize(static_cast<size_t>(count));
    std::vector<const BatchLine*> pointers;
    for (int i = 0; i < count; ++i) {
      BatchLine& line = lines_[static_cast<size_t>(i)];
      line.number = i + 1;
      line.fingerprint = "f";
      line.request.set_flow_id(i + 1);
      line.request.set_idempotency_key(keys[i + 1]);
      pointers.push_back(&line);
    }
    return BatchRunner(limits_, hooks_).Run(pointers);
  }

  // The next of the errors prepared for a flow, then success; at once unless held.
  void Answer(int flow_id, std::function<void(FlowResult)> done) {
    auto error = Next(errors_[flow_id]);
    FlowResult result = error ? FlowResult(*error) : FlowResult(TriggeredFlow{"i", ""});
    if (hold_) {
      held_.emplace_back([done = std::move(done), result] { done(result); });
    } else {
      done(std::move(result));
    }
  }

  static std::optional<FlowError> Next(std::deque<FlowError>& errors) {
    if (errors.empty()) return std::nullopt;
    FlowError error = errors.front();
    errors.pop_front();
    return error;
  }

  void Note(std::string event) { events_.push_back(std::move(event)); }

  BatchLimits limits_;
  BatchHooks hooks_;
  std::deque<FlowError> connects_;
  std::map<int, std::deque<FlowError>> errors_;
  std::optional<bool> keeps_keys_ = false;
  int keys_made_ = 0;
  std::string marks_;
  absl::Status mark_status_;
  absl::Status record_status_;
  std::atomic<bool> stop_{false};
  bool hold_ = false;
  std::vector<std::function<void()>> held_;
  std::vector<BatchLine> lines_;
  std::vector<std::string> events_;
  std::string records_;
  size_t most_in_flight_ = 0;
};

TEST_F(BatchRunnerTest, AllSucceed_EachCalledOnceAfterItsMark) {
  limits_.concurrency = 2;
  const BatchEnd end = Run(3);
  EXPECT_EQ(end.counts.started, 3U);
  EXPECT_EQ(end.counts.waiting, 0U);
  EXPECT_FALSE(end.problem.has_value());
  EXPECT_THAT(events_, ElementsAre("mark 2", "call 1", "call 2", "mark 1", "call 3"));
  EXPECT_EQ(std::count(records_.begin(), records_.end(), '\n'), 3);
}

TEST_F(BatchRunnerTest, NoLines_NothingHappens) {
  EXPECT_EQ(Run(0).counts.total(), 0U);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(BatchRunnerTest, ManyLines_NeverMoreThanTheLimitUnderWay) {
  limits_.concurrency = 7;
  std::vector<std::thread> threads;
  std::mutex mutex;
  size_t under_way = 0;
  size_t most = 0;
  hooks_.call = [&](const FlowRequest&, const CallOptions&, auto done) {
    const std::lock_guard<std::mutex> lock(mutex);
    most = std::max(most, ++under_way);
    threads.emplace_back([&, done = std::move(done)] {
      {
        const std::lock_guard<std::mutex> inner(mutex);
        --under_way;
      }
      done(TriggeredFlow{"i", ""});
    });
  };
  EXPECT_EQ(Run(200).counts.started, 200U);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 7U);
  EXPECT_LE(most_in_flight_, 7U);
}

TEST_F(BatchRunnerTest, BusyTwice_RepeatedWithoutAnotherMark) {
  limits_.repeat.max_attempts = 3;
  errors_[1] = {Busy(), Busy()};
  const BatchEnd end = Run(1);
  EXPECT_EQ(end.counts.started, 1U);
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 1", "call 1", "call 1"));
  EXPECT_THAT(records_, HasSubstr("\"attempts\":3"));
}

TEST_F(BatchRunnerTest, BusyTooOften_LastAnswerIsTheResult) {
  limits_.repeat.max_attempts = 2;
  errors_[1] = {Busy(), Busy(), Busy()};
  const BatchEnd end = Run(1);
  EXPECT_EQ(end.counts.not_executed, 1U);
  EXPECT_THAT(records_, HasSubstr("\"execution\":\"NOT_EXECUTED\""));
  EXPECT_THAT(records_, HasSubstr("\"attempts\":2"));
}

TEST_F(BatchRunnerTest, MayHaveRun_NeverRepeated) {
  limits_.repeat.max_attempts = 5;
  errors_[1] = {Lost()};
  const BatchEnd end = Run(2);
  EXPECT_EQ(end.counts.unknown, 1U);
  EXPECT_EQ(end.counts.started, 1U);
  EXPECT_EQ(std::count(events_.begin(), events_.end(), "call 1"), 1);
}

TEST_F(BatchRunnerTest, NoConnection_NothingMarkedNothingSent) {
  connects_ = {Busy()};
  const BatchEnd end = Run(3);
  EXPECT_EQ(end.counts.waiting, 3U);
  EXPECT_TRUE(end.problem.has_value());
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_THAT(records_, IsEmpty());
}

TEST_F(BatchRunnerTest, ConnectionAfterARetry_AllSent) {
  limits_.repeat.max_attempts = 2;
  connects_ = {Busy()};
  EXPECT_EQ(Run(3).counts.started, 3U);
}

TEST_F(BatchRunnerTest, StillConnecting_WaitedForWithoutCountingAsARetry) {
  FlowError not_yet = Error(grpc::StatusCode::DEADLINE_EXCEEDED, Execution::kNotExecuted);
  connects_ = {not_yet, not_yet, not_yet};
  EXPECT_EQ(Run(1).counts.started, 1U);
}

TEST_F(BatchRunnerTest, NoConnectionWithinTheTimeout_Stopped) {
  limits_.call.timeout = milliseconds(1);
  FlowError not_yet = Error(grpc::StatusCode::DEADLINE_EXCEEDED, Execution::kNotExecuted);
  hooks_.connect = [&](auto) { return std::optional<FlowError>(not_yet); };
  EXPECT_EQ(Run(2).counts.waiting, 2U);
}

TEST_F(BatchRunnerTest, ConnectionBreaks_NothingSentBeforeTheChannelKnows) {
  limits_.concurrency = 1;
  errors_[1] = {Error(grpc::StatusCode::UNAVAILABLE, Execution::kUnknown)};
  std::vector<std::chrono::steady_clock::time_point> asked;
  hooks_.connect = [&](auto) -> std::optional<FlowError> {
    asked.push_back(std::chrono::steady_clock::now());
    return std::nullopt;
  };
  const BatchEnd end = Run(2);
  EXPECT_EQ(end.counts.unknown, 1U);
  EXPECT_EQ(end.counts.started, 1U);
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_GE(asked[1] - asked[0], milliseconds(100));
}

TEST_F(BatchRunnerTest, MarkCannotBeWritten_NothingSent) {
  mark_status_ = absl::InvalidArgumentError("disk full");
  const BatchEnd end = Run(2);
  EXPECT_EQ(end.counts.waiting, 2U);
  EXPECT_EQ(end.problem, "disk full");
  EXPECT_THAT(events_, ElementsAre("mark 2"));
}

TEST_F(BatchRunnerTest, RecordCannotBeWritten_NothingMoreSent) {
  limits_.concurrency = 1;
  record_status_ = absl::InvalidArgumentError("disk full");
  const BatchEnd end = Run(3);
  EXPECT_EQ(end.counts.started, 1U);
  EXPECT_EQ(end.counts.waiting, 2U);
  EXPECT_EQ(end.problem, "disk full");
}

TEST_F(BatchRunnerTest, Stopped_WaitsForWhatIsUnderWayAndSendsNoMore) {
  limits_.concurrency = 2;
  hold_ = true;
  hooks_.progress = [&](const BatchCounts& counts) {
    if (counts.in_flight == 2 && !stop_.exchange(true)) return;  // one more turn without answers
    if (!stop_) return;
    for (auto& answer : held_) answer();
    held_.clear();
  };
  const BatchEnd end = Run(5);
  EXPECT_EQ(end.counts.started, 2U);
  EXPECT_EQ(end.counts.waiting, 3U);
  EXPECT_FALSE(end.problem.has_value());
}

TEST_F(BatchRunnerTest, StoppedBeforeARepeat_LastAnswerIsTheResult) {
  limits_.repeat.max_attempts = 2;
  FlowError later = Busy();
  later.retry_after = std::chrono::minutes(30);
  errors_[1] = {later};
  hooks_.progress = [&](const BatchCounts& counts) {
    if (counts.in_flight == 0 && counts.waiting == 1) stop_ = true;
  };
  const BatchEnd end = Run(2);
  EXPECT_EQ(end.counts.started, 1U);
  EXPECT_EQ(end.counts.not_executed, 1U);
  EXPECT_THAT(records_, HasSubstr("\"retry_after_ms\":1800000"));
}

FlowError Keyed(FlowError error, KeyState state = KeyState::kNotTold) {
  error.key_kept = true;
  error.key_state = state;
  return error;
}

FlowError NotOffered() {
  FlowError error = Error(grpc::StatusCode::FAILED_PRECONDITION, Execution::kNotExecuted);
  error.reason_kind = Reason::IDEMPOTENCY_NOT_OFFERED;
  error.reason = "IDEMPOTENCY_NOT_OFFERED";
  return error;
}

// A batch against a gateway of which nothing is known at first.
class BatchRunnerKeyTest : public BatchRunnerTest {
 protected:
  BatchRunnerKeyTest() { keeps_keys_ = std::nullopt; }

  // What the gateway says in the initial metadata of the call for that flow.
  void SayAt(int flow_id, bool keeps_keys) {
    hooks_.call = [this, flow_id, keeps_keys, call = hooks_.call](
                      const FlowRequest& request, const CallOptions& options, auto done) {
      if (request.flow_id() == flow_id) keeps_keys_ = keeps_keys;
      call(request, options, std::move(done));
    };
  }
};

TEST_F(BatchRunnerKeyTest, GatewayKeepsKeys_OneLineFirstThenAllWithRecordedKeys) {
  SayAt(1, true);
  EXPECT_EQ(Run(3).counts.started, 3U);
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 1 k1", "mark 1 with keys", "mark 2 with keys",
                                   "call 2 k2", "call 3 k3"));
}

TEST_F(BatchRunnerKeyTest, FirstLineNotAnsweredYet_ItsKeyRecordedOnceTheGatewayHasSaidIt) {
  hold_ = true;
  SayAt(1, true);
  hooks_.progress = [&](const BatchCounts& counts) {
    if (counts.in_flight < 2) return;
    for (auto& answer : held_) answer();
    held_.clear();
  };
  EXPECT_EQ(Run(2).counts.started, 2U);
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 1 k1", "mark 1 with keys", "mark 1 with keys",
                                   "call 2 k2"));
}

TEST_F(BatchRunnerKeyTest, NothingSaidYet_NoSecondLine) {
  hold_ = true;
  int turns = 0;
  hooks_.progress = [&](const BatchCounts&) {
    if (++turns < 5) return;
    EXPECT_LE(held_.size(), 2U);
    for (auto& answer : held_) answer();
    held_.clear();
  };
  EXPECT_EQ(Run(2).counts.started, 2U);
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 1 k1", "mark 1", "call 2 k2"));
}

TEST_F(BatchRunnerKeyTest, AnsweredAndNothingSaid_AllButThoseThatMayHaveRun) {
  limits_.concurrency = 9;
  errors_[1] = {Error(grpc::StatusCode::PERMISSION_DENIED, Execution::kNotExecuted)};
  Run(5, {{2, "old"}, {3, "old too"}});
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 1 k1", "mark 2", "call 4 k2", "call 5 k3",
                                   "call 2 old", "call 3 old too"));
}

TEST_F(BatchRunnerKeyTest, GatewayKeepsNone_SentAgainWithoutAndNotCountedAsARetry) {
  errors_[1] = {NotOffered()};
  EXPECT_EQ(Run(3).counts.started, 3U);
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 1 k1", "mark 2", "call 1", "call 2", "call 3"));
  EXPECT_THAT(records_, Not(HasSubstr("\"attempts\":2")));
}

TEST_F(BatchRunnerKeyTest, StoppedAfterKeyWasRefused_CertainlyNotStarted) {
  errors_[1] = {NotOffered()};
  hooks_.call = [this, call = hooks_.call](const auto& request, const auto& options, auto done) {
    stop_ = true;
    call(request, options, std::move(done));
  };
  const BatchEnd end = Run(2);
  EXPECT_EQ(end.counts.not_executed, 1U);
  EXPECT_EQ(end.counts.waiting, 1U);
}

TEST_F(BatchRunnerKeyTest, GatewayOlderThanKeys_NothingMayBeRepeated) {
  limits_.repeat.max_attempts = 5;
  SayAt(1, false);
  errors_[1] = {Lost()};
  const BatchEnd end = Run(2);
  EXPECT_EQ(end.counts.unknown, 1U);
  EXPECT_EQ(end.counts.started, 1U);
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 1 k1", "mark 1", "call 2"));
}

TEST_F(BatchRunnerKeyTest, OlderGatewayLater_KeysTakenBackBeforeAnyResult) {
  limits_.repeat.max_attempts = 5;
  limits_.concurrency = 1;
  keeps_keys_ = true;
  SayAt(2, false);
  errors_[2] = {Keyed(Lost())};
  hooks_.record = [this](const std::string& records) {
    Note("record");
    records_ += records;
    return absl::OkStatus();
  };
  const BatchEnd end = Run(3);
  EXPECT_EQ(end.counts.unknown, 1U);
  EXPECT_THAT(events_, ElementsAre("mark 1 with keys", "call 1 k1", "record", "mark 1 with keys",
                                   "call 2 k2", "mark 1", "record", "mark 1", "call 3", "record"));
}

TEST_F(BatchRunnerKeyTest, OlderGatewayWhileARepeatWaits_NotRepeated) {
  limits_.repeat.max_attempts = 5;
  keeps_keys_ = true;
  FlowError later = Keyed(Lost());
  later.retry_after = std::chrono::minutes(30);
  errors_[1] = {later};
  hooks_.progress = [&](const BatchCounts& counts) {
    if (counts.in_flight == 0) keeps_keys_ = false;
  };
  const BatchEnd end = Run(1);
  EXPECT_EQ(end.counts.unknown, 1U);
  EXPECT_THAT(events_, ElementsAre("mark 1 with keys", "call 1 k1", "mark 1"));
}

TEST_F(BatchRunnerKeyTest, MayHaveRun_RepeatedWithItsKey) {
  limits_.repeat.max_attempts = 3;
  keeps_keys_ = true;
  errors_[1] = {Keyed(Lost()),
                Keyed(Error(grpc::StatusCode::ABORTED, Execution::kUnknown), KeyState::kReserved)};
  EXPECT_EQ(Run(1).counts.started, 1U);
  EXPECT_THAT(events_, ElementsAre("mark 1 with keys", "call 1 k1", "call 1 k1", "call 1 k1"));
}

TEST_F(BatchRunnerKeyTest, BusyAfterOneThatMayHaveRun_StillUnknown) {
  limits_.repeat.max_attempts = 2;
  keeps_keys_ = true;
  errors_[1] = {Keyed(Lost()), Keyed(Busy())};
  const BatchEnd end = Run(1);
  EXPECT_EQ(end.counts.undecided, 1U);
  EXPECT_THAT(records_, HasSubstr("\"execution\":\"UNKNOWN\""));
}

struct OutcomeCase {
  const char* name;
  FlowError error;
  size_t BatchCounts::* where;
};

class RepeatedLineTest : public BatchRunnerKeyTest,
                         public ::testing::WithParamInterface<OutcomeCase> {};

// A line that an earlier run may have started, repeated with its key.
TEST_P(RepeatedLineTest, Answer_DecidesWhatIsKnown) {
  keeps_keys_ = true;
  errors_[1] = {GetParam().error};
  const BatchEnd end = Run(1, {{1, "old"}});
  EXPECT_THAT(events_, ElementsAre("call 1 old")) << "its record is there already";
  EXPECT_EQ(end.counts.*GetParam().where, 1U);
}

FlowError Expired() {
  FlowError error =
      Keyed(Error(grpc::StatusCode::INVALID_ARGUMENT, Execution::kNotExecuted), KeyState::kNone);
  error.reason_kind = Reason::IDEMPOTENCY_KEY_EXPIRED;
  error.reason = "IDEMPOTENCY_KEY_EXPIRED";
  return error;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RepeatedLineTest,
    ::testing::Values(OutcomeCase{"certain", Keyed(Busy(), KeyState::kNone),
                                  &BatchCounts::not_executed},
                      OutcomeCase{"not_looked_up", Keyed(Busy()), &BatchCounts::undecided},
                      OutcomeCase{"lost_again", Keyed(Lost()), &BatchCounts::undecided},
                      OutcomeCase{"no_keys_now", NotOffered(), &BatchCounts::undecided},
                      OutcomeCase{"doubt", Keyed(Lost(), KeyState::kDoubt), &BatchCounts::unknown},
                      OutcomeCase{"expired", Expired(), &BatchCounts::unknown}),
    [](const auto& row) { return row.param.name; });

TEST_F(BatchRunnerKeyTest, LineOfAnEarlierRun_NotBeforeTheGatewaySaidIt) {
  SayAt(3, true);
  EXPECT_EQ(Run(3, {{1, "old"}, {2, "old too"}}).counts.started, 3U);
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 3 k1", "mark 1 with keys", "call 1 old",
                                   "call 2 old too"));
}

TEST_F(BatchRunnerKeyTest, OnlyLinesOfAnEarlierRun_OneAtATimeUntilTheGatewayHasSaidIt) {
  limits_.concurrency = 9;
  hold_ = true;
  size_t most = 0;
  hooks_.progress = [&](const BatchCounts& counts) {
    most = std::max(most, counts.in_flight);
    for (auto& answer : held_) answer();
    held_.clear();
  };
  EXPECT_EQ(Run(3, {{1, "a"}, {2, "b"}, {3, "c"}}).counts.started, 3U);
  EXPECT_EQ(most, 1U);
}

TEST_F(BatchRunnerKeyTest, LineOfAnEarlierRunAndAnOlderGateway_NotSent) {
  SayAt(2, false);
  const BatchEnd end = Run(2, {{1, "old"}});
  EXPECT_EQ(end.counts.unknown, 1U);
  EXPECT_EQ(end.counts.started, 1U);
  EXPECT_THAT(events_, ElementsAre("mark 1", "call 2 k1", "mark 1"));
  EXPECT_THAT(marks_, HasSubstr("{\"line\":1,\"outcome\":\"SENDING\",\"fingerprint\""))
      << "the next run does not send it either";
  EXPECT_THAT(records_, HasSubstr("the gateway keeps no keys now"));
}

TEST_F(BatchRunnerKeyTest, OlderGatewayHeardOfWhileRecording_LineOfAnEarlierRunNotSent) {
  keeps_keys_ = true;
  hooks_.mark = [this](const std::string&) {
    keeps_keys_ = false;
    return absl::OkStatus();
  };
  EXPECT_EQ(Run(2, {{1, "old"}}).counts.unknown, 1U);
  EXPECT_THAT(events_, ElementsAre("call 2 k1"));
}

TEST_F(BatchRunnerKeyTest, LinesOfAnEarlierRunNotSent_NotCountedAsUnsent) {
  connects_ = {Busy()};
  const BatchEnd end = Run(3, {{1, "old"}});
  EXPECT_EQ(end.counts.undecided, 1U);
  EXPECT_EQ(end.counts.waiting, 2U);
}

TEST_F(BatchRunnerKeyTest, KeysCannotBeRecorded_NothingMoreSent) {
  SayAt(1, true);
  hooks_.mark = [](const std::string& records) {
    return absl::StrContains(records, "idempotency_key") ? absl::InvalidArgumentError("disk full")
                                                         : absl::OkStatus();
  };
  const BatchEnd end = Run(2);
  EXPECT_EQ(end.problem, "disk full");
  EXPECT_EQ(end.counts.waiting, 1U);
}

}  // namespace
}  // namespace enos::flow::cli
