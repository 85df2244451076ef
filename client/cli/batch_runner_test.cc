#include "batch_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"

namespace enos::flow::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
      Note(absl::StrCat("call ", request.flow_id()));
      Answer(request.flow_id(), std::move(done));
    };
    hooks_.mark = [this](const std::string& records) {
      Note(absl::StrCat("mark ", std::count(records.begin(), records.end(), '\n')));
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
    hooks_.now = [] { return std::chrono::steady_clock::now(); };
    hooks_.random = [] { return 0.5; };
    limits_.call.timeout = std::chrono::hours(1);
    limits_.repeat.max_attempts = 1;
  }

  // Flows 1, 2 and so on, one per line.
  BatchEnd Run(int count) {
    lines_.resize(static_cast<size_t>(count));
    std::vector<const BatchLine*> pointers;
    for (int i = 0; i < count; ++i) {
      BatchLine& line = lines_[static_cast<size_t>(i)];
      line.number = i + 1;
      line.fingerprint = "f";
      line.request.set_flow_id(i + 1);
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

}  // namespace
}  // namespace enos::flow::cli
