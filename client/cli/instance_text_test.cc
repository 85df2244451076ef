#include "instance_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enos/flow/client.h"
#include "fake_flow_service.h"
#include "output.h"

namespace enos::flow::cli {
namespace {

using ::testing::HasSubstr;
using testing::MakeInstance;
using ::testing::Not;

constexpr auto kRunning = FlowInstanceState::FLOW_INSTANCE_STATE_RUNNING;
constexpr auto kWaiting = FlowInstanceState::FLOW_INSTANCE_STATE_WAITING;
constexpr auto kSucceeded = FlowInstanceState::FLOW_INSTANCE_STATE_SUCCEEDED;
constexpr auto kFailed = FlowInstanceState::FLOW_INSTANCE_STATE_FAILED;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

FlowInstance Full() {
  FlowInstance instance = MakeInstance("7-8", kFailed, true, {{"load", kFailed}, {"", kWaiting}});
  instance.set_flow_id(7);
  instance.set_flow_name("daily \x1B[2Jreport");
  instance.set_enos_status(-1);
  instance.set_enos_status_text("FAIL");
  instance.set_owner("alice");
  *instance.mutable_trigger_time() =
      ToTimestamp(std::chrono::system_clock::time_point(std::chrono::milliseconds(1500)));
  auto* const parameter = instance.add_parameters();
  parameter->set_key("K");
  parameter->set_value("V");
  return instance;
}

TEST(StateTextTest, EveryState_ItsWordAndUnknownOnesTheirNumber) {
  EXPECT_EQ(StateText(kRunning, 2), "RUNNING");
  EXPECT_EQ(StateText(dataflow::v1::FLOW_INSTANCE_STATE_INTERNAL_ERROR, 4), "INTERNAL_ERROR");
  EXPECT_EQ(StateText(dataflow::v1::FLOW_INSTANCE_STATE_UNSPECIFIED, 17),
            "UNKNOWN (EnOS status 17)");
  EXPECT_EQ(StateText(static_cast<FlowInstanceState>(99), 18), "UNKNOWN (EnOS status 18)");
}

TEST(FormatInstanceTextTest, Everything_ALineForEachFact) {
  EXPECT_EQ(FormatInstanceText(Full(), Style()),
            "7-8 FAILED, ended\n"
            "flow:         7 daily \xEF\xBF\xBD[2Jreport\n"
            "owner:        alice\n"
            "trigger time: 1970-01-01T00:00:01.5Z\n"
            "parameter:    K=V\n"
            "task:         1 load FAILED\n"
            "task:         2 task 2 WAITING\n");
}

TEST(FormatInstanceJsonTest, Everything_OneObjectWithoutExecution) {
  EXPECT_EQ(FormatInstanceJson(InstanceResult(Full())),
            "{\"ok\":true,\"flow_instance_id\":\"7-8\",\"flow_id\":7,"
            "\"flow_name\":\"daily \\u001B[2Jreport\",\"state\":\"FAILED\",\"enos_status\":-1,"
            "\"enos_status_text\":\"FAIL\",\"ended\":true,"
            "\"trigger_time\":\"1970-01-01T00:00:01.5Z\",\"owner\":\"alice\","
            "\"parameters\":[{\"key\":\"K\",\"value\":\"V\"}],\"tasks\":["
            "{\"task_id\":1,\"task_name\":\"load\",\"state\":\"FAILED\",\"enos_status\":0},"
            "{\"task_id\":2,\"task_name\":\"\",\"state\":\"WAITING\",\"enos_status\":0}]}\n");
  FlowError error;
  error.code = grpc::StatusCode::UNAVAILABLE;
  error.execution = Execution::kStartsNothing;
  EXPECT_EQ(FormatInstanceJson(InstanceResult(error)),
            "{\"ok\":false,\"code\":\"UNAVAILABLE\",\"message\":\"\"}\n");
}

TEST(FormatChangeTest, FirstAndLater_OnlyWhatIsNew) {
  const FlowInstance first = MakeInstance("i", kWaiting, false, {{"a", kRunning}, {"b", kWaiting}});
  const FlowInstance second =
      MakeInstance("i", kRunning, false, {{"a", kSucceeded}, {"b", kWaiting}});
  EXPECT_EQ(FormatChange(nullptr, first, kNow, Style()),
            "2023-11-14T22:13:20Z WAITING: a RUNNING, b WAITING\n");
  EXPECT_EQ(FormatChange(&first, second, kNow, Style()),
            "2023-11-14T22:13:20Z RUNNING: a SUCCEEDED\n");
  EXPECT_EQ(FormatChange(&second, second, kNow, Style()), "2023-11-14T22:13:20Z RUNNING\n");
}

TEST(FormatChangeTest, ManyTasks_TheFirstTen) {
  const FlowInstance instance =
      MakeInstance("i", kRunning, false,
                   std::vector<std::pair<std::string, FlowInstanceState>>(1000, {"t", kRunning}));
  const std::string line = FormatChange(nullptr, instance, kNow, Style());
  EXPECT_THAT(line, HasSubstr(", t RUNNING and 990 more\n"));
  EXPECT_LT(line.size(), 200U);
}

TEST(FormatBadEndTest, FailedTasks_Named) {
  const FlowInstance instance =
      MakeInstance("i", kFailed, true, {{"a", kSucceeded}, {"b\n", kFailed}});
  EXPECT_EQ(FormatBadEnd(instance, Style()),
            "enos-flow: the run i ended: FAILED; tasks: b\xEF\xBF\xBD (2) FAILED\n");
  EXPECT_EQ(FormatBadEnd(MakeInstance("i", kFailed, true), Style()),
            "enos-flow: the run i ended: FAILED\n");
}

}  // namespace
}  // namespace enos::flow::cli
