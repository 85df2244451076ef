#include "sandbox/enos/flow_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

TEST(ParseFlowRequest, DocumentedSampleIsRead) {
  const auto request = ParseFlowRequest(
      R"({"flowId":3377,"triggerTime":1574385824000,"parameters":[{"key":"REPLACE","value":"ddee"}]})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->flow_id, 3377);
  EXPECT_EQ(request->trigger_time_ms, 1574385824000);
  EXPECT_THAT(request->parameters, testing::ElementsAre(testing::Pair("REPLACE", "ddee")));
  EXPECT_FALSE(request->parameters_in_string);
  EXPECT_EQ(InstanceIdOfMinute(*request), "3377-201911220123");
}

TEST(ParseFlowRequest, OrderDuplicatesAndUnknownMembersAreKept) {
  const auto request = ParseFlowRequest(
      R"({"x":1,"flowId":1,"triggerTime":0,"parameters":[{"key":"b","value":"1"},{"key":"a","value":""},{"key":"b","value":"2"}]})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->parameters,
              testing::ElementsAre(testing::Pair("b", "1"), testing::Pair("a", ""),
                                   testing::Pair("b", "2")));
  EXPECT_EQ(InstanceIdOfMinute(*request), "1-197001010000");
}

constexpr char kArray[] = R"({"flowId":1,"triggerTime":0,"parameters":[{"key":"a","value":"1"}]})";
constexpr char kString[] =
    R"({"flowId":1,"triggerTime":0,"parameters":"[{\"key\":\"a\",\"value\":\"1\"}]"})";

TEST(ParseFlowRequest, ParametersAreTakenAsTheirJsonTextToo) {
  const auto request = ParseFlowRequest(kString);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->parameters, testing::ElementsAre(testing::Pair("a", "1")));
  EXPECT_TRUE(request->parameters_in_string);
}

TEST(ParseFlowRequest, OneFormOfParametersCanBeDemanded) {
  EXPECT_TRUE(ParseFlowRequest(kArray, ParametersAs::kArray).ok());
  EXPECT_TRUE(ParseFlowRequest(kString, ParametersAs::kString).ok());
  EXPECT_EQ(ParseFlowRequest(kString, ParametersAs::kArray).status().message(),
            "parameters must be a list");
  EXPECT_EQ(ParseFlowRequest(kArray, ParametersAs::kString).status().message(),
            "parameters must be JSON text in a string");
}

struct Case {
  std::string name;
  std::string body;
  std::string message;
};
class FlowRequestErrorTest : public testing::TestWithParam<Case> {};

TEST_P(FlowRequestErrorTest, IsRefused) {
  const auto request = ParseFlowRequest(GetParam().body);
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.status().message(), GetParam().message);
}

constexpr char kFlowId[] = "flowId must be an Integer";
constexpr char kTime[] = "triggerTime must be a Long, Unix time in milliseconds";
constexpr char kList[] = "parameters must be a list";
constexpr char kPair[] = "a parameter needs a key and a value, both strings";

INSTANTIATE_TEST_SUITE_P(
    All, FlowRequestErrorTest,
    testing::Values(
        Case{"Empty", "", "the body is no JSON object"},
        Case{"Array", "[]", "the body is no JSON object"},
        Case{"NotUtf8", "{\"flowId\":\"\xff\"}", "the body is no JSON object"},
        Case{"NoFlowId", R"({"triggerTime":1,"parameters":[]})", kFlowId},
        Case{"FlowIdText", R"({"flowId":"1","triggerTime":1,"parameters":[]})", kFlowId},
        Case{"FlowIdTooLarge", R"({"flowId":2147483648,"triggerTime":1,"parameters":[]})", kFlowId},
        Case{"FlowIdFraction", R"({"flowId":1.5,"triggerTime":1,"parameters":[]})", kFlowId},
        Case{"NoTime", R"({"flowId":1,"parameters":[]})", kTime},
        Case{"TimeText", R"({"flowId":1,"triggerTime":"1","parameters":[]})", kTime},
        Case{"TimeFraction", R"({"flowId":1,"triggerTime":1.0,"parameters":[]})", kTime},
        Case{"TimeNegative", R"({"flowId":1,"triggerTime":-1,"parameters":[]})", kTime},
        Case{"NoParameters", R"({"flowId":1,"triggerTime":1})", kList},
        Case{"ParametersMap", R"({"flowId":1,"triggerTime":1,"parameters":{}})", kList},
        Case{"ParametersMapInAString", R"({"flowId":1,"triggerTime":1,"parameters":"{}"})", kList},
        Case{"ParametersNoJson", R"({"flowId":1,"triggerTime":1,"parameters":""})",
             "the text of parameters is no JSON"},
        Case{"ParameterNoObject", R"({"flowId":1,"triggerTime":1,"parameters":[1]})",
             "parameters must be objects"},
        Case{"KeyMissing", R"({"flowId":1,"triggerTime":1,"parameters":[{"value":"1"}]})", kPair},
        Case{"ValueNumber", R"({"flowId":1,"triggerTime":1,"parameters":[{"key":"a","value":1}]})",
             kPair}),
    [](const auto& test) { return test.param.name; });

TEST(ParseFlowRequest, DeepNestingIsNoTrouble) {
  EXPECT_FALSE(ParseFlowRequest(std::string(1'000'000, '[')).ok());
}

}  // namespace
}  // namespace enos::sandbox
