#include "sandbox/runs/runs.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace enos::sandbox {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr std::int64_t kMinuteMs = 60'000;

FlowRequest Request(std::int32_t flow_id, std::int64_t minute = 0, std::int64_t ms = 0) {
  FlowRequest request;
  request.flow_id = flow_id;
  request.trigger_time_ms = minute * kMinuteMs + ms;
  return request;
}

RunsOptions With(SameMinute same_minute) {
  RunsOptions options;
  options.same_minute = same_minute;
  return options;
}

TEST(Runs, IdIsThatOfFlowAndMinute) {
  Runs runs({});
  const StartedRun started = runs.Start(Request(3377, 26244023, 44'000), "u", kNow);
  EXPECT_EQ(started.code, 0);
  EXPECT_EQ(started.instance_id, "3377-20191125002300");
  EXPECT_TRUE(started.is_new);
}

TEST(Runs, AnotherRunOfAMinuteDiffersInTheSeconds) {
  Runs runs({});
  const auto start = [&](int flow_id, int minute) {
    return runs.Start(Request(flow_id, minute), "u", kNow).instance_id;
  };
  EXPECT_EQ(start(1, 0), "1-19700101000000");
  EXPECT_EQ(start(1, 0), "1-19700101000001");
  EXPECT_EQ(start(1, 1), "1-19700101000100");
  EXPECT_EQ(start(2, 0), "2-19700101000000");
  for (int i = 2; i < 59; ++i) start(1, 0);
  EXPECT_EQ(start(1, 0), "1-19700101000059");
  EXPECT_EQ(start(1, 0), "1-19700101000059-60");
  EXPECT_EQ(start(1, 0), "1-19700101000059-61");
  EXPECT_TRUE(runs.Find("1-19700101000059-61", kNow).has_value());
}

TEST(Runs, AnotherTriggerOfAMinuteCanBeRefused) {
  Runs runs(With(SameMinute::kRefuse));
  EXPECT_TRUE(runs.Start(Request(1, 0, 1), "u", kNow).is_new);
  const StartedRun second = runs.Start(Request(1, 0, 59'999), "u", kNow);
  EXPECT_EQ(second.code, 62102);
  EXPECT_FALSE(second.is_new);
  EXPECT_TRUE(runs.Start(Request(1, 1), "u", kNow).is_new);
  EXPECT_TRUE(runs.Start(Request(2, 0), "u", kNow).is_new);
}

TEST(Runs, AnotherTriggerOfAMinuteCanGetTheSameRun) {
  Runs runs(With(SameMinute::kSame));
  runs.Start(Request(1), "u", kNow);
  const StartedRun second = runs.Start(Request(1, 0, 30'000), "v", kNow);
  EXPECT_EQ(second.code, 0);
  EXPECT_EQ(second.instance_id, "1-19700101000000");
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(runs.Find("1-19700101000000", kNow)->run.owner, "u");
}

TEST(Runs, OnlyTheNewestAreKept) {
  RunsOptions options;
  options.keep = 2;
  Runs runs(options);
  for (int flow_id = 1; flow_id <= 3; ++flow_id) runs.Start(Request(flow_id), "u", kNow);
  EXPECT_FALSE(runs.Find("1-19700101000000", kNow).has_value());
  EXPECT_TRUE(runs.Find("2-19700101000000", kNow).has_value());
  EXPECT_TRUE(runs.Find("3-19700101000000", kNow).has_value());
}

TEST(Runs, MinuteCountsOnWhileARunOfItIsKept) {
  RunsOptions options;
  options.keep = 1;
  Runs runs(options);
  runs.Start(Request(1), "u", kNow);
  EXPECT_EQ(runs.Start(Request(1), "u", kNow).instance_id, "1-19700101000001");
  runs.Start(Request(2), "u", kNow);
  EXPECT_EQ(runs.Start(Request(1), "u", kNow).instance_id, "1-19700101000000");
}

TEST(Runs, RunIsAsItsFlowsFaultSays) {
  RunsOptions options;
  options.faults.insert(*ParseRunFault("7:ends-42"));
  options.run_time = absl::Seconds(1);
  Runs runs(options);
  runs.Start(Request(7), "u", kNow);
  runs.Start(Request(8), "u", kNow);
  EXPECT_EQ(runs.Find("7-19700101000000", kNow + absl::Seconds(1))->state.status, 42);
  EXPECT_EQ(runs.Find("8-19700101000000", kNow + absl::Seconds(1))->state.status, 1);
}

TEST(Runs, CancelWantsTheOwnerAndALivingRun) {
  Runs runs({});
  const std::string id = runs.Start(Request(1), "u", kNow).instance_id;
  EXPECT_EQ(runs.Cancel("1-x", "u", kNow), 99404);
  EXPECT_EQ(runs.Cancel(id, "v", kNow), 62103);
  EXPECT_EQ(runs.Find(id, kNow)->state.status, kStatusInit);
  EXPECT_EQ(runs.Cancel(id, "u", kNow + absl::Seconds(2)), 0);
  EXPECT_EQ(runs.Cancel(id, "u", kNow + absl::Seconds(3)), 0);
  const RunState state = runs.Find(id, kNow + absl::Seconds(3))->state;
  EXPECT_EQ(state.status, kStatusCancel);
  EXPECT_EQ(state.end, kNow + absl::Seconds(2));
}

TEST(Runs, CancelOfAnEndedRunChangesNothing) {
  Runs runs({});
  const std::string id = runs.Start(Request(1), "u", kNow).instance_id;
  EXPECT_EQ(runs.Cancel(id, "u", kNow + absl::Seconds(10)), 0);
  EXPECT_EQ(runs.Find(id, kNow + absl::Seconds(20))->state.status, kStatusSuccess);
}

TEST(Runs, ClearForgetsAll) {
  Runs runs({});
  runs.Start(Request(1), "u", kNow);
  runs.Clear();
  EXPECT_FALSE(runs.Find("1-19700101000000", kNow).has_value());
  EXPECT_EQ(runs.Start(Request(1), "u", kNow).instance_id, "1-19700101000000");
}

TEST(FlowIdOf, IsTheNumberBeforeTheHyphen) {
  EXPECT_EQ(FlowIdOf("3377-20191122012300"), 3377);
  EXPECT_EQ(FlowIdOf("5-a-b"), 5);
  EXPECT_EQ(FlowIdOf("x-1"), 0);
  EXPECT_EQ(FlowIdOf(""), 0);
}

}  // namespace
}  // namespace enos::sandbox
