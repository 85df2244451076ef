#include "run_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "fake_flow_service.h"

namespace enos::flow::cli {
namespace {

using ::testing::ElementsAre;
using testing::MakeInstance;

constexpr auto kRunning = FlowInstanceState::FLOW_INSTANCE_STATE_RUNNING;
constexpr auto kWaiting = FlowInstanceState::FLOW_INSTANCE_STATE_WAITING;
constexpr auto kSucceeded = FlowInstanceState::FLOW_INSTANCE_STATE_SUCCEEDED;
constexpr auto kFailed = FlowInstanceState::FLOW_INSTANCE_STATE_FAILED;

RunViewState Example() {
  RunViewState state;
  state.instance = MakeInstance("7-8", kRunning, false,
                                {{"extract", kSucceeded}, {"load", kRunning}, {"mail", kWaiting}});
  state.instance.set_flow_name("daily");
  state.watched = absl::Milliseconds(65'900);
  return state;
}

TEST(RenderRunTest, RoomEnough_RunAndTasks) {
  EXPECT_THAT(RenderRun(Example(), 80, 24, Style()),
              ElementsAre("RUNNING  1/3 tasks  1m5s  7-8 daily", "  SUCCEEDED      extract",
                          "  RUNNING        load", "  WAITING        mail"));
}

TEST(RenderRunTest, Note_BesideTheState) {
  RunViewState state = Example();
  state.note = "connection lost";
  EXPECT_EQ(RenderRun(state, 80, 24, Style())[0],
            "RUNNING  connection lost  1/3 tasks  1m5s  7-8 daily");
}

TEST(RenderRunTest, Colours_AroundStatesOnly) {
  EXPECT_EQ(RenderRun(Example(), 80, 24, Style(true))[1],
            "  \x1b[32mSUCCEEDED\x1b[0m      extract");
}

TEST(RenderRunTest, Narrow_LinesCutAndBelowThatOnlyTheFirst) {
  RunViewState state = Example();
  state.instance.mutable_tasks(1)->set_task_name("工作流工作流");
  EXPECT_THAT(RenderRun(state, 25, 24, Style()),
              ElementsAre("RUNNING  1/3 tasks  1m5s", "  SUCCEEDED      extract",
                          "  RUNNING        工作流", "  WAITING        mail"))
      << "characters that are not ASCII may be two columns wide";
  EXPECT_THAT(RenderRun(state, 12, 24, Style()), ElementsAre("RUNNING  1/"));
  EXPECT_THAT(RenderRun(state, 1, 1, Style()), ElementsAre("R"));
}

TEST(RenderRunTest, MoreTasksThanRows_WaitingAndDoneOnesMakeRoom) {
  RunViewState state;
  state.instance = MakeInstance(
      "i", kRunning, false,
      {{"a", kSucceeded}, {"b", kSucceeded}, {"c", kFailed}, {"d", kRunning}, {"e", kWaiting}});
  EXPECT_THAT(RenderRun(state, 80, 6, Style()),
              ElementsAre("RUNNING  2/5 tasks  0  i ", "  SUCCEEDED      a", "  FAILED         c",
                          "  RUNNING        d", "  and 2 more"));
  EXPECT_EQ(RenderRun(state, 80, 3, Style()).size(), 1U) << "too low";
}

TEST(RenderRunTest, HostileNames_CannotMoveTheCursor) {
  RunViewState state = Example();
  state.instance.mutable_tasks(0)->set_task_name("a\nb\x1B[2J\r");
  state.instance.set_flow_name("\x1B]0;title\x07");
  for (const std::string& line : RenderRun(state, 80, 24, Style())) {
    for (const char c : {'\n', '\r', '\x1B', '\x07'}) EXPECT_EQ(line.find(c), std::string::npos);
  }
}

TEST(RunViewTest, ShownAgain_InTheSamePlace) {
  std::ostringstream terminal;
  RunView view(terminal, 80, 24, Style());
  view.Show(Example());
  EXPECT_EQ(terminal.str(),
            "\x1b[?7l\rRUNNING  1/3 tasks  1m5s  7-8 daily\x1b[K\n  SUCCEEDED      extract\x1b[K\n"
            "  RUNNING        load\x1b[K\n  WAITING        mail\x1b[K\n\x1b[J\x1b[?7h");
  terminal.str("");
  RunViewState ended = Example();
  ended.instance.clear_tasks();
  view.Show(ended);
  EXPECT_EQ(terminal.str(), "\x1b[?7l\r\x1b[4ARUNNING  1m5s  7-8 daily\x1b[K\n\x1b[J\x1b[?7h");
}

}  // namespace
}  // namespace enos::flow::cli
