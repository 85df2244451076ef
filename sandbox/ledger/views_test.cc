#include "sandbox/ledger/views.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

TEST(TokenAnswerJson, SuccessAndRefusal) {
  EXPECT_EQ(
      TokenAnswerJson({0, "abc", 7200}),
      R"({"status":0,"msg":"SUCCESS","business":"apim-token-service","data":{"accessToken":"abc","expire":7200}})");
  EXPECT_EQ(TokenAnswerJson({1001, "", 0}),
            R"({"status":1001,"msg":"repeated request","business":"apim-token-service"})");
}

TEST(ServiceAnswerJson, SuccessOfBothGenerations) {
  const std::string data = StartedJson("1-2");
  EXPECT_EQ(ServiceAnswerJson({}, "v2.0", "r", data),
            R"({"status":0,"msg":" Success","data":{"flowInstanceId":"1-2"}})");
  EXPECT_EQ(ServiceAnswerJson({}, "v2.1", "r", data),
            R"({"code":0,"msg":"OK","requestId":"r","data":{"flowInstanceId":"1-2"}})");
  EXPECT_EQ(ServiceAnswerJson({}, "v2.0", "r", TextJson("a\"")),
            R"({"status":0,"msg":" Success","data":"a\""})");
}

TEST(ServiceAnswerJson, RefusalsOfTheServiceAndAtTheDoor) {
  Verdict verdict;
  verdict.code = 62104;
  verdict.message = "m";
  EXPECT_EQ(ServiceAnswerJson(verdict, "v2.0", "r", "{}"), R"({"status":62104,"msg":"m"})");
  verdict.refused_at_the_door = true;
  EXPECT_EQ(ServiceAnswerJson(verdict, "v2.0", "r", "{}"), R"({"code":62104,"msg":"m"})");
}

TEST(CallsJson, TellsEverything) {
  CallRecord call;
  call.number = 3;
  call.time = absl::FromUnixMillis(1574385824001);
  call.connection = 2;
  call.api_version = "v2.0";
  call.user_id = "u\"";
  call.org_id = "o";
  call.request = FlowRequest{9, 5, {{"call_id", "c-1"}, {"a", "\xC3\xBC"}}};
  call.token_valid = true;
  call.executed = true;
  call.instance_id = "9-x";
  call.http_status = 200;
  call.fault = "reset";
  CallPage page;
  page.calls.push_back(call);
  page.last_number = 3;
  page.forgotten = 2;
  EXPECT_EQ(
      CallsJson(page),
      R"({"calls":[{"number":3,"time":"2019-11-22T01:23:44.001Z","connection":2,"apiVersion":"v2.0","userId":"u\"","orgId":"o","flowId":9,"triggerTime":5,"parameters":[{"key":"call_id","value":"c-1"},{"key":"a","value":"ü"}],"parametersAs":"array","callId":"c-1","tokenValid":true,"signatureValid":false,"signedWithNextKey":false,"executed":true,"flowInstanceId":"9-x","httpStatus":200,"code":0,"fault":"reset"}],"lastNumber":3,"forgotten":2})");
}

TEST(CallsJson, OfACallWithoutARequest) {
  CallPage page;
  page.calls.emplace_back();
  EXPECT_EQ(CallsJson(page).find("flowId"), std::string::npos);
}

TEST(StatsJson, TellsEverything) {
  CallStats calls;
  calls.received = 1;
  calls.by_code = {{0, 1}};
  calls.executed_by_flow = {{7, 1}};
  EXPECT_EQ(
      StatsJson(calls, {1, 2, 3, 4}, {5, 6, 7, 8}, ServerCounts()),
      R"({"received":1,"executed":0,"faults":0,"byCode":{"0":1},"executedByFlow":{"7":1},"tokenGets":1,"tokenRefreshes":2,"tokenRefused":3,"tokenFaults":4,"gets":5,"cancels":6,"timeReads":7,"readFaults":8,"connectionsOpened":0,"connectionsOpen":0,"requestsReceived":0,"requestsBrokenOff":0})");
}

}  // namespace
}  // namespace enos::sandbox
