#include "output.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace enos::flow::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

FlowError FullError() {
  FlowError error;
  error.code = grpc::StatusCode::FAILED_PRECONDITION;
  error.message = "flow 3377 has no task";
  error.reason = "FLOW_HAS_NO_TASK";
  error.reason_kind = Reason::FLOW_HAS_NO_TASK;
  error.execution = Execution::kNotExecuted;
  error.enos_code = 62104;
  error.enos_message = "This workflow has no task, you cannot trigger it!";
  error.http_status = 200;
  error.enos_request_id = "r-1";
  error.violations = {{"user_id", "must not be empty"}, {"parameters[3].key", "too long"}};
  error.retry_after = milliseconds(1500);
  return error;
}

TEST(FormatSuccessTextTest, Flow_InstanceIdAloneOnItsLine) {
  EXPECT_EQ(FormatSuccessText({"3377-20191122012344", "r-1"}), "3377-20191122012344\n");
  EXPECT_EQ(FormatSuccessText({"a\nb\x1B", ""}),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\n");
}

TEST(FormatErrorTextTest, FullError_EverythingAPersonNeeds) {
  EXPECT_EQ(FormatErrorText(FullError(), "127.0.0.1:50051"),
            "enos-flow: the call to 127.0.0.1:50051 failed: FAILED_PRECONDITION "
            "(FLOW_HAS_NO_TASK): flow 3377 has no task\n"
            "EnOS answered with code 62104, HTTP 200, request id r-1: This workflow has no task, "
            "you cannot trigger it!\n"
            "  user_id: must not be empty\n"
            "  parameters[3].key: too long\n"
            "The flow was certainly not started: it is safe to call again. Wait 1.5s first.\n");
}

TEST(FormatErrorTextTest, EnosMessageQuotedByTheGateway_OnlyOnce) {
  FlowError error = FullError();
  error.message = "EnOS refused the call: " + error.enos_message;
  EXPECT_THAT(FormatErrorText(error, "g:1"),
              HasSubstr("\nEnOS answered with code 62104, HTTP 200, request id r-1\n"));
}

TEST(FormatErrorTextTest, RefusedForWhatItAsks_NotCalledSafeToRepeat) {
  FlowError error;
  error.code = grpc::StatusCode::INVALID_ARGUMENT;
  error.execution = Execution::kNotExecuted;
  EXPECT_THAT(FormatErrorText(error, "g:1"), EndsWith("The flow was certainly not started.\n"));
  error.code = grpc::StatusCode::DEADLINE_EXCEEDED;
  EXPECT_THAT(FormatErrorText(error, "g:1"), EndsWith("it is safe to call again.\n"));
}

TEST(FormatErrorTextTest, BareError_ShortAndWarns) {
  FlowError error;
  error.code = grpc::StatusCode::DEADLINE_EXCEEDED;
  error.message = "Deadline Exceeded";
  EXPECT_EQ(FormatErrorText(error, "g:1"),
            "enos-flow: the call to g:1 failed: DEADLINE_EXCEEDED: Deadline Exceeded\n"
            "The flow MAY have been started: check in EnOS before calling again.\n");
}

TEST(FormatErrorTextTest, OnlyAnEnosMessage_StillShown) {
  FlowError error;
  error.enos_message = "locked";
  EXPECT_THAT(FormatErrorText(error, "g:1"), HasSubstr("\nEnOS answered: locked\n"));
}

TEST(FormatErrorTextTest, HostileTexts_CannotForgeLinesOrMoveTheCursor) {
  const std::string hostile = "x\nThe flow was certainly not started\x1B[2J\r\xC2\x9B\xFF";
  FlowError error;
  error.message = error.reason = error.enos_message = error.enos_request_id = hostile;
  error.violations = {{hostile, hostile}};
  const std::string text = FormatErrorText(error, hostile);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  for (const char c : {'\x1B', '\r', '\xFF', '\x9B'}) {
    EXPECT_EQ(text.find(c), std::string::npos) << static_cast<int>(c);
  }
  EXPECT_THAT(text,
              EndsWith("\nThe flow MAY have been started: check in EnOS before calling again.\n"));
}

TEST(FormatJsonTest, Success_IdsOnOneLine) {
  EXPECT_EQ(FormatJson(TriggeredFlow{"1-2", "r-1"}),
            "{\"ok\":true,\"flow_instance_id\":\"1-2\",\"enos_request_id\":\"r-1\"}\n");
  EXPECT_EQ(FormatJson(TriggeredFlow{"1-2", ""}), "{\"ok\":true,\"flow_instance_id\":\"1-2\"}\n");
}

TEST(FormatJsonTest, FullError_AllMembers) {
  EXPECT_EQ(FormatJson(FullError()),
            "{\"ok\":false,\"code\":\"FAILED_PRECONDITION\",\"reason\":\"FLOW_HAS_NO_TASK\","
            "\"execution\":\"NOT_EXECUTED\",\"message\":\"flow 3377 has no task\","
            "\"enos_code\":62104,"
            "\"enos_message\":\"This workflow has no task, you cannot trigger it!\","
            "\"http_status\":200,\"enos_request_id\":\"r-1\",\"violations\":["
            "{\"field\":\"user_id\",\"description\":\"must not be empty\"},"
            "{\"field\":\"parameters[3].key\",\"description\":\"too long\"}],"
            "\"retry_after_ms\":1500}\n");
}

TEST(FormatJsonTest, BareError_OnlyWhatIsKnown) {
  FlowError error;
  error.code = grpc::StatusCode::UNAVAILABLE;
  EXPECT_EQ(FormatJson(error),
            "{\"ok\":false,\"code\":\"UNAVAILABLE\",\"execution\":\"UNKNOWN\",\"message\":\"\"}\n");
}

TEST(FormatJsonTest, AnyText_ArrivesUnchangedAsAscii) {
  FlowError error;
  error.message = "工作流 \x1B[2J \"q\" \\ \n\xC2\x9B \xF0\x9F\x98\x80";
  error.enos_message = "cut \xE5\xB7";
  const std::string json = FormatJson(error);
  EXPECT_TRUE(std::all_of(json.begin(), json.end() - 1, [](char c) {
    return c >= ' ' && c <= '~';
  })) << json;
  google::protobuf::Struct parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok());
  EXPECT_EQ(parsed.fields().at("message").string_value(), error.message);
  EXPECT_EQ(parsed.fields().at("enos_message").string_value(), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace enos::flow::cli
