#include "man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "flag_table.h"

namespace enos::flow::cli {
namespace {

using ::testing::HasSubstr;

TEST(ManPageTest, EveryCommandFlagAndSection_InIt) {
  const std::string page = ManPage();
  for (const Command& command : Commands()) {
    EXPECT_THAT(page, HasSubstr(std::string(".SS \"enos\\-flow ") + command.name));
    for (const Flag& flag : command.flags) {
      EXPECT_THAT(page, HasSubstr(std::string("\\-\\-") + flag.name));
    }
    for (const Section& section : command.sections) EXPECT_THAT(page, HasSubstr(section.heading));
  }
}

TEST(ManPageTest, TextLines_NeverTakenForRequests) {
  for (const absl::string_view line : absl::StrSplit(ManPage(), '\n')) {
    EXPECT_NE(line.substr(0, 1), "'") << line;
    if (line.substr(0, 1) == ".") {
      EXPECT_THAT(
          std::string(line),
          ::testing::MatchesRegex("\\.(\\\\\" .*|TH .*|SH .*|SS .*|TP|PP|B .*|br|nf|fi|sp)"));
    }
  }
}

}  // namespace
}  // namespace enos::flow::cli
