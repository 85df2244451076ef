#include "server/loop/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "server/loop/fd_watch.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// Runs `task` on the loop and waits for it.
void RunOn(EventLoop& loop, const std::function<void()>& task) {
  std::promise<void> done;
  loop.Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

TEST(EventLoop, PostedTasksRunInOrderOnTheLoopsThread) {
  EventLoop loop;
  loop.Start();
  std::vector<int> order;
  std::thread::id thread;
  for (int i = 0; i < 3; ++i) loop.Post([&order, i] { order.push_back(i); });
  RunOn(loop, [&] { thread = std::this_thread::get_id(); });
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(EventLoop, TimersRunInTheOrderOfTheirTimesAndCancelledOnesDoNot) {
  EventLoop loop;
  std::vector<int> order;
  std::promise<void> done;
  const SteadyTime now = loop.Now();
  loop.RunAt(now + milliseconds(3), [&] {
    order.push_back(3);
    done.set_value();
  });
  loop.RunAt(now + milliseconds(1), [&] { order.push_back(1); });
  const TimerId dropped = loop.RunAt(now + milliseconds(2), [&] { order.push_back(2); });
  loop.Cancel(dropped);
  loop.Cancel(dropped);
  loop.Cancel(0);
  loop.Start();
  done.get_future().wait();
  loop.Stop();
  EXPECT_THAT(order, ElementsAre(1, 3));
}

TEST(EventLoop, ATimerThatIsDueButCancelledByAnEarlierOneDoesNotRun) {
  EventLoop loop;
  bool ran = false;
  std::promise<void> done;
  const SteadyTime past = loop.Now() - milliseconds(10);
  TimerId second = 0;
  loop.RunAt(past, [&] { loop.Cancel(second); });
  second = loop.RunAt(past + milliseconds(1), [&] { ran = true; });
  loop.RunAt(past + milliseconds(2), [&] { done.set_value(); });
  loop.Start();
  done.get_future().wait();
  loop.Stop();
  EXPECT_FALSE(ran);
}

TEST(EventLoop, ResolvesALocalNameAndReportsAnUnknownOne) {
  EventLoop loop;
  loop.Start();
  std::promise<std::vector<std::string>> known;
  std::promise<std::string> unknown;
  loop.Post([&] {
    loop.Resolve("localhost",
                 [&](const auto& addresses, const auto&) { known.set_value(addresses); });
    loop.Resolve("no-such-host.invalid", [&](const auto& addresses, const auto& error) {
      EXPECT_THAT(addresses, IsEmpty());
      unknown.set_value(error);
    });
  });
  EXPECT_THAT(known.get_future().get(), Contains("127.0.0.1"));
  EXPECT_THAT(unknown.get_future().get(), Not(IsEmpty()));
}

class FdWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_.data()), 0);
  }
  void TearDown() override {
    for (const int fd : fds_) close(fd);
  }
  std::array<int, 2> fds_{};
};

TEST_F(FdWatchTest, ReportsAgainUntilEverythingIsRead) {
  EventLoop loop;
  loop.Start();
  std::string read_so_far;
  std::promise<void> all_read;
  std::unique_ptr<FdWatch> watch;
  RunOn(loop, [&] {
    watch = std::make_unique<FdWatch>(loop, fds_[0], [&](bool readable, bool writable) {
      EXPECT_TRUE(readable);
      EXPECT_FALSE(writable);
      char byte = 0;
      ASSERT_EQ(read(fds_[0], &byte, 1), 1);
      read_so_far += byte;
      if (read_so_far.size() == 3) all_read.set_value();
    });
    watch->Want(true, false);
  });
  ASSERT_EQ(write(fds_[1], "abc", 3), 3);
  all_read.get_future().wait();
  RunOn(loop, [&] { watch.reset(); });
  EXPECT_EQ(read_so_far, "abc");
}

TEST_F(FdWatchTest, GetsItsTurnWhileATimerIsAlwaysDue) {
  EventLoop loop;
  loop.Start();
  std::promise<void> called;
  std::unique_ptr<FdWatch> watch;
  TimerId timer = 0;
  std::function<void()> again = [&] { timer = loop.RunAt(loop.Now(), [&] { again(); }); };
  RunOn(loop, [&] {
    watch = std::make_unique<FdWatch>(loop, fds_[0], [&](bool, bool) {
      loop.Cancel(timer);
      watch.reset();
      called.set_value();
    });
    watch->Want(true, false);
    again();
  });
  ASSERT_EQ(write(fds_[1], "a", 1), 1);
  called.get_future().wait();
}

TEST_F(FdWatchTest, MayBeDestroyedInsideItsOwnCallback) {
  EventLoop loop;
  loop.Start();
  std::promise<void> called;
  std::unique_ptr<FdWatch> watch;
  RunOn(loop, [&] {
    watch = std::make_unique<FdWatch>(loop, fds_[0], [&](bool, bool writable) {
      EXPECT_TRUE(writable);
      watch.reset();
      called.set_value();
    });
    watch->Want(false, true);
  });
  called.get_future().wait();
  RunOn(loop, [] {});
}

TEST_F(FdWatchTest, WhatIsNotWantedAnyMoreIsNotReported) {
  EventLoop loop;
  loop.Start();
  int reads = 0;
  std::promise<void> written;
  std::unique_ptr<FdWatch> watch;
  RunOn(loop, [&] {
    watch = std::make_unique<FdWatch>(loop, fds_[0], [&](bool readable, bool) {
      if (readable) ++reads;
      watch->Want(false, false);
      written.set_value();
    });
    watch->Want(true, false);
    watch->Want(false, true);
    ASSERT_EQ(write(fds_[1], "x", 1), 1);
  });
  written.get_future().wait();
  RunOn(loop, [&] { watch.reset(); });
  EXPECT_EQ(reads, 0);
}

}  // namespace
}  // namespace enos::gateway
