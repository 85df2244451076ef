#include "server/base/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace enos::gateway {
namespace {

class TerminationSignal : public testing::TestWithParam<int> {};

TEST_P(TerminationSignal, SentWhileBlocked_IsWhatTheWaitGives) {
  BlockSignals();
  ASSERT_EQ(::kill(::getpid(), GetParam()), 0);
  EXPECT_EQ(WaitForSignal(), GetParam());
}

void DieBySecond(int signal) {
  BlockSignals();
  ::kill(::getpid(), signal);
  if (WaitForSignal() != signal) ::_exit(1);
  EndAtOnceOnNextSignal();
  ::kill(::getpid(), signal);
  ::_exit(2);  // the signal is delivered before kill returns: POSIX, kill()
}

TEST_P(TerminationSignal, SecondOne_EndsTheProcessAtOnce) {
  EXPECT_EXIT(DieBySecond(GetParam()), testing::ExitedWithCode(128 + GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(All, TerminationSignal, testing::Values(SIGTERM, SIGINT));

TEST(Signals, HangUp_IsWhatTheWaitGives) {
  BlockSignals();
  ASSERT_EQ(::kill(::getpid(), SIGHUP), 0);
  EXPECT_EQ(WaitForSignal(), SIGHUP);
}

TEST(Signals, PeerOfAPipeIsGone_WriteFailsAndTheProcessLives) {
  BlockSignals();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

}  // namespace
}  // namespace enos::gateway
