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

TEST(PlanResumeTest, EachState_ItsPlace) {
  const auto lines = Lines(5);
  const ResumePlan plan = PlanResume(lines, {{1, {LineState::kOk, "f1"}},
                                             {2, {LineState::kNotExecuted, "f2"}},
                                             {3, {LineState::kUnknown, "f3"}},
                                             {4, {LineState::kNoAnswer, "f4"}}});
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
  const ResumePlan plan =
      PlanResume(Lines(2), {{1, {LineState::kOk, "other"}}, {7, {LineState::kOk, "f7"}}});
  EXPECT_THAT(plan.problems, ElementsAre("line 1: does not match its results: it was changed",
                                         "line 7: has results, but is missing"));
}

TEST(NameLinesTest, FewAndMany_Readable) {
  auto lines = Lines(30);
  lines[1].id = "b";
  std::vector<DoubtfulLine> few = {{&lines[0], false}, {&lines[1], true}};
  EXPECT_EQ(NameLines(few), "1, 2 (id b)");
  std::vector<DoubtfulLine> many;
  for (const BatchLine& line : lines) many.push_back({&line, false});
  EXPECT_THAT(NameLines(many), ::testing::EndsWith(", 20 and 10 more"));
}

}  // namespace
}  // namespace enos::flow::cli
