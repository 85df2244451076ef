#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace enos {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Optional;

ProcessOptions Shell(const std::string& script) { return {"/bin/sh", {"-c", script}, {}}; }

TEST(Process, Outputs_ComeApart) {
  Process process(Shell("echo to out; echo to err >&2"));
  EXPECT_THAT(process.Wait().status, Optional(0));
  EXPECT_EQ(process.out(), "to out\n");
  EXPECT_EQ(process.err(), "to err\n");
}

TEST(Process, ExitStatus_IsGiven) {
  Process process(Shell("exit 7"));
  const ProcessEnd end = process.Wait();
  EXPECT_THAT(end.status, Optional(7));
  EXPECT_EQ(end.signal, std::nullopt);
}

TEST(Process, DeathBySignal_IsNoExitStatus) {
  // A program whose own output says that it runs: what a shell prints comes before its exec.
  Process process({"/usr/bin/tail", {"-n", "1", "-f", "/etc/passwd"}, {}});
  ASSERT_TRUE(process.WaitForLine(":"));
  EXPECT_EQ(process.threads(), 1);
  EXPECT_THAT(process.thread_names(), ElementsAre("tail"));
  EXPECT_THAT(process.peak_rss_kb(), Gt(0));
  EXPECT_THAT(process.rss_kb(), Gt(0));
  EXPECT_THAT(process.command_line(), HasSubstr("/etc/passwd"));
}

TEST(Process, ProgramThatDoesNotExist_IsNotStarted) {
  Process process({"/nonexistent/program", {}, {}});
  EXPECT_FALSE(process.started());
}

}  // namespace
}  // namespace enos
