#include "sandbox/runs/run_fault.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

TEST(ParseRunFault, CombinationIsReadWhole) {
  const auto parsed = ParseRunFault(
      "7:fail+runs-42+ends--1+task-43+tasks-5+graph-not-json+parameters-json+parameters-map");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->first, 7);
  const RunFault& fault = parsed->second;
  EXPECT_EQ(fault.life, RunFault::Life::kFails);
  EXPECT_EQ(fault.running_status, 42);
  EXPECT_EQ(fault.end_status, -1);
  EXPECT_EQ(fault.task_status, 43);
  EXPECT_EQ(fault.tasks, 5);
  EXPECT_EQ(fault.graph, RunFault::Form::kNotJson);
  EXPECT_EQ(fault.parameters, RunFault::Form::kJson);
  EXPECT_TRUE(fault.parameters_as_map);
}

class RunFaultErrorTest : public testing::TestWithParam<const char*> {};

TEST_P(RunFaultErrorTest, IsNamed) {
  const std::string kind = GetParam();
  EXPECT_EQ(ParseRunFault("1:fail+" + kind).status().message(),
            "\"" + kind + "\" is no kind of fault of a run");
}

INSTANTIATE_TEST_SUITE_P(All, RunFaultErrorTest,
                         testing::Values("", "fails", "runs", "runs-", "runs-x", "tasks--1",
                                         "tasks-1000001", "graph-xml", "ends-1x2", "reset"));

TEST(ParseRunFault, NeedsAFlowId) {
  EXPECT_EQ(ParseRunFault("fail").status().message(),
            "\"fail\" does not begin with a flow id and a colon");
  EXPECT_FALSE(ParseRunFault("x:fail").ok());
}

TEST(RunFaultKindsHelp, EveryKindInItCanBeParsed) {
  for (const char* kind :
       {"fail", "never-ends", "cancelled", "graph-json", "graph-not-json", "graph-none",
        "parameters-json", "parameters-not-json", "parameters-none", "parameters-map", "snake-case",
        "null-times", "no-status", "other-instance", "runs-42", "ends--1"}) {
    EXPECT_TRUE(ParseRunFault(std::string("1:") + kind).ok()) << kind;
    EXPECT_NE(RunFaultKindsHelp().find(kind), std::string::npos) << kind;
  }
}

}  // namespace
}  // namespace enos::sandbox
