#include "batch_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace enos::flow::cli {
namespace {

BatchLine Line(int64_t number, std::string id = "") {
  BatchLine line;
  line.number = number;
  line.id = std::move(id);
  line.fingerprint = "f" + std::to_string(number);
  return line;
}

FlowError Error(Execution execution) {
  FlowError error;
  error.code = grpc::StatusCode::UNAVAILABLE;
  error.reason = "GATEWAY_OVERLOADED";
  error.message = "full";
  error.execution = execution;
  return error;
}

TEST(BatchRecordTest, EachKind_OneLine) {
  EXPECT_EQ(SendingRecord(Line(3, "a")),
            R"({"line":3,"id":"a","outcome":"SENDING","fingerprint":"f3"})"
            "\n");
  EXPECT_EQ(ResultRecord(Line(3), TriggeredFlow{"3-1", "r"}, 2),
            R"({"line":3,"outcome":"OK","flow_instance_id":"3-1","enos_request_id":"r",)"
            R"("attempts":2,"fingerprint":"f3"})"
            "\n");
  EXPECT_EQ(ResultRecord(Line(3), Error(Execution::kNotExecuted), 1),
            R"({"line":3,"outcome":"FAILED","code":"UNAVAILABLE","reason":"GATEWAY_OVERLOADED",)"
            R"("execution":"NOT_EXECUTED","message":"full","attempts":1,"fingerprint":"f3"})"
            "\n");
}

TEST(ReadRecordsTest, LastRecordOfALine_Counts) {
  const std::string text =
      SendingRecord(Line(1)) + SendingRecord(Line(2)) + SendingRecord(Line(3)) +
      ResultRecord(Line(1), TriggeredFlow{"1-1", ""}, 1) +
      ResultRecord(Line(2), Error(Execution::kUnknown), 1) + SendingRecord(Line(4)) +
      ResultRecord(Line(4), Error(Execution::kNotExecuted), 1) + SendingRecord(Line(5)) +
      ResultRecord(Line(5), Error(Execution::kNotExecuted), 1) + SendingRecord(Line(5));
  const auto past = ReadRecords(text);
  ASSERT_TRUE(past.ok()) << past.status();
  ASSERT_EQ(past->size(), 5U);
  EXPECT_EQ(past->at(1).state, LineState::kOk);
  EXPECT_EQ(past->at(1).fingerprint, "f1");
  EXPECT_EQ(past->at(2).state, LineState::kUnknown);
  EXPECT_EQ(past->at(3).state, LineState::kNoAnswer);
  EXPECT_EQ(past->at(4).state, LineState::kNotExecuted);
  EXPECT_EQ(past->at(5).state, LineState::kNoAnswer) << "sent again, and no answer to that";
}

TEST(ReadRecordsTest, AnyOtherLine_RefusedByNumber) {
  for (const char* const bad :
       {"some notes", "{}", R"({"line":0,"outcome":"OK","fingerprint":"f"})",
        R"({"line":1,"outcome":"DONE","fingerprint":"f"})", R"({"line":1,"outcome":"OK"})", "[]"}) {
    const auto past = ReadRecords(SendingRecord(Line(1)) + bad + "\n");
    EXPECT_EQ(past.status().message(), "line 2 is not a record of enos-flow trigger --batch")
        << bad;
  }
}

}  // namespace
}  // namespace enos::flow::cli
