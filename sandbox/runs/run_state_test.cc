#include "sandbox/runs/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kBegin = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kRunTime = absl::Seconds(100);

FlowRun StartedRun() {
  FlowRun run;
  run.received = kBegin;
  return run;
}

RunState At(int seconds, const std::string& fault = "parameters-map", FlowRun run = StartedRun()) {
  return StateAt(run, ParseRunFault("1:" + fault)->second, kRunTime,
                 kBegin + absl::Seconds(seconds));
}

std::vector<int> TasksOf(const RunState& state) {
  std::vector<int> tasks;
  for (const TaskState& task : state.tasks) tasks.push_back(task.status);
  return tasks;
}

struct Case {
  std::string name;
  std::string fault;
  int seconds;
  int status;
  std::vector<int> tasks;
  bool started;
  bool ended;
};
class RunStateTest : public testing::TestWithParam<Case> {};

TEST_P(RunStateTest, IsThatOfItsTime) {
  const Case& c = GetParam();
  const RunState state = At(c.seconds, c.fault);
  EXPECT_EQ(state.status, c.status);
  EXPECT_EQ(TasksOf(state), c.tasks);
  EXPECT_EQ(state.start.has_value(), c.started);
  EXPECT_EQ(state.end.has_value(), c.ended);
}

INSTANTIATE_TEST_SUITE_P(
    All, RunStateTest,
    testing::Values(Case{"Begin", "tasks-3", 0, 0, {0, 0, 0}, false, false},
                    Case{"FirstTask", "tasks-3", 10, 2, {2, 0, 0}, true, false},
                    Case{"SecondTask", "tasks-3", 41, 2, {1, 2, 0}, true, false},
                    Case{"LastTask", "tasks-3", 99, 2, {1, 1, 2}, true, false},
                    Case{"End", "tasks-3", 100, 1, {1, 1, 1}, true, true},
                    Case{"FailBefore", "fail", 69, 2, {1, 2, 2}, true, false},
                    Case{"FailWhileATaskRuns", "fail", 70, -1, {1, -1, 2}, true, false},
                    Case{"FailEnd", "fail", 100, -1, {1, -1, 1}, true, true},
                    Case{"FailOfOneTask", "fail+tasks-1", 100, -1, {-1}, true, true},
                    Case{"FailWithoutTasks", "fail+tasks-0", 100, -1, {}, true, true},
                    Case{"NeverEnds", "never-ends", 1'000'000, 2, {1, 1, 2}, true, false},
                    Case{"CancelledBefore", "cancelled", 49, 2, {1, 2, 0}, true, false},
                    Case{"Cancelled", "cancelled", 50, 8, {1, 8, 8}, true, true},
                    Case{"UnknownWhileRunning", "runs-42", 50, 42, {1, 2, 0}, true, false},
                    Case{"UnknownAtTheEnd", "ends-42", 100, 42, {1, 1, 1}, true, true},
                    Case{"UnknownOfATask", "task-42", 100, 1, {1, 1, 42}, true, true},
                    Case{"TwoTasks", "tasks-2", 60, 2, {1, 2}, true, false},
                    Case{"NoTasks", "tasks-0", 100, 1, {}, true, true}),
    [](const auto& test) { return test.param.name; });

TEST(RunState, TimesAreOfTheStartAndTheEnd) {
  const RunState state = At(500);
  EXPECT_EQ(state.start, kBegin + absl::Seconds(10));
  EXPECT_EQ(state.end, kBegin + absl::Seconds(100));
}

TEST(RunState, RunWithATriggerTimeToComeWaitsForIt) {
  FlowRun run = StartedRun();
  run.request.trigger_time_ms = absl::ToUnixMillis(kBegin + absl::Seconds(1000));
  EXPECT_EQ(At(1009, "tasks-3", run).status, kStatusInit);
  EXPECT_EQ(At(1010, "tasks-3", run).status, kStatusRunning);
  EXPECT_EQ(At(1100, "tasks-3", run).end, kBegin + absl::Seconds(1100));
}

TEST(RunState, CancelEndsWhatHasNotEnded) {
  FlowRun run = StartedRun();
  run.cancelled = kBegin + absl::Seconds(45);
  EXPECT_EQ(At(44, "tasks-3", run).status, kStatusRunning);
  const RunState state = At(45, "tasks-3", run);
  EXPECT_EQ(state.status, kStatusCancel);
  EXPECT_THAT(TasksOf(state), ElementsAre(1, 8, 8));
  EXPECT_EQ(state.end, run.cancelled);
  EXPECT_EQ(At(500, "tasks-3", run).end, run.cancelled);
  run.cancelled = kBegin;
  EXPECT_EQ(At(500, "never-ends", run).status, kStatusCancel);
  EXPECT_FALSE(At(500, "never-ends", run).start.has_value());
}

TEST(RunState, FailedRunOfWhichATaskRunsCanBeCancelled) {
  FlowRun run = StartedRun();
  run.cancelled = kBegin + absl::Seconds(80);
  EXPECT_EQ(At(79, "fail", run).status, kStatusFail);
  EXPECT_EQ(At(80, "fail", run).status, kStatusCancel);
  EXPECT_THAT(TasksOf(At(80, "fail", run)), ElementsAre(1, -1, 8));
}

TEST(RunState, RunTimeOfNothingEndsAtOnce) {
  const RunState state = StateAt(StartedRun(), {}, absl::ZeroDuration(), kBegin);
  EXPECT_EQ(state.status, kStatusSuccess);
  EXPECT_EQ(state.end, kBegin);
}

TEST(RunState, TasksHaveNames) {
  EXPECT_THAT(At(0, "tasks-0").tasks, IsEmpty());
  const RunState state = At(0, "tasks-4");
  EXPECT_EQ(state.tasks.at(0).name, "extract");
  EXPECT_EQ(state.tasks.at(3).name, "task-4");
  EXPECT_EQ(state.tasks.at(3).id, 4);
}

TEST(StatusName, IsTheDocumentedOne) {
  EXPECT_EQ(StatusName(-1), "FAIL");
  EXPECT_EQ(StatusName(2), "RUNNING");
  EXPECT_EQ(StatusName(10), "SKIP");
  EXPECT_EQ(StatusName(11), "UNKNOWN");
  EXPECT_EQ(StatusName(-2), "UNKNOWN");
}

}  // namespace
}  // namespace enos::sandbox
