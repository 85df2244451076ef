#include "sandbox/runs/run_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Json(const std::string& fault = "") {
  RunView view;
  if (!fault.empty()) view.fault = ParseRunFault("1:" + fault)->second;
  view.run.instance_id = "7-20191122012300";
  view.run.owner = "u\"";
  view.run.request.flow_id = 7;
  view.run.request.trigger_time_ms = 1574385824000;
  view.run.request.parameters = {{"a", "1"}, {"b\"", "\xC3\xBC"}};
  view.state.status = kStatusRunning;
  view.state.start = absl::FromUnixSeconds(1574385825);
  view.state.tasks = {{1, "extract", 1}, {2, "report", 2}};
  return RunJson(view, absl::FixedTimeZone(8 * 3600));
}

TEST(RunJson, IsLikeTheSamples) {
  EXPECT_EQ(
      Json(),
      R"({"instanceId":"7-20191122012300","flowId":7,"flowName":"flow 7","status":2,"statusDesc":"RUNNING","triggerTime":"2019-11-22 09:23:44","startTime":"2019-11-22 09:23:45","endTime":"","owner":"u\"","parameters":"[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\\\"\",\"value\":\"ü\"}]","graph":"{\"tasks\":[{\"taskId\":1,\"taskName\":\"extract\",\"taskInstId\":\"7-20191122012300-1\",\"status\":1},{\"taskId\":2,\"taskName\":\"report\",\"taskInstId\":\"7-20191122012300-2\",\"status\":2}]}"})");
}

struct Case {
  std::string fault;
  std::string with;
};
class RunJsonFormTest : public testing::TestWithParam<Case> {};

TEST_P(RunJsonFormTest, IsAsOrdered) {
  EXPECT_THAT(Json(GetParam().fault), HasSubstr(GetParam().with));
}

INSTANTIATE_TEST_SUITE_P(
    All, RunJsonFormTest,
    testing::Values(Case{"graph-json", R"("graph":{"tasks":[{"taskId":1,)"},
                    Case{"graph-not-json", R"("graph":"no [JSON")"},
                    Case{"parameters-json", R"("parameters":[{"key":"a","value":"1"},)"},
                    Case{"parameters-not-json", R"("parameters":"no [JSON")"},
                    Case{"parameters-map", R"("parameters":"{\"a\":\"1\",\"b\\\"\":\"ü\"}")"},
                    Case{"parameters-map+parameters-json", R"("parameters":{"a":"1","b\"":"ü"})"},
                    Case{"snake-case",
                         R"({\"task_id\":2,\"task_name\":\"report\",\"task_inst_id\":\"7-)"},
                    Case{"null-times", R"("endTime":null,)"},
                    Case{"other-instance", R"("instanceId":"7-201911220123000")"}),
    [](const auto& test) {
      std::string name;
      for (const char c : test.param.fault) name += std::isalnum(c) != 0 ? c : '_';
      return name;
    });

TEST(RunJson, MembersCanBeMissing) {
  EXPECT_THAT(Json("graph-none"), Not(HasSubstr("graph")));
  EXPECT_THAT(Json("parameters-none"), Not(HasSubstr("parameters")));
  EXPECT_THAT(Json("no-status+graph-none"), Not(HasSubstr("status")));
}

}  // namespace
}  // namespace enos::sandbox
