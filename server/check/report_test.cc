#include "server/check/report.h"

#include <gtest/gtest.h>

namespace enos::gateway {
namespace {

TEST(FormatCheckLine, ForPeople_IsAlignedAndSaysWhatToDo) {
  EXPECT_EQ(FormatCheckLine({CheckResult::kOk, "token", "There is one", ""}, LogFormat::kLogfmt),
            "ok      token        There is one\n");
  EXPECT_EQ(FormatCheckLine({CheckResult::kInfo, "a_long_check_", "x", ""}, LogFormat::kLogfmt),
            "info    a_long_check_x\n");
  EXPECT_EQ(
      FormatCheckLine({CheckResult::kFailed, "token", "None.", "Get one."}, LogFormat::kLogfmt),
      "FAILED  token        None. What to do: Get one.\n");
}

TEST(FormatCheckLine, AsJson_IsAnObjectInALine) {
  EXPECT_EQ(FormatCheckLine({CheckResult::kFailed, "token", "\"a\"", "Get one."}, LogFormat::kJson),
            R"({"check":"token","result":"failed","text":"\"a\"","advice":"Get one."})"
            "\n");
}

}  // namespace
}  // namespace enos::gateway
