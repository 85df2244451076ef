#include "resume_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<BatchLine> Lines(int count) {
  std::vector<BatchLine> lines(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    lines[static_cast<size_t>(i)].number = i + 1;
    lines[static_cast<size_t>(i)].fingerprint = "f" + std::to_string(i + 1);
  }
  return lines;
}

PastLine Past(LineState state, std::string fingerprint, std::string key = "") {
  PastLine past;
  past.state = state;
  past.fingerprint = std::move(fingerprint);
  past.key = std::move(key);
  past.trigger_time = "2026-07-01T08:00:59.5Z";
  past.gateway = "g:443";
  return past;
}

TEST(PlanResumeTest, EachState_ItsPlace) {
  auto lines = Lines(5);
  const ResumePlan plan = PlanResume(lines,
                                     {{1, Past(LineState::kOk, "f1")},
                                      {2, Past(LineState::kNotExecuted, "f2")},
                                      {3, Past(LineState::kUnknown, "f3")},
                                      {4, Past(LineState::kNoAnswer, "f4")}},
                                     "g:443");
  EXPECT_THAT(plan.problems, IsEmpty());
  EXPECT_EQ(plan.done, 1U);
  EXPECT_THAT(plan.to_send, ElementsAre(&lines[1], &lines[4]));
  ASSERT_EQ(plan.doubtful.size(), 2U);
  EXPECT_EQ(plan.doubtful[0].line, &lines[2]);
  EXPECT_TRUE(plan.doubtful[0].answered);
  EXPECT_EQ(plan.doubtful[1].line, &lines[3]);
  EXPECT_FALSE(plan.doubtful[1].answered);
}

TEST(PlanResumeTest, ChangedOrMissingLines_Problems) {
  auto lines = Lines(2);
  const ResumePlan plan = PlanResume(
      lines, {{1, Past(LineState::kOk, "other")}, {7, Past(LineState::kOk, "f7")}}, "g:443");
  EXPECT_THAT(plan.problems, ElementsAre("line 1: does not match its results: it was changed",
                                         "line 7: has results, but is missing"));
}

TEST(PlanResumeTest, ResultsOfAnotherBatch_OneLineForAll) {
  auto lines = Lines(200);
  std::map<int64_t, PastLine> past;
  for (int64_t number = 1; number <= 200; ++number) past[number] = Past(LineState::kOk, "other");
  past[201] = past[202] = past[200];
  EXPECT_THAT(
      PlanResume(lines, past, "g:443").problems,
      ElementsAre("200 of 200 lines do not match their results: they were changed, or the "
                  "results are those of another batch; the first is line 1",
                  "2 lines have results, but are missing: the batch was cut, or the results "
                  "are those of another one; the first is line 201"));
}

TEST(PlanResumeTest, RequestId_ThatOfTheCallThatIsRepeated) {
  auto lines = Lines(3);
  for (BatchLine& line : lines) line.request_id = "new";
  std::map<int64_t, PastLine> past = {{1, Past(LineState::kNoAnswer, "f1", "k-1")},
                                      {2, Past(LineState::kNotExecuted, "f2", "k-2")},
                                      {3, Past(LineState::kNoAnswer, "f3")}};
  for (auto& [number, line] : past) line.request_id = "old";
  const ResumePlan plan = PlanResume(lines, past, "g:443");
  EXPECT_EQ(lines[0].request_id, "old") << "as its SENDING record has it";
  EXPECT_EQ(lines[1].request_id, "new");
  ASSERT_EQ(plan.doubtful.size(), 1U);
  EXPECT_EQ(plan.doubtful[0].request_id, "old");
}

TEST(PlanResumeTest, MayHaveRunWithAKey_SentAgainAsItWas) {
  auto lines = Lines(3);
  const ResumePlan plan = PlanResume(lines,
                                     {{1, Past(LineState::kUnknown, "f1", "k-1")},
                                      {2, Past(LineState::kNoAnswer, "f2", "k-2")},
                                      {3, Past(LineState::kNotExecuted, "f3", "k-3")}},
                                     "g:443");
  EXPECT_THAT(plan.doubtful, IsEmpty());
  EXPECT_THAT(plan.to_send, ElementsAre(&lines[0], &lines[1], &lines[2]));
  EXPECT_EQ(lines[0].request.idempotency_key(), "k-1");
  EXPECT_EQ(lines[1].request.idempotency_key(), "k-2");
  EXPECT_EQ(lines[1].request.trigger_time().seconds(), 1'782'892'859);
  EXPECT_EQ(lines[1].request.trigger_time().nanos(), 500'000'000);
  EXPECT_EQ(lines[2].request.idempotency_key(), "") << "certainly not started: a start of its own";
}

struct NoKeyCase {
  const char* name;
  PastLine past;
};

class KeyOfNoUseTest : public ::testing::TestWithParam<NoKeyCase> {};

TEST_P(KeyOfNoUseTest, MayHaveRun_DoubtfulWithTheLikelyRun) {
  auto lines = Lines(1);
  lines[0].request.set_flow_id(7);
  const ResumePlan plan = PlanResume(lines, {{1, GetParam().past}}, "g:443");
  EXPECT_THAT(plan.to_send, IsEmpty());
  ASSERT_EQ(plan.doubtful.size(), 1U);
  EXPECT_EQ(lines[0].request.idempotency_key(), "");
}

PastLine Doubt() {
  PastLine past = Past(LineState::kUnknown, "f1", "k");
  past.final_for_key = true;
  return past;
}
PastLine OtherGateway() {
  PastLine past = Past(LineState::kNoAnswer, "f1", "k");
  past.gateway = "elsewhere:443";
  return past;
}
PastLine NoTime() {
  PastLine past = Past(LineState::kNoAnswer, "f1", "k");
  past.trigger_time = "";
  return past;
}

INSTANTIATE_TEST_SUITE_P(Rows, KeyOfNoUseTest,
                         ::testing::Values(NoKeyCase{"doubt", Doubt()},
                                           NoKeyCase{"other_gateway", OtherGateway()},
                                           NoKeyCase{"no_time", NoTime()}),
                         [](const auto& row) { return row.param.name; });

TEST(PlanResumeTest, LikelyRun_AsToldElseOfTheTimeThatWasSent) {
  auto lines = Lines(2);
  lines[0].request.set_flow_id(7);
  PastLine told = Doubt();
  told.fingerprint = "f2";
  told.likely_flow_instance_id = "8-1";
  const ResumePlan plan = PlanResume(lines, {{1, Doubt()}, {2, told}}, "g:443");
  ASSERT_EQ(plan.doubtful.size(), 2U);
  EXPECT_EQ(plan.doubtful[0].likely_flow_instance_id, "7-20260701080000");
  EXPECT_EQ(plan.doubtful[1].likely_flow_instance_id, "8-1");
}

TEST(NameLinesTest, FewAndMany_Readable) {
  auto lines = Lines(30);
  lines[1].id = "b";
  std::vector<DoubtfulLine> few = {
      {&lines[0], false, ""}, {&lines[1], true, "7-1"}, {&lines[2], true, "8-1"}};
  EXPECT_EQ(NameLines(few), "1, 2 (id b, likely run 7-1), 3 (likely run 8-1)");
  std::vector<DoubtfulLine> many;
  for (const BatchLine& line : lines) many.push_back({&line, false, ""});
  EXPECT_THAT(NameLines(many), ::testing::EndsWith(", 20 and 10 more"));
}

}  // namespace
}  // namespace enos::flow::cli
