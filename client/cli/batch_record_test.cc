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

TEST(BatchRecordTest, KeysAndVerdicts_OneLine) {
  BatchLine line = Line(3, "a");
  line.request.mutable_trigger_time()->set_seconds(1'700'000'000);
  line.request.mutable_trigger_time()->set_nanos(120'000'001);
  EXPECT_EQ(
      SendingRecord(line, "k-1", "g:443"),
      R"({"line":3,"id":"a","outcome":"SENDING","idempotency_key":"k-1",)"
      R"("trigger_time":"2023-11-14T22:13:20.120000001Z","gateway":"g:443","fingerprint":"f3"})"
      "\n");
  EXPECT_EQ(ResolvedRecord(Line(3), true),
            R"({"line":3,"outcome":"OK","resolved":"started","fingerprint":"f3"})"
            "\n");
  EXPECT_EQ(ResolvedRecord(Line(3), false),
            R"({"line":3,"outcome":"FAILED","execution":"NOT_EXECUTED","resolved":"not_started",)"
            R"("fingerprint":"f3"})"
            "\n");
  FlowError error = Error(Execution::kUnknown);
  error.key_state = KeyState::kDoubt;
  error.key_kept = true;
  EXPECT_THAT(ResultRecord(Line(3), error, 1),
              ::testing::HasSubstr(R"("key_state":"DOUBT","key_kept":true)"));
  EXPECT_THAT(ResultRecord(Line(3), TriggeredFlow{"3-1", "", true}, 1),
              ::testing::HasSubstr(R"("flow_instance_id":"3-1","replayed":true)"));
}

TEST(ReadRecordsTest, Key_OfTheLastSendingRecord) {
  FlowError doubt = Error(Execution::kUnknown);
  doubt.key_state = KeyState::kDoubt;
  doubt.likely_flow_instance_id = "3-1";
  FlowError expired = Error(Execution::kUnknown);
  expired.reason = "IDEMPOTENCY_KEY_EXPIRED";
  const auto past = ReadRecords(
      SendingRecord(Line(1), "k-1", "g") + SendingRecord(Line(2), "k-2", "g") +
      ResultRecord(Line(2), Error(Execution::kUnknown), 1) + SendingRecord(Line(3), "k-3", "g") +
      ResultRecord(Line(3), doubt, 1) + SendingRecord(Line(4), "k-4", "g") +
      SendingRecord(Line(4)) + SendingRecord(Line(5)) + SendingRecord(Line(5), "k-5", "g") +
      SendingRecord(Line(6), "k-6", "g") + ResultRecord(Line(6), expired, 1) +
      ResolvedRecord(Line(7), true) + ResolvedRecord(Line(8), false));
  ASSERT_TRUE(past.ok()) << past.status();
  EXPECT_EQ(past->at(1).key, "k-1");
  EXPECT_EQ(past->at(1).trigger_time, "1970-01-01T00:00:00Z");
  EXPECT_EQ(past->at(1).gateway, "g");
  EXPECT_EQ(past->at(2).key, "k-2");
  EXPECT_EQ(past->at(2).state, LineState::kUnknown);
  EXPECT_FALSE(past->at(2).final_for_key);
  EXPECT_TRUE(past->at(3).final_for_key);
  EXPECT_EQ(past->at(3).likely_flow_instance_id, "3-1");
  EXPECT_EQ(past->at(4).key, "") << "taken back";
  EXPECT_EQ(past->at(5).key, "k-5") << "given later";
  EXPECT_TRUE(past->at(6).final_for_key);
  EXPECT_EQ(past->at(7).state, LineState::kOk);
  EXPECT_EQ(past->at(8).state, LineState::kNotExecuted);
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
