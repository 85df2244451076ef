#include "server/contract/call_error.h"

#include <gtest/gtest.h>

namespace enos::gateway {
namespace {

TEST(ExecutionNameTest, ValuesHaveTheContractsNames) {
  EXPECT_EQ(ExecutionName(Execution::kNotExecuted), "NOT_EXECUTED");
  EXPECT_EQ(ExecutionName(Execution::kUnknown), "UNKNOWN");
  EXPECT_EQ(ExecutionName(Execution::kNone), "");
}

}  // namespace
}  // namespace enos::gateway
