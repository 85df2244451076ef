#include "server/listener/inbound_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "server/testing/log_capture.h"
#include "server/testing/socket_pair.h"

namespace enos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kMib = 1 << 20;

// Real sockets, with a clock, memory and counts that the test controls.
class InboundWatchTest : public testing::Test {
 protected:
  InboundWatchTest() {
    for (const Pair* pair : {&polite_, &hostile_}) connections_.Add(pair->server());
  }

  void LookAfter(milliseconds time) {
    now_ += time;
    watch_.Look();
  }
  static bool IsOpen(const Pair& pair) {
    char byte = 0;
    return ::recv(pair.client(), &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN;
  }

  const Pair polite_;
  const Pair hostile_;
  ConnectionTable connections_;
  SteadyTime now_{seconds(1000)};
  uint64_t memory_ = 50 * kMib;
  std::map<int, uint64_t> received_;  // by socket
  std::vector<bool> giving_back_;
  int collections_ = 0;
  std::vector<CutReason> cuts_;
  InboundWatch watch_{
      connections_,
      {16 * kMib, 300 * kMib},
      {[this] { return now_; }, [this] { return memory_; },
       [this](int socket) { return received_[socket]; },
       [this](bool is_needed) { giving_back_.push_back(is_needed); }, [this] { ++collections_; }},
      [this](CutReason reason) { cuts_.push_back(reason); }};
};

TEST_F(InboundWatchTest, NobodyIsCutForNothing) {
  received_[polite_.server()] = 10 * kMib;
  LookAfter(seconds(1));
  EXPECT_THAT(cuts_, IsEmpty());
  EXPECT_TRUE(IsOpen(polite_));
}

TEST_F(InboundWatchTest, ConnectionThatBecomesNoCalls_IsCutAndSaid) {
  const LogCapture log;
  for (int i = 0; i < 40; ++i) {  // of which all but one completed calls
    received_[polite_.server()] += kMib;
    received_[hostile_.server()] += kMib;
    connections_.CallArrived(polite_.peer(), kMib);
    LookAfter(milliseconds(100));
  }
  EXPECT_THAT(cuts_, ElementsAre(CutReason::kUnfinished));
  EXPECT_TRUE(IsOpen(polite_));
  EXPECT_FALSE(IsOpen(hostile_));
  EXPECT_THAT(log.Text(), AllOf(HasSubstr("connection cut"), HasSubstr(hostile_.peer()),
                                HasSubstr("without completing a call")));
}

TEST_F(InboundWatchTest, WhenMemoryIsShort_TheWorstIsCutAndMemoryGivenBackForAWhile) {
  received_[polite_.server()] = 20'000;
  received_[hostile_.server()] = 200'000;
  memory_ = 301 * kMib;
  LookAfter(milliseconds(100));
  EXPECT_THAT(cuts_, ElementsAre(CutReason::kMemory));
  EXPECT_TRUE(IsOpen(polite_));
  EXPECT_FALSE(IsOpen(hostile_));
  EXPECT_THAT(giving_back_, ElementsAre(true));
  EXPECT_EQ(collections_, 1);
  memory_ = 50 * kMib;
  LookAfter(milliseconds(100));
  EXPECT_THAT(giving_back_, ElementsAre(true));
  LookAfter(seconds(6));
  EXPECT_THAT(giving_back_, ElementsAre(true, false));
  EXPECT_EQ(collections_, 3);
}

// A peak may be far below what memory is short at, or there is no limit.
TEST_F(InboundWatchTest, WhenMemoryIsNotShort_ItIsCollectedEveryFewSeconds) {
  LookAfter(milliseconds(0));
  EXPECT_EQ(collections_, 1);
  for (int i = 0; i < 9; ++i) LookAfter(milliseconds(500));
  EXPECT_EQ(collections_, 1);
  LookAfter(milliseconds(500));
  EXPECT_EQ(collections_, 2);
  EXPECT_THAT(giving_back_, IsEmpty());
}

TEST_F(InboundWatchTest, AfterTheLastConnection_WhatItHeldIsCollectedAndItWaitsForEver) {
  LookAfter(milliseconds(0));
  LookAfter(milliseconds(4900));
  for (const Pair* pair : {&polite_, &hostile_}) connections_.Forget(pair->server());
  LookAfter(milliseconds(100));
  EXPECT_EQ(collections_, 2);
  EXPECT_GT(watch_.wait().count(), 0) << "gRPC may not have freed it yet";
  LookAfter(seconds(5));
  EXPECT_EQ(collections_, 3);
  EXPECT_LT(watch_.wait().count(), 0);
  LookAfter(seconds(5));
  EXPECT_EQ(collections_, 3);
}

// While memory is short no connection is accepted that could wake it.
TEST_F(InboundWatchTest, WhenTheLastConnectionIsCut_ItLooksOnUntilMemoryIsBack) {
  for (const Pair* pair : {&polite_, &hostile_}) received_[pair->server()] = 200'000;
  memory_ = 360 * kMib;
  LookAfter(milliseconds(100));
  EXPECT_EQ(connections_.size(), 0U);
  EXPECT_TRUE(watch_.is_critical());
  EXPECT_GT(watch_.wait().count(), 0);
  memory_ = 50 * kMib;
  LookAfter(milliseconds(100));
  EXPECT_FALSE(watch_.is_critical());
  EXPECT_GT(watch_.wait().count(), 0) << "what was cut is still to be given back";
  LookAfter(seconds(6));
  EXPECT_LT(watch_.wait().count(), 0);
}

TEST_F(InboundWatchTest, ConnectionThatIsClosedAlready_IsNotCounted) {
  received_[hostile_.server()] = 20 * kMib;
  const int number = hostile_.server();
  hostile_.ReplaceServer();
  LookAfter(milliseconds(100));
  EXPECT_THAT(cuts_, IsEmpty());
  EXPECT_EQ(::fcntl(number, F_GETFD), 0);
}

}  // namespace
}  // namespace enos::gateway
