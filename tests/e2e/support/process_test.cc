#include "tests/e2e/support/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace enos::e2e {
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
  Process process(Shell("echo ready; exec cat /dev/zero >/dev/null"));
  ASSERT_TRUE(process.WaitForLine("ready"));
  process.Signal(SIGTERM);
  const ProcessEnd end = process.Wait();
  EXPECT_EQ(end.status, std::nullopt);
  EXPECT_THAT(end.signal, Optional(SIGTERM));
}

TEST(Process, WaitForLine_GivesTheWholeLine) {
  Process process(Shell("echo first; echo the second one >&2; echo third"));
  EXPECT_THAT(process.WaitForLine("second"), Optional(Eq("the second one")));
  EXPECT_THAT(process.WaitForLine("first"), Optional(Eq("first")));
  EXPECT_THAT(process.WaitForLine("third"), Optional(Eq("third")));
}

TEST(Process, LineThatNeverComes_IsNoneOnceTheProcessEnded) {
  Process process(Shell("echo something; printf 'else, without an end'"));
  EXPECT_EQ(process.WaitForLine("else"), std::nullopt);
}

TEST(Process, Environment_IsTheGivenOne) {
  setenv("ENOS_E2E_OF_THE_PARENT", "x", 1);
  Process process({"/usr/bin/env", {}, {{"NAME", "value"}}});
  process.Wait();
  EXPECT_THAT(process.out(), HasSubstr("NAME=value\n"));
  EXPECT_THAT(process.out(), Not(HasSubstr("ENOS_E2E_OF_THE_PARENT")));
}

TEST(Process, DescriptorsOfTheParent_AreNotInherited) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(fd, 0);
  Process process(Shell("test -e /proc/self/fd/" + std::to_string(fd)));
  EXPECT_THAT(process.Wait().status, Optional(1));
  close(fd);
}

TEST(Process, Proc_TellsOfARunningProcess) {
  Process process(Shell("echo ready; exec cat /dev/zero >/dev/null"));
  ASSERT_TRUE(process.WaitForLine("ready"));
  EXPECT_EQ(process.threads(), 1);
  EXPECT_THAT(process.thread_names(), ElementsAre("cat"));
  EXPECT_THAT(process.peak_rss_kb(), Gt(0));
  EXPECT_THAT(process.rss_kb(), Gt(0));
  EXPECT_THAT(process.command_line(), HasSubstr("/dev/zero"));
}

TEST(Process, ProgramThatDoesNotExist_IsNotStarted) {
  Process process({"/nonexistent/program", {}, {}});
  EXPECT_FALSE(process.started());
}

}  // namespace
}  // namespace enos::e2e
