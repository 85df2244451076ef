#include "enos/flow/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "rich_status.h"

namespace enos::flow {
namespace {

using std::chrono::milliseconds;
using testing::RichStatus;

TEST(FlowErrorTest, EverythingThere_EverythingDecoded) {
  RichStatus status;
  status.code = grpc::StatusCode::FAILED_PRECONDITION;
  status.message = "the flow has no task";
  status.reason = "FLOW_HAS_NO_TASK";
  status.metadata = {{"execution", "NOT_EXECUTED"},
                     {"enos_code", "62104"},
                     {"enos_message", "This workflow has no task, you cannot trigger it!"},
                     {"http_status", "200"},
                     {"enos_request_id", "r-17"}};
  status.violations = {{"user_id", "must not be empty"}, {"parameters[3].key", "too long"}};
  status.retry_after = std::chrono::nanoseconds(1'500'000'001);

  const FlowError error = FlowErrorFromStatus(status.ToGrpc());

  EXPECT_EQ(error.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(error.message, "the flow has no task");
  EXPECT_EQ(error.reason_kind, Reason::FLOW_HAS_NO_TASK);
  EXPECT_EQ(error.reason, "FLOW_HAS_NO_TASK");
  EXPECT_EQ(error.execution, Execution::kNotExecuted);
  EXPECT_TRUE(error.SafeToRepeat());
  EXPECT_EQ(error.enos_code, 62104);
  EXPECT_EQ(error.enos_message, "This workflow has no task, you cannot trigger it!");
  EXPECT_EQ(error.http_status, 200);
  EXPECT_EQ(error.enos_request_id, "r-17");
  EXPECT_EQ(error.retry_after, milliseconds(1501)) << "rounded up";
  ASSERT_EQ(error.violations.size(), 2U);
  EXPECT_EQ(error.violations[1].field, "parameters[3].key");
  EXPECT_EQ(error.violations[1].description, "too long");
}

TEST(FlowErrorTest, StatusWithoutDetails_UnknownAndNoReason) {
  const FlowError error =
      FlowErrorFromStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "Connection reset by peer"));
  EXPECT_EQ(error.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(error.message, "Connection reset by peer");
  EXPECT_EQ(error.reason, "");
  EXPECT_EQ(error.reason_kind, Reason::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(error.execution, Execution::kUnknown);
  EXPECT_FALSE(error.SafeToRepeat());
}

TEST(FlowErrorTest, LikelyInstanceOfAnUnknown_Kept) {
  RichStatus status;
  status.metadata = {{"execution", "UNKNOWN"}, {"likely_flow_instance_id", "7-197001010000"}};
  EXPECT_EQ(FlowErrorFromStatus(status.ToGrpc()).likely_flow_instance_id, "7-197001010000");
}

TEST(FlowErrorTest, CallThatStartsNothing_NoExecutionWhateverTheStatusSays) {
  RichStatus status;
  status.code = grpc::StatusCode::NOT_FOUND;
  status.reason = "ENOS_NOT_FOUND";
  for (const char* const said : {"UNKNOWN", "NOT_EXECUTED", ""}) {
    status.metadata = {{"execution", said}, {"likely_flow_instance_id", "7-197001010000"}};
    const FlowError error = InstanceErrorFromStatus(status.ToGrpc());
    EXPECT_EQ(error.execution, Execution::kStartsNothing);
    EXPECT_EQ(error.reason, "ENOS_NOT_FOUND");
    EXPECT_EQ(error.likely_flow_instance_id, "");
    EXPECT_TRUE(error.SafeToRepeat());
  }
  const grpc::Status bare(grpc::StatusCode::UNAVAILABLE, "Socket closed");
  EXPECT_EQ(InstanceErrorFromStatus(bare).execution, Execution::kStartsNothing);
  EXPECT_STREQ(ExecutionName(Execution::kStartsNothing), "");
}

TEST(FlowErrorTest, DetailsThatAreNoMessage_Unknown) {
  const FlowError error =
      FlowErrorFromStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "x", "\xFF\xFF not proto"));
  EXPECT_EQ(error.execution, Execution::kUnknown);
  EXPECT_EQ(error.reason, "");
}

TEST(FlowErrorTest, DamagedErrorInfo_Unknown) {
  google::rpc::Status rich;
  auto* const any = rich.add_details();
  any->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  any->set_value("\xFF\xFF\xFF");
  const FlowError error = FlowErrorFromStatus(
      grpc::Status(grpc::StatusCode::UNAVAILABLE, "x", rich.SerializeAsString()));
  EXPECT_EQ(error.execution, Execution::kUnknown);
}

TEST(FlowErrorTest, ErrorInfoOfAProxyBeforeOurs_OursCounts) {
  google::rpc::Status rich;
  for (const char* domain : {"proxy.example.com", "enos-flow-gateway"}) {
    google::rpc::ErrorInfo info;
    info.set_domain(domain);
    info.set_reason(domain == std::string("enos-flow-gateway") ? "ENOS_TIMEOUT" : "OTHER");
    (*info.mutable_metadata())["execution"] =
        domain == std::string("enos-flow-gateway") ? "UNKNOWN" : "NOT_EXECUTED";
    rich.add_details()->PackFrom(info);
  }
  const FlowError error = FlowErrorFromStatus(
      grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "x", rich.SerializeAsString()));
  EXPECT_EQ(error.reason_kind, Reason::ENOS_TIMEOUT);
  EXPECT_EQ(error.execution, Execution::kUnknown);
}

struct ExecutionCase {
  const char* name;
  const char* domain;
  const char* execution;  // nullptr: not there
  Execution expected;
};

class FlowErrorExecutionTest : public ::testing::TestWithParam<ExecutionCase> {};

TEST_P(FlowErrorExecutionTest, OnlyOurPlainWordIsBelieved) {
  RichStatus status;
  status.code = grpc::StatusCode::UNAVAILABLE;
  status.domain = GetParam().domain;
  status.reason = "ENOS_UNREACHABLE";
  if (GetParam().execution != nullptr) status.metadata = {{"execution", GetParam().execution}};
  EXPECT_EQ(FlowErrorFromStatus(status.ToGrpc()).execution, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, FlowErrorExecutionTest,
    ::testing::Values(
        ExecutionCase{"not_executed", "enos-flow-gateway", "NOT_EXECUTED", Execution::kNotExecuted},
        ExecutionCase{"unknown", "enos-flow-gateway", "UNKNOWN", Execution::kUnknown},
        ExecutionCase{"missing", "enos-flow-gateway", nullptr, Execution::kUnknown},
        ExecutionCase{"empty", "enos-flow-gateway", "", Execution::kUnknown},
        ExecutionCase{"lower_case", "enos-flow-gateway", "not_executed", Execution::kUnknown},
        ExecutionCase{"longer_word", "enos-flow-gateway", "NOT_EXECUTED ", Execution::kUnknown},
        ExecutionCase{"other_domain", "googleapis.com", "NOT_EXECUTED", Execution::kUnknown},
        ExecutionCase{"no_error_info", "", "NOT_EXECUTED", Execution::kUnknown}),
    [](const auto& row) { return row.param.name; });

struct ReasonCase {
  const char* name;
  Reason expected;
};

class FlowErrorReasonTest : public ::testing::TestWithParam<ReasonCase> {};

TEST_P(FlowErrorReasonTest, NameFromTheWire_KeptAndLookedUp) {
  RichStatus status;
  status.reason = GetParam().name;
  status.metadata = {{"execution", "NOT_EXECUTED"}};
  const FlowError error = FlowErrorFromStatus(status.ToGrpc());
  EXPECT_EQ(error.reason, GetParam().name);
  EXPECT_EQ(error.reason_kind, GetParam().expected);
  EXPECT_EQ(error.execution, Execution::kNotExecuted);
}

constexpr Reason kNoneOfOurs = Reason::ERROR_REASON_UNSPECIFIED;

INSTANTIATE_TEST_SUITE_P(
    Rows, FlowErrorReasonTest,
    ::testing::Values(ReasonCase{"INVALID_REQUEST", Reason::INVALID_REQUEST},
                      ReasonCase{"ENOS_LOCKED", Reason::ENOS_LOCKED},
                      ReasonCase{"GATEWAY_UNREACHABLE", Reason::GATEWAY_UNREACHABLE},
                      ReasonCase{"", kNoneOfOurs}, ReasonCase{"SOMETHING_NEWER", kNoneOfOurs},
                      ReasonCase{"enos_error", kNoneOfOurs}, ReasonCase{"21", kNoneOfOurs}));

struct NumberCase {
  const char* text;
  std::optional<int64_t> enos_code;
  int http_status;
};

class FlowErrorNumberTest : public ::testing::TestWithParam<NumberCase> {};

TEST_P(FlowErrorNumberTest, TextInMetadata_NumberOrNothing) {
  RichStatus status;
  status.metadata = {{"enos_code", GetParam().text}, {"http_status", GetParam().text}};
  const FlowError error = FlowErrorFromStatus(status.ToGrpc());
  EXPECT_EQ(error.enos_code, GetParam().enos_code);
  EXPECT_EQ(error.http_status, GetParam().http_status);
}

INSTANTIATE_TEST_SUITE_P(Rows, FlowErrorNumberTest,
                         ::testing::Values(NumberCase{"503", 503, 503}, NumberCase{"99", 99, 0},
                                           NumberCase{"600", 600, 0}, NumberCase{"-1", -1, 0},
                                           NumberCase{"", std::nullopt, 0},
                                           NumberCase{"abc", std::nullopt, 0},
                                           NumberCase{"99999999999999999999", std::nullopt, 0}));

struct DelayCase {
  const char* name;
  int64_t seconds;
  int32_t nanos;
  int64_t expected_ms;
};

class FlowErrorRetryAfterTest : public ::testing::TestWithParam<DelayCase> {};

TEST_P(FlowErrorRetryAfterTest, DelayFromTheWire_SaneMilliseconds) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(GetParam().seconds);
  retry.mutable_retry_delay()->set_nanos(GetParam().nanos);
  google::rpc::Status rich;
  rich.add_details()->PackFrom(retry);
  const FlowError error = FlowErrorFromStatus(
      grpc::Status(grpc::StatusCode::UNAVAILABLE, "x", rich.SerializeAsString()));
  ASSERT_TRUE(error.retry_after.has_value());
  EXPECT_EQ(error.retry_after->count(), GetParam().expected_ms);
}

INSTANTIATE_TEST_SUITE_P(Rows, FlowErrorRetryAfterTest,
                         ::testing::Values(DelayCase{"zero", 0, 0, 0},
                                           DelayCase{"seconds", 2, 0, 2000},
                                           DelayCase{"a_nanosecond", 0, 1, 1},
                                           DelayCase{"negative", -5, -5, 0},
                                           DelayCase{"nanos_too_large", 1, 2'000'000'000, 2000},
                                           DelayCase{"absurd", INT64_MAX, 0, 315'576'000'000'000}),
                         [](const auto& row) { return row.param.name; });

TEST(FlowErrorTest, RetryInfoWithoutDelay_NoWait) {
  google::rpc::Status rich;
  rich.add_details()->PackFrom(google::rpc::RetryInfo());
  const FlowError error = FlowErrorFromStatus(
      grpc::Status(grpc::StatusCode::UNAVAILABLE, "x", rich.SerializeAsString()));
  EXPECT_FALSE(error.retry_after.has_value());
}

TEST(StatusCodeNameTest, KnownAndUnknownCodes_Named) {
  EXPECT_EQ(StatusCodeName(grpc::StatusCode::CANCELLED), "CANCELLED");
  EXPECT_EQ(StatusCodeName(grpc::StatusCode::UNAVAILABLE), "UNAVAILABLE");
  EXPECT_EQ(StatusCodeName(grpc::StatusCode::UNAUTHENTICATED), "UNAUTHENTICATED");
  EXPECT_EQ(StatusCodeName(grpc::StatusCode::DO_NOT_USE), "CODE_-1");
}

TEST(FlowErrorTest, KeyState_AsTheGatewayNamesIt) {
  for (const KeyState state : {KeyState::kNotTold, KeyState::kNone, KeyState::kReserved,
                               KeyState::kDoubt, KeyState::kReused}) {
    testing::RichStatus status;
    status.metadata = {{"execution", "UNKNOWN"}, {"key_state", KeyStateName(state)}};
    EXPECT_EQ(FlowErrorFromStatus(status.ToGrpc()).key_state, state) << KeyStateName(state);
  }
  testing::RichStatus later;
  later.metadata = {{"key_state", "SOMETHING"}};
  EXPECT_EQ(FlowErrorFromStatus(later.ToGrpc()).key_state, KeyState::kNotTold);
}

}  // namespace
}  // namespace enos::flow
